#!/usr/bin/env python3
"""procrastinate (PyPI), ten jobs at once, each doing nothing.    procrastinate_peer.py URL SECONDS"""

import asyncio
import sys

import peer
import procrastinate


async def main(url: str, seconds: float) -> None:
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="call")
    async def call() -> None:
        peer.count()

    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        await app.connector.execute_query_async("truncate procrastinate_jobs cascade")
        await app.connector.execute_query_async(
            "insert into procrastinate_jobs (queue_name, task_name, priority, args, status) "
            f"select 'calls', 'call', 0, '{{}}', 'todo' from generate_series(1, {peer.leads()})")
        peer.report_aside(seconds)
        await app.run_worker_async(concurrency=10)


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
