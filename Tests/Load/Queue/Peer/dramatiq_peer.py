#!/usr/bin/env python3
"""dramatiq (PyPI) on Redis, eight threads, jobs that do nothing.    dramatiq_peer.py REDIS_PORT SECONDS"""

import sys

import dramatiq
import peer
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=f"redis://127.0.0.1:{sys.argv[1]}")
dramatiq.set_broker(broker)
call = dramatiq.actor(peer.count, actor_name="call")
for _ in range(peer.leads()):
    call.send()
dramatiq.Worker(broker, worker_threads=8).start()
peer.report(float(sys.argv[2]))
