#!/usr/bin/env python3
"""arq (PyPI) on Redis, a hundred jobs at once, each doing nothing.    arq_peer.py REDIS_PORT SECONDS"""

import asyncio
import sys

import arq
import peer
from arq.connections import RedisSettings


async def call(_) -> None:
    peer.count()


async def main(port: int, seconds: float) -> None:
    settings = RedisSettings(port=port)
    pool = await arq.create_pool(settings)
    for _ in range(peer.leads()):
        await pool.enqueue_job("call")
    peer.report_aside(seconds)
    await arq.Worker(functions=[call], redis_settings=settings, max_jobs=100, handle_signals=False).async_run()


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
