#!/usr/bin/env python3
"""Celery (PyPI) on Redis, its solo pool, jobs that do nothing.    celery_peer.py REDIS_PORT SECONDS"""

import sys

import celery
import peer

app = celery.Celery("calls", broker=f"redis://127.0.0.1:{sys.argv[1]}")
app.conf.task_ignore_result = True
app.conf.worker_redirect_stdouts = False
call = app.task(peer.count, name="call")
for _ in range(peer.leads()):
    call.delay()
peer.report_aside(float(sys.argv[2]))
app.Worker(pool="solo", loglevel="ERROR", quiet=True).start()
