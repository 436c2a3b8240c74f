#!/usr/bin/env python3
"""End-to-end tests through the real executables. Each function named test_* is one test."""

import csv
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from random import Random

from receiver import Receiver
from stack import BIN, ROOT, Stack

sys.path.append(str(ROOT / "Tests/EndToEnd/Chaos"))
from witness import check_the_checks

SERVICES = ["media-bridge", "auto-dialer", "outcome-tracker", "campaign-executor", "qualification-scorer", "kb-generator", "follow-up", "gateway"]


def leads_file(count: int) -> str:
    """The first rows of the demo's leads, the bad ones among them left out."""
    with open(ROOT / "deploy/demo/leads.csv", newline="") as source:
        header, *rows = csv.reader(source)
    sound = [row for row in rows if len(row) == 6 and 10 <= sum(map(str.isdigit, row[3])) <= 11]
    file = tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False, newline="")
    csv.writer(file).writerows([header, *sound[:count]])
    file.close()
    return file.name


def new_campaign(stack: Stack, leads: int) -> str:
    campaign = stack.json("campaigns", "create", "--file", str(ROOT / "deploy/demo/campaign.json"))["campaignId"]
    answer = stack.json("leads", "upload", campaign, leads_file(leads))
    assert int(answer["added"]) == leads, answer
    return campaign


def compare(stack: Stack, campaign: str) -> dict:
    done = subprocess.run(
        [str(ROOT / "deploy/demo/compare.py"), campaign, "--json", "--gateway", stack.url, "--key", "demo-key",
         "--network", stack.setting("RINGMASTER_PHONE_NETWORK_LISTEN")], capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_campaign_survives_the_killing_of_every_service():
    """kill -9 of each service in turn while it calls: the campaign ends, nobody is called twice, nobody is lost."""
    with Stack(scale=60, seed=7) as stack:
        campaign = new_campaign(stack, 150)
        stack.json("campaigns", "start", campaign)

        def attempts() -> int:
            try:
                return int(stack.json("campaigns", "progress", campaign).get("attempts", 0))
            except AssertionError:
                return 0

        for number, service in enumerate(SERVICES):
            # Spread over the campaign: each one while calls are under way.
            stack.wait_for(f"{10 * (number + 1)} attempts", lambda: attempts() >= 10 * (number + 1))
            stack.script("kill", service)
            time.sleep(0.3)
            stack.script("start", service)
            print(f"    killed and started {service} after {attempts()} attempts")
        stack.wait_for("the campaign to complete", lambda: stack.json("campaigns", "progress", campaign)["state"] == "CAMPAIGN_STATE_COMPLETED", 420)
        report = compare(stack, campaign)
        print("    " + json.dumps({k: report[k] for k in ("leads", "calls", "network_calls", "right", "doubles", "overlapping", "outside_hours", "unknown_to_us", "open")}))
        assert report["open"] == 0 and report["leads"] == 150, report
        assert report["doubles"] == 0 and report["overlapping"] == 0 and report["over_maximum"] == 0, report
        assert report["outside_hours"] == 0 and report["unknown_to_us"] == 0, report
        # A bridge that is killed cuts the conversations it carries: those leads may have been cut short.
        assert report["share"] >= 0.9, report["differing"]
        audit = stack.json("campaigns", "audit", campaign)["entries"]
        assert [entry["to"] for entry in audit] == ["CAMPAIGN_STATE_ACTIVE", "CAMPAIGN_STATE_COMPLETED"], audit
        print(f"    outcome equals the truth for {report['share'] * 100:.1f} % of leads")


def test_dialers_and_bridges_die_at_random():
    """Three dialers and two bridges against a phone network that misbehaves: chaos.sh in short, with a fixed seed."""
    subprocess.run([str(ROOT / "Tests/EndToEnd/chaos.sh"), "--seconds", "25", "--leads", "60", "--seed", "1", "--scale", "60"], check=True)


def test_the_checks_of_chaos_find_what_must_not_be():
    check_the_checks()


def test_webhooks_tell_all_of_a_campaign_in_order():
    """A receiver that fails at first, campaign-executor killed while it sends: every message arrives, in order, signed."""
    with Stack(scale=60, seed=3) as stack, Receiver() as receiver:
        receiver.refusals = 2
        created = stack.json("webhooks", "create", "--url", receiver.url)
        webhook, secret = created["endpoint"]["endpointId"], created["secret"]
        campaign = new_campaign(stack, 25)
        stack.json("campaigns", "start", campaign)
        stack.wait_for("five messages", lambda: len(receiver.messages()) >= 5)
        stack.script("kill", "campaign-executor")
        stack.script("start", "campaign-executor")
        stack.wait_for("the campaign to complete", lambda: stack.run("campaigns", "progress", campaign).stdout.startswith("completed"), 420)
        wanted = 25 + 3 + 1  # Final outcomes; draft, active, completed; the notification of that.
        stack.wait_for(f"{wanted} messages", lambda: len(receiver.messages()) >= wanted)
        messages = receiver.messages()
        assert [message["sequence"] for message in messages] == list(range(1, wanted + 1)), receiver.sequences()
        receiver.check_signatures(secret)
        done = [message["data"]["leadId"] for message in messages if message["type"] == "lead.completed"]
        assert len(done) == 25 and len(set(done)) == 25, done
        assert messages[-1]["data"]["kind"] == "campaign_completed", messages[-1]
        notifications = stack.json("notifications", campaign)["notifications"]
        assert [notification["kind"] for notification in notifications] == ["campaign_completed"], notifications

        before = len(receiver.deliveries)
        stack.json("webhooks", "replay", webhook, "--from", "20")
        stack.wait_for("the replay", lambda: len(receiver.deliveries) >= before + wanted - 19)
        assert receiver.sequences()[before:] == list(range(20, wanted + 1)), receiver.sequences()
        receiver.check_signatures(secret)
        state = stack.wait_for("the last acknowledgement", lambda: (lambda found: found if found["acknowledgedSequence"] == found["lastSequence"] else None)(stack.json("webhooks", "show", webhook)))
        assert int(state["lastSequence"]) == wanted, state

        analytics = stack.json("campaigns", "analytics", campaign)
        assert int(analytics["calls"]) == sum(int(share["calls"]) for share in analytics["outcomes"]) >= 25, analytics
        assert sum(int(hour["calls"]) for hour in analytics["hours"]) == int(analytics["calls"]), analytics
        copy = stack.json("campaigns", "clone", campaign, "--outcomes", "no_answer,voicemail,busy")
        assert copy["state"] == "CAMPAIGN_STATE_DRAFT" and copy["policy"]["name"] == "Spring demo (copy)", copy
        versions = stack.json("campaigns", "versions", copy["campaignId"])["versions"]
        assert [version["version"] for version in versions] == [1], versions


def test_a_forecast_is_made_before_the_start_and_compared_with_the_run():
    """Asked of a draft, told the truth about the people it will call: the calls that follow are near those foretold."""
    with Stack(scale=60, seed=11) as stack:
        campaign = new_campaign(stack, 200)
        stack.wait_for("the dialer to have the leads", lambda: int(stack.json("campaigns", "forecast", campaign).get("leads", 0)) == 200)
        text = stack.run("campaigns", "forecast", campaign).stdout
        assert text.startswith("done by ") and "held back by" in text and "common values" in text, text
        assert "the campaign is draft" in text, text
        stack.json("campaigns", "start", campaign)
        stack.wait_for("the campaign to complete", lambda: stack.json("campaigns", "progress", campaign)["state"] == "CAMPAIGN_STATE_COMPLETED", 420)
        outcomes = Counter({one["outcome"]: int(one["calls"]) for one in stack.json("campaigns", "analytics", campaign)["outcomes"]})
        calls = sum(outcomes.values())
        reached = sum(outcomes["CALL_OUTCOME_" + name] for name in ("QUALIFIED", "UNQUALIFIED", "CALLBACK_REQUESTED", "NOT_INTERESTED", "WRONG_NUMBER"))
        rates = [f"--answer-rate={reached / calls}", f"--voicemail-rate={outcomes['CALL_OUTCOME_VOICEMAIL'] / calls}",
                 f"--busy-rate={outcomes['CALL_OUTCOME_BUSY'] / calls}", f"--failed-rate={outcomes['CALL_OUTCOME_FAILED'] / calls}"]
        copy = new_campaign(stack, 200)
        stack.wait_for("the dialer to have the copy's leads", lambda: int(stack.json("campaigns", "forecast", copy).get("leads", 0)) == 200)
        forecast = stack.json("campaigns", "forecast", copy, *rates)
        print(f"    {forecast['calls']} calls foretold, {calls} made")
        # Five deviations: a lead has one to three calls.
        assert abs(int(forecast["calls"]) - calls) < 5 * (2 * 200) ** 0.5, (forecast["calls"], calls)
        assert stack.json("campaigns", "forecast", copy)["basis"]["source"] == "FORECAST_SOURCE_TENANT"
        done = stack.run("campaigns", "forecast", campaign)
        assert done.returncode == 1 and "is completed" in done.stderr, done.stderr


def test_what_is_tried_wrong_is_answered_with_what_to_do():
    with Stack(scale=1) as stack:
        def refused(code: int, *words: str, says: str, **changed: str):
            done = stack.run(*words, **changed)
            assert done.returncode == code, (words, done.returncode, done.stderr)
            assert says in done.stderr, (words, done.stderr)

        refused(1, "campaigns", "list", says="API key is not known", RINGMASTER_API_KEY="wrong")
        refused(69, "campaigns", "list", says="is it running?", RINGMASTER_GATEWAY_URL="http://127.0.0.1:9")
        refused(64, "campaigns", "frobnicate", says="not known")
        refused(64, "campaigns", "create", says="--file")
        refused(1, "campaigns", "show", "01a1fcb7-1716-776c-adbc-e392da2c94e3", says="no campaign has the id")
        refused(1, "campaigns", "show", "nonsense", says="campaign_id")
        campaign = stack.json("campaigns", "create", "--file", str(ROOT / "deploy/demo/campaign.json"))["campaignId"]
        refused(1, "campaigns", "start", campaign, says="has no leads")
        refused(1, "campaigns", "pause", campaign, says="draft")

        with tempfile.NamedTemporaryFile("w", suffix=".json") as policy:
            json.dump({"name": "x", "callerIds": ["12"], "timeZone": "Mars/Base", "maxCallsPerLead": 99}, policy)
            policy.flush()
            done = stack.run("campaigns", "create", "--file", policy.name)
            for field in ("agentName", "callerIds[0]", "timeZone", "maxCallsPerLead"):
                assert field in done.stderr, (field, done.stderr)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as policy:
            policy.write('{"name": "x", "callWindows": [{"weekday": "late"}]}')
            policy.flush()
            refused(1, "campaigns", "create", "--file", policy.name, says="callWindows[0].weekday")

        answer = stack.json("leads", "upload", campaign, str(ROOT / "deploy/demo/leads.csv"))
        assert int(answer["added"]) == 1000 and int(answer["refused"]) == 6 and int(answer["merged"]) == 2, {k: answer[k] for k in answer if k != "problems"}
        lines = [int(problem["line"]) for problem in answer["problems"]]
        assert lines == sorted(lines) and all(problem["message"] for problem in answer["problems"]), answer["problems"]
        again = stack.json("leads", "upload", campaign, str(ROOT / "deploy/demo/leads.csv"))
        assert int(again.get("added", 0)) == 0, again
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("name,company\nAda,Abbott\n")
            file.flush()
            refused(1, "leads", "upload", campaign, file.name, says="no column is called phone")

        refused(1, "webhooks", "create", "--url", "https://10.0.0.1/", says="inside of a network")
        refused(1, "webhooks", "create", "--url", "https://example.com/", "--kinds", "all", says="lead.completed")
        refused(64, "webhooks", "replay", "01a1fcb7-1716-776c-adbc-e392da2c94e3", says="--from")
        refused(1, "campaigns", "recycle", campaign, "--outcomes", "not_interested", says="not called again")
        refused(1, "campaigns", "compare", campaign, "--from", "7", says="it has 1 to 1")

        methods = stack.run("rpc", stack.setting("RINGMASTER_AUTO_DIALER_ENDPOINTS"), "list").stdout
        assert "ringmaster.v1.DialerService/GetQueue" in methods, methods
        queue = stack.run("rpc", stack.setting("RINGMASTER_AUTO_DIALER_ENDPOINTS"), "GetQueue", json.dumps({"campaignId": campaign}))
        assert queue.returncode == 0, queue.stderr
        refused(64, "rpc", "tcp://127.0.0.1:9", "GetQueue", '{"campaign": 1}', says="campaign")
        refused(69, "rpc", "tcp://127.0.0.1:9", "GetQueue", "{}", says="UNAVAILABLE")

        second = stack.script("up", check=False)
        assert second.returncode != 0 and "already running" in second.stderr, second.stderr
        taken = subprocess.run([str(ROOT / "deploy/stack.sh"), "up"], env={**stack.environment, "RINGMASTER_STACK_DIR": str(stack.folder / "second")}, capture_output=True, text=True)
        assert taken.returncode != 0 and "is taken" in taken.stderr, taken.stderr

        stack.script("kill", "campaign-executor")
        done = stack.run("campaigns", "list")
        assert done.returncode == 1 and done.stderr, done.stderr


def test_settings_are_checked_before_anything_starts():
    done = subprocess.run([str(BIN / "auto-dialer")], env={"RINGMASTER_DATABASE_URL": "mysql://x", "RINGMASTER_TIME_SCALE": "fast"}, capture_output=True, text=True)
    assert done.returncode == 78, done
    for name in ("RINGMASTER_DATABASE_URL", "RINGMASTER_TIME_SCALE", "RINGMASTER_MEDIA_BRIDGE_ENDPOINTS"):
        assert name in done.stderr, done.stderr
    done = subprocess.run([str(BIN / "auto-dialer"), "--help"], env={}, capture_output=True, text=True)
    assert done.returncode == 0 and "--rpc-listen" in done.stdout, done


def stopped_early(moments: int, held_back: bool, wait) -> None:
    """Starts a service and sends it SIGTERM, again and again; `wait(process, random)` says when."""
    random = Random(moments)
    block = (lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])) if held_back else None
    environment = {"RINGMASTER_DATABASE_URL": "postgres://nobody@127.0.0.1:9/none", "RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0", "RINGMASTER_OPS_LISTEN": "http://127.0.0.1:0"}
    statuses = Counter()
    for _ in range(moments):
        process = subprocess.Popen(
            [str(BIN / "kb-generator")], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=block)
        wait(process, random)
        process.terminate()
        statuses[process.wait(timeout=60)] += 1
    assert statuses == {0: moments}, statuses


def test_a_signal_at_any_moment_of_a_start_stops_it_in_order():
    """As deploy/stack.sh starts services: what comes while the program is being loaded is held back."""
    stopped_early(200, True, lambda process, random: time.sleep(random.uniform(0, 0.05)))


def test_a_signal_does_not_kill_from_the_first_line_of_main():
    """However a service was started."""
    def catches(process) -> bool:
        for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1 == 1
        return False

    def wait(process, random):
        while process.poll() is None and not catches(process):
            pass
        time.sleep(random.uniform(0, 0.02))

    stopped_early(200, False, wait)


def test_a_dead_database_is_named():
    environment = {"RINGMASTER_DATABASE_URL": "postgres://nobody@127.0.0.1:9/none", "RINGMASTER_DATABASE_PATIENCE": "1s", "RINGMASTER_RPC_LISTEN": "tcp://127.0.0.1:0"}
    done = subprocess.run([str(BIN / "kb-generator")], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 69 and "database did not answer" in done.stderr, (done.returncode, done.stderr)


def main() -> int:
    wanted = sys.argv[1:]
    tests = [(name, test) for name, test in sorted(globals().items()) if name.startswith("test_") and (not wanted or name in wanted)]
    failed = 0
    for name, test in tests:
        started = time.monotonic()
        print(f"  {name}")
        try:
            test()
            print(f"    passed in {time.monotonic() - started:.0f} s")
        except Exception:
            failed += 1
            traceback.print_exc()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
