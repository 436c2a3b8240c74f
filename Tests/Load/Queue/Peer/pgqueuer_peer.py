#!/usr/bin/env python3
"""pgqueuer (PyPI) doing nothing with each job: claim and completion. Prints jobs a second, and zeros for the rest.

    pgqueuer_peer.py URL SECONDS BATCH [again|retry]      PEER_LEADS jobs are queued before (default 200000), and
                                                          PEER_WORKERS processes take them (default 1)

Half of the jobs are to be done once more in an hour with `again`, for which half a batch of new ones is queued together,
and with `retry`, its own way, one by one.
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import time
from datetime import timedelta
from urllib.parse import urlsplit, parse_qs

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested

HOUR = timedelta(hours=1)


def connection(url: str) -> dict:
    """Where asyncpg has to connect: a host that is a folder is a Unix socket."""
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
    return dict(
        host=query.get("host", [parts.hostname])[0], port=int(query.get("port", [parts.port or 5432])[0]),
        user=query.get("user", [parts.username])[0], database=parts.path.lstrip("/") or "postgres",
        password=parts.password)


async def fill(where: dict) -> None:
    environment = dict(
        os.environ, PGHOST=where["host"], PGPORT=str(where["port"]), PGUSER=where["user"], PGDATABASE=where["database"])
    for command in ("uninstall", "install"):
        subprocess.run([os.path.join(os.path.dirname(sys.executable), "pgq"), command], env=environment, capture_output=True)
    queue = await asyncpg.connect(**where)
    await queue.execute(
        "insert into pgqueuer (priority, entrypoint, payload, status) select i % 9, 'call', '{}', 'queued' "
        f"from generate_series(1, {int(os.environ.get('PEER_LEADS', '200000'))}) i")
    await queue.execute("vacuum analyze pgqueuer")
    await queue.close()


async def work(where: dict, seconds: float, batch: int, retries: str, rates: multiprocessing.SimpleQueue) -> None:
    queuer = PgQueuer(AsyncpgDriver(await asyncpg.connect(**where)))
    done, unreached = 0, []

    @queuer.entrypoint("call")
    async def call(job) -> None:
        nonlocal done, unreached
        done += 1
        if not retries or done % 2:
            return
        if retries == "retry":
            raise RetryRequested(delay=HOUR)
        unreached.append(job)
        if len(unreached) >= batch // 2:
            jobs, unreached = unreached, []
            await queuer.qm.queries.enqueue(
                ["call"] * len(jobs), [job.payload for job in jobs], [job.priority for job in jobs], [HOUR] * len(jobs))

    running = asyncio.create_task(queuer.run(batch_size=batch, dequeue_timeout=timedelta(seconds=1)))
    while done == 0 and not running.done():
        await asyncio.sleep(0.01)
    before, started = done, time.monotonic()
    await asyncio.sleep(seconds)
    rates.put((done - before) / (time.monotonic() - started))
    os._exit(0)


def main(url: str, seconds: float, batch: int, retries: str = "") -> None:
    where, rates = connection(url), multiprocessing.SimpleQueue()
    asyncio.run(fill(where))
    workers = [
        multiprocessing.Process(target=lambda: asyncio.run(work(where, seconds, batch, retries, rates)))
        for _ in range(int(os.environ.get("PEER_WORKERS", "1")))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit("a worker failed (see above)")
    print(f"{sum(rates.get() for _ in workers)},0,0,0,0", flush=True)


main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
