"""What the peers share: how a rate is taken and printed."""

import os
import sys
import threading
import time

done = 0


def count(*_, **__) -> None:
    """The job: nothing, counted."""
    global done
    done += 1


def leads() -> int:
    return int(os.environ.get("PEER_LEADS", "20000"))


def report(seconds: float) -> None:
    """Waits for the first job, then counts for so long, prints jobs a second and ends the process."""
    while done == 0:
        time.sleep(0.01)
    before, started = done, time.monotonic()
    time.sleep(seconds)
    rate = (done - before) / (time.monotonic() - started)
    if done >= leads():
        print(f"all of {leads()} jobs were done before the end: give more (PEER_LEADS)", file=sys.stderr)
        os._exit(1)
    print(f"{rate},0,0,0,0", flush=True)
    os._exit(0)


def report_aside(seconds: float) -> None:
    threading.Thread(target=report, args=(seconds,), daemon=True).start()
