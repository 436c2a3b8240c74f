"""What happens to the processes: a schedule that follows from the seed, and whoever carries it out."""

import heapq
import os
import pathlib
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from random import Random

DIALERS = ["auto-dialer", "auto-dialer.2", "auto-dialer.3"]
BRIDGES = ["media-bridge", "media-bridge.2"]
OTHERS = ["campaign-executor", "outcome-tracker", "qualification-scorer", "kb-generator", "follow-up", "gateway"]
# Dealt out in shuffled rounds, so that short runs see every kind.
DECK = [("kill", DIALERS)] * 4 + [("pause", DIALERS)] * 4 + [("kill", BRIDGES)] * 3 + [("pause", BRIDGES)] * 3 + \
    [("kill", OTHERS), ("pause", OTHERS), ("restart", ["database"]), ("crash", ["database"])]


@dataclass(frozen=True)
class Fault:
    at: float
    kind: str
    target: str
    # Until it is started again, or goes on; seconds.
    lasts: float


def schedule(random: Random, seconds: float) -> list:
    """Faults for so many seconds; none begins on a process that still has one."""
    faults, free, at, deck = [], {}, 1.0, []
    while at < seconds:
        if not deck:
            deck = random.sample(DECK, len(DECK))
        kind, targets = deck.pop()
        target = random.choice(targets)
        if kind == "pause":
            # Half of them longer than any lease and deadline: those of slots and calls are 15 to 30 seconds.
            lasts = random.uniform(0.5, 5) if random.random() < 0.5 else random.uniform(12, min(45, max(14, seconds / 2)))
        else:
            lasts = random.uniform(0, 4)
        if targets is OTHERS:
            lasts = min(lasts, 15)
        if free.get(target, 0) <= at:
            faults.append(Fault(at, kind, target, lasts))
            free[target] = at + lasts + 5
        at += random.expovariate(1 / min(4.0, seconds / 20))
    return faults


class Faults:
    """Carries out a schedule on a stack."""

    def __init__(self, stack, say):
        self.stack, self.say = stack, say
        self.done = Counter()
        self.paused, self.down = set(), set()
        # Since when some dialer has been neither down nor stopped.
        self.dialing_since = time.monotonic()
        # What starts them, and ends when they are ready.
        self.starts = {}
        # Processes that ended though nobody killed them.
        self.deaths = []

    def carry_out(self, faults: list):
        began, agenda = time.monotonic(), []
        for order, fault in enumerate(faults):
            heapq.heappush(agenda, (fault.at, order, fault, True))
        while agenda:
            at, order, fault, begins = heapq.heappop(agenda)
            self.watch_until(began + at)
            if begins:
                self.begin(fault)
                heapq.heappush(agenda, (max(at, time.monotonic() - began) + fault.lasts, order, fault, False))
            else:
                self.end(fault)

    def begin(self, fault: Fault):
        self.say(f"{fault.kind} {fault.target} for {fault.lasts:.1f} s")
        self.done[f"{fault.kind} {fault.target.split('.')[0]}"] += 1
        if fault.kind == "kill":
            self.down.add(fault.target)
            self.note_dialers()
            os.kill(self.pid(fault.target), signal.SIGKILL)
        elif fault.kind == "pause":
            self.paused.add(fault.target)
            self.note_dialers()
            os.kill(self.pid(fault.target), signal.SIGSTOP)
        elif fault.kind == "restart":
            self.stack.database("stop")
        else:
            self.crash_database()

    def end(self, fault: Fault):
        if fault.kind == "kill":
            self.start(fault.target)
        elif fault.kind == "pause":
            self.resume(fault.target)
        elif fault.kind == "restart":
            self.stack.database("start")

    def crash_database(self):
        """Kills a backend with -9: the server throws out everybody and recovers from its log."""
        try:
            server = int((self.stack.data / "postmaster.pid").read_text().split()[0])
            for child in pathlib.Path(f"/proc/{server}/task/{server}/children").read_text().split():
                words = pathlib.Path(f"/proc/{child}/cmdline").read_text()
                if "ringmaster" in words and "idle" in words:
                    return os.kill(int(child), signal.SIGKILL)
        except OSError:
            pass  # It is being restarted, or that backend has just left.

    def resume(self, name: str):
        os.kill(self.pid(name), signal.SIGCONT)
        self.paused.discard(name)
        self.note_dialers()

    def start(self, name: str):
        """Starts it, without waiting until it is ready."""
        before, end = self.pid(name), time.monotonic() + 30
        log = open(self.stack.folder / "starts.log", "a")
        self.starts[name] = subprocess.Popen(
            [str(self.stack.ROOT / "deploy/stack.sh"), "start", name], env=self.stack.environment, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL)
        while self.pid(name) in (before, 0):
            assert time.monotonic() < end, f"{name} was not started within 30 s"
            time.sleep(0.01)
        self.down.discard(name)
        self.note_dialers()

    def note_dialers(self):
        if all(name in self.paused | self.down for name in DIALERS):
            self.dialing_since = None
        elif self.dialing_since is None:
            self.dialing_since = time.monotonic()

    def dialing_for(self) -> float:
        since = self.dialing_since
        return time.monotonic() - since if since else 0

    def pid(self, name: str) -> int:
        return int((self.stack.folder / f"{name}.pid").read_text() or 0)

    def is_alive(self, name: str) -> bool:
        try:
            return pathlib.Path(f"/proc/{self.pid(name)}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def watch_until(self, moment: float):
        """Waits, and looks whether all that should live does."""
        while True:
            for name in DIALERS + BRIDGES + OTHERS + ["phone-network"]:
                if name not in self.down and not self.is_alive(name):
                    self.deaths.append(name)
                    self.say(f"{name} ENDED BY ITSELF")
                    self.start(name)
            left = moment - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.2))

    def stop(self):
        """Everything goes on, and is ready."""
        for name in list(self.paused):
            self.resume(name)
        self.stack.database("start")
        for name in DIALERS + BRIDGES + OTHERS:
            if not self.is_alive(name):
                self.start(name)
        for start in self.starts.values():
            start.wait(timeout=60)
