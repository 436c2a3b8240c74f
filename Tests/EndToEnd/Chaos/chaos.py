#!/usr/bin/env python3
"""Three dialers and two bridges, killed and paused at random on a scaled clock, against a phone network that misbehaves; then
the checks. See Tests/EndToEnd/README.md. Exits 1 on any violation and keeps the logs."""

import argparse
import datetime
import json
import pathlib
import signal
import subprocess
import sys
import threading
import time
from random import Random

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent), str(HERE.parents[2] / "deploy/demo")]

import checks
from campaigns import Campaigns, Operator
from compare import API, Network, compare
from faults import Faults, schedule
from stack import BIN, ROOT, Stack

MISBEHAVIOR = "throttled=1,error_before=1,error_after=1.5,closed_before=1,closed_after=1.5,slow=2," \
    "callback_lost=4,callback_duplicated=4,callback_late=4,callback_reordered=4,stream_cut=3,engine_cut=3"
PEOPLE = "conversation=25,not_interested=7,callback_requested=4,opted_out=12,wrong_number=2,hung_up_early=4,voicemail=12," \
    "no_answer=20,busy=8,network_failure=3,unassigned=3"


class ChaosStack(Stack):
    ROOT, BIN = ROOT, BIN

    def __init__(self, scale: float, seed: int):
        super().__init__(scale, seed)
        self.scale = scale
        self.environment.update(
            RINGMASTER_STACK_INSTANCES="auto-dialer=3 media-bridge=2", RINGMASTER_PHONE_NETWORK_MISBEHAVIOR=MISBEHAVIOR,
            RINGMASTER_PHONE_NETWORK_PEOPLE=PEOPLE)
        business, real = self.environment["RINGMASTER_TIME_ORIGIN"].split("@")
        self.business, self.origin = checks.moment(business), checks.moment(real)

    @property
    def data(self) -> pathlib.Path:
        return pathlib.Path((self.folder / "postgres/home").read_text().strip()) / "data"

    def database(self, verb: str):
        subprocess.run([str(ROOT / "deploy/postgres.sh"), verb, str(self.folder / "postgres")], check=True, capture_output=True,
                       stdin=subprocess.DEVNULL)

    def real(self, at: datetime.datetime) -> float:
        """Seconds since 1970 on the wall clock."""
        return (self.origin + (at - self.business) / self.scale).timestamp()


class SlotSamples(threading.Thread):
    """What no API shows: which attempts hold a slot, looked up every two seconds."""

    QUERY = "select call_id, extract(epoch from now() - slot_until) from dialer.under_way where slot_until is not null"

    def __init__(self, stack: ChaosStack, faults: Faults):
        super().__init__(daemon=True)
        self.stack, self.faults, self.samples, self.stopped = stack, faults, [], threading.Event()
        [self.program] = list((ROOT / ".local").glob("postgresql-*/bin/psql")) or ["/var/lib/ringmaster/postgresql-16-0.6.0/bin/psql"]

    def run(self):
        while not self.stopped.wait(2):
            self.take()

    def take(self) -> bool:
        at = time.time()
        done = subprocess.run([str(self.program), "-XqtA", self.stack.setting("RINGMASTER_DATABASE_URL"), "-c", self.QUERY],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            held = dict(line.split("|") for line in done.stdout.split())
            self.samples.append(checks.Slots(at, self.faults.dialing_for(), {call: float(lapsed) for call, lapsed in held.items()}))
        return done.returncode == 0


class Run:
    def __init__(self, stack: ChaosStack, options):
        self.stack, self.options = stack, options
        self.began = time.monotonic()
        self.log = open(stack.folder / "chaos.log", "w")

    def say(self, text: str):
        self.log.write(f"{time.monotonic() - self.began:7.1f} {text}\n")
        self.log.flush()
        if self.options.verbose:
            print(f"    {time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def run(self) -> bool:
        seed, seconds = self.options.seed, self.options.seconds
        network = Network(self.stack.setting("RINGMASTER_PHONE_NETWORK_LISTEN"))
        campaigns = Campaigns(self.stack, Random(seed), self.options.leads or int(seconds * self.options.scale / 25) + 40)
        campaigns.start()
        faults = Faults(self.stack, self.say)
        operator, slots = Operator(campaigns, "demo-key", Random(seed + 1)), SlotSamples(self.stack, faults)
        operator.start(), slots.start()
        try:
            faults.carry_out(schedule(Random(seed + 2), seconds))
        finally:
            faults.stop()
        self.say("no more faults")
        operator.stopped.set()
        operator.join()
        self.settle(campaigns, network)
        slots.stopped.set()
        slots.join()
        self.stack.wait_for("the slots to be looked up", slots.take, 30)
        return self.judge(campaigns, network, operator, faults, slots.samples)

    def settle(self, campaigns: Campaigns, network: Network):
        patience = self.options.patience
        self.stack.wait_for("the campaigns to complete", lambda: set(campaigns.states().values()) == {"completed"}, patience)
        self.say("all campaigns are complete")
        self.stack.wait_for("the last calls to end", lambda: all(record["outcome"] for record in network.calls()), 60)
        api = API(self.stack.url, "demo-key")
        self.stack.wait_for("the last outcomes", lambda: all(
            call.get("outcome") for id in campaigns.ids.values() for call in api.pages(f"/api/campaigns/{id}/calls", "calls")), 60)

    def proofs(self, campaigns: Campaigns) -> dict:
        files = {}
        for name, id in campaigns.ids.items():
            files[name] = self.stack.folder / f"{name}.proof.jsonl"
            done = self.stack.run("proof", "export", id)
            assert done.returncode == 0, done.stderr
            files[name].write_text(done.stdout)
        return files

    def judge(self, campaigns: Campaigns, network: Network, operator: Operator, faults: Faults, samples: list) -> bool:
        files = self.proofs(campaigns)
        proofs = {name: [json.loads(line) for line in file.read_text().splitlines()] for name, file in files.items()}
        truth = network.calls()
        (self.stack.folder / "truth.json").write_text(json.dumps(truth))
        evidence = checks.Evidence(campaigns, API(self.stack.url, "demo-key"), truth, proofs, operator)
        found = {name: check(evidence) for name, check in checks.CHECKS.items()}
        # A slot's lease: the longest call, its ringing and its permit's life, and 15 s for news (Placer.slotSeconds).
        lease = (90 + 120 + 300) / self.stack.scale + 15
        found["slots leaked"] = checks.leaked_slots(evidence, samples, lease, self.stack.real)
        found["proofs that do not hold"] = checks.broken_proofs(self.stack, files)
        found["processes that ended by themselves"] = faults.deaths
        found["requests of operators refused"] = operator.refused
        self.report(campaigns, network, operator, faults, evidence)
        for name, violations in found.items():
            print(f"    {name:36}{len(violations):>6}")
        for name, violations in found.items():
            for violation in violations[:10]:
                print(f"    VIOLATION {name}: {violation}")
        return not any(found.values())

    def report(self, campaigns: Campaigns, network: Network, operator: Operator, faults: Faults, evidence):
        leads = sum(len(leads) for leads in evidence.leads.values())
        withdrawn = sum(1 for permit in evidence.permits.values() if permit["state"] == "withdrawn")
        differing = []
        for name in campaigns.ids:
            differing += compare(campaigns.policies[name], evidence.leads[name], evidence.calls[name], evidence.of(name))["differing"]
        (self.stack.folder / "differing.json").write_text(json.dumps(differing, indent=1))
        print(f"    seed {self.options.seed}, {time.monotonic() - self.began:.0f} s, clock x{self.stack.scale:.0f}: {leads} leads, "
              f"{len(evidence.permits)} attempts ({withdrawn} withdrawn), {len(evidence.truth)} calls at the network")
        print("    faults: " + ", ".join(f"{kind} {count}" for kind, count in sorted(faults.done.items())))
        with_summary = network.get("/truth/summary")["misbehavior"]
        print("    the network's: " + ", ".join(f"{kind} {count}" for kind, count in with_summary.items()))
        print(f"    operators: {len(operator.added)} leads added, {len(operator.banned)} numbers banned; "
              f"{len(evidence.entries)} numbers on the list, {checks.under_way(evidence)} calls were under way as theirs came onto it")
        print(f"    outcome equals the truth for {leads - len(differing)} of {leads} leads")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long faults go on (600)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=30, help="how much faster business time runs (30)")
    parser.add_argument("--leads", type=int, help="in all campaigns together; default: enough for the time")
    parser.add_argument("--patience", type=float, default=420, help="seconds that campaigns may take to end afterwards (420)")
    parser.add_argument("--verbose", action="store_true", help="tell of each fault as it happens")
    parser.add_argument("--keep", action="store_true", help="keep logs and evidence of a good run, too")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that nothing is left running, or stopped.
    with ChaosStack(options.scale, options.seed) as stack:
        try:
            good = Run(stack, options).run()
        finally:
            print(f"    {stack.folder}: logs and evidence", flush=True)
        if not good:
            raise SystemExit(1)  # Kept: see Stack.__exit__.
        if options.keep:
            stack.keep = True
    return 0


if __name__ == "__main__":
    sys.exit(main())
