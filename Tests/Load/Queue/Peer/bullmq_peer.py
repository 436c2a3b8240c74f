#!/usr/bin/env python3
"""BullMQ (PyPI; the same Lua as Node's) on Redis, ten jobs at once, each doing nothing.    bullmq_peer.py REDIS_PORT SECONDS"""

import asyncio
import sys

import bullmq
import peer


async def call(_job, _token) -> None:
    peer.count()


async def main(port: int, seconds: float) -> None:
    options = {"connection": f"redis://127.0.0.1:{port}"}
    queue = bullmq.Queue("calls", options)
    for start in range(0, peer.leads(), 1000):
        await queue.addBulk([{"name": "call", "data": {}, "opts": {}} for _ in range(min(1000, peer.leads() - start))])
    peer.report_aside(seconds)
    bullmq.Worker("calls", call, {**options, "concurrency": 10})
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
