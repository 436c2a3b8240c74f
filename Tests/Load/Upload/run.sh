#!/usr/bin/env bash
# Uploads a large CSV of leads through the gateway of a whole stack: how many rows a second, how soon the first lead is in
# the dialer's queue, how much memory gateway, executor and dialer take meanwhile, and whether each bad row is named by its
# line. Beside it the floor: the same rows by COPY into a bare staging table of the same server, then inserted into a table
# with two unique keys.
#
#   run.sh [ROWS [BAD]]     default: 1000000 rows, 1000 of them bad. Needs a release build (RINGMASTER_BIN: another folder).
. "$(dirname "${BASH_SOURCE[0]}")/../../../deploy/lib.sh"
rows=${1:-1000000} bad=${2:-1000}
BIN=${RINGMASTER_BIN:-$ROOT/.build/release}

RINGMASTER_STACK_DIR=$(mktemp -d /tmp/ringmaster-upload.XXXXXX); export RINGMASTER_STACK_DIR
chmod 755 "$RINGMASTER_STACK_DIR"
RINGMASTER_GATEWAY_PORT=$(free_port); export RINGMASTER_GATEWAY_PORT
trap 'deploy/stack.sh down >/dev/null 2>&1 || true; deploy/postgres.sh destroy "$RINGMASTER_STACK_DIR/postgres" >/dev/null 2>&1 || true; rm -rf "$RINGMASTER_STACK_DIR"' EXIT
# Monday, 10:00 in New York, so that leads may be called at once.
RINGMASTER_TIME_ORIGIN=2026-03-02T15:00:00Z@$(date -u +%FT%TZ); export RINGMASTER_TIME_ORIGIN
deploy/stack.sh up >&2
database=$(deploy/postgres.sh url "$RINGMASTER_STACK_DIR/postgres")
server=$(head -n 1 "$(find "$RINGMASTER_STACK_DIR/postgres" -name postmaster.pid)")
psql=$(dirname "$(readlink -f "/proc/$server/exe")")/psql

python3 - "$RINGMASTER_STACK_DIR/leads.csv" "$rows" "$bad" <<'P'
import sys
path, rows, bad = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
every = rows // bad if bad else rows + 1
codes = [201, 212, 213, 305, 312, 404, 415, 503, 512, 617, 702, 713, 718, 801, 804, 813, 818, 919, 972, 978]
with open(path, "w") as file:
    file.write("first_name,last_name,company,phone,email\n")
    for row in range(rows):
        phone = f"+1{codes[row % 20]}{2200000 + row // 20}" if row % every else "12-34"
        file.write(f"Iris,Walsh {row},Company {row % 5000},{phone},lead{row}@example.com\n")
P

export RINGMASTER_GATEWAY_URL=http://127.0.0.1:$RINGMASTER_GATEWAY_PORT RINGMASTER_API_KEY=demo-key
campaign=$("$BIN/ringmaster" campaigns create --file deploy/demo/campaign.json --json |
  python3 -c 'import json, sys; print(json.load(sys.stdin)["campaignId"])')

python3 - "$RINGMASTER_STACK_DIR" "$RINGMASTER_GATEWAY_URL/api/campaigns/$campaign/leads/upload" "$psql" "$database" "$rows" "$bad" <<'P'
import json, subprocess, sys, threading, time
folder, url, psql, database, rows, bad = sys.argv[1:5] + [int(n) for n in sys.argv[5:7]]
names = ["gateway", "campaign-executor", "auto-dialer"]

def resident(name):
    pid = open(f"{folder}/{name}.pid").read().strip()
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"): return int(line.split()[1]) / 1024

def count(table):
    return int(subprocess.run([psql, "-Atc", f"select count(*) from (select 1 from {table} limit 1) x", database], capture_output=True, text=True).stdout)

idle = {name: resident(name) for name in names}
most, first, done = dict(idle), [None], threading.Event()
started = time.monotonic()

def watch():
    while not done.wait(0.05):
        for name in names: most[name] = max(most[name], resident(name))
        if first[0] is None and count("dialer.queue"): first[0] = time.monotonic() - started

watcher = threading.Thread(target=watch); watcher.start()
answer = subprocess.run(["curl", "-sS", "-X", "POST", "-H", "Authorization: Bearer demo-key", "-H", "Content-Type: text/csv", "-T", f"{folder}/leads.csv", url], capture_output=True, text=True)
took = time.monotonic() - started
try: report = json.loads(answer.stdout)
except ValueError: sys.exit(f"the upload was not answered as it should be: {answer.stdout[:500]} {answer.stderr}")
print({k: v for k, v in report.items() if not isinstance(v, list)}, file=sys.stderr)
while int(subprocess.run([psql, "-Atc", "select count(*) from dialer.task", database], capture_output=True, text=True).stdout) < int(report["added"]):
    if time.monotonic() - started > 600: break
    time.sleep(0.2)
queued = time.monotonic() - started
done.set(); watcher.join()

sql = """
create unlogged table floor_stage (first_name text, last_name text, company text, phone text, email text);
create table floor_lead (id uuid primary key, phone text unique, first_name text, last_name text, company text, email text);
\\copy floor_stage from '%s/leads.csv' csv header
insert into floor_lead select gen_random_uuid(), phone, first_name, last_name, company, email from floor_stage on conflict do nothing;
""" % folder
begin = time.monotonic()
subprocess.run([psql, "-q", "-v", "ON_ERROR_STOP=1", database], input=sql, text=True, check=True)
floor = time.monotonic() - begin
problems = report.get("problems") or report.get("errors") or []
print("| | |\n| --- | --- |")
print(f"| rows, of them bad | {rows}, {bad} |")
print(f"| answered after, rows a second | {took:.1f} s, {rows / took:.0f} |")
print(f"| all of them in the dialer's queue after | {queued:.1f} s |")
print(f"| the first lead in the dialer's queue after | {first[0]:.2f} s |" if first[0] else "| the first lead in the queue | never seen |")
print(f"| the floor: staged COPY, insert with two unique keys | {floor:.1f} s, {floor / took:.2f} of it by rate |")
for name in names: print(f"| {name}, MB idle and at most | {idle[name]:.0f}, {most[name]:.0f} |")
print(f"| problems named by line | {len(problems)} of {bad} |")
P
