"""A whole Ringmaster on this machine, for tests: started by deploy/stack.sh, spoken to through the command line."""

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RINGMASTER_BIN", ROOT / ".build/release"))


class Stack:
    """One running stack in a folder of its own, with a free port and its own database."""

    # Whether logs are kept though all went well.
    keep = False

    def __init__(self, scale: float, seed: int = 1):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringmaster-e2e."))
        self.folder.chmod(0o755)  # The database's own user must reach its folder.
        port = subprocess.run(["bash", "-c", ". deploy/lib.sh; free_port"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.url = f"http://127.0.0.1:{port}"
        self.environment = dict(
            os.environ, RINGMASTER_STACK_DIR=str(self.folder), RINGMASTER_BIN=str(BIN), RINGMASTER_GATEWAY_PORT=port,
            RINGMASTER_TIME_SCALE=str(scale), RINGMASTER_TIME_ORIGIN=f"2026-03-02T16:05:00Z@{now}",
            RINGMASTER_PHONE_NETWORK_SEED=str(seed), RINGMASTER_GATEWAY_URL=self.url, RINGMASTER_API_KEY="demo-key")

    def __enter__(self):
        self.script("up")
        return self

    def __exit__(self, kind, error, trace):
        self.script("down", check=False)
        if kind is None and not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"logs are kept in {self.folder}")

    def script(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run([str(ROOT / "deploy/stack.sh"), *words], env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"stack.sh {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done

    def run(self, *words: str, **changed: str) -> subprocess.CompletedProcess:
        """Runs the command line; environment variables can be changed for it."""
        return subprocess.run([str(BIN / "ringmaster"), *words], env={**self.environment, **changed}, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def json(self, *words: str):
        done = self.run(*words, "--json")
        if done.returncode != 0:
            raise AssertionError(f"ringmaster {' '.join(words)} failed: {done.stderr}")
        return json.loads(done.stdout)

    def setting(self, name: str) -> str:
        for line in (self.folder / "environment").read_text().splitlines():
            if line.startswith(name + "="):
                return line.split("=", 1)[1].strip("'")
        raise KeyError(name)

    def wait_for(self, what: str, holds, patience: float = 180):
        """Looks until something holds; the services are other processes, so there is no event to wait for."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            value = holds()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"waited {patience:.0f} s in vain for: {what}")
