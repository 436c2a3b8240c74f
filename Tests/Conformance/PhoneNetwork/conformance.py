"""Runs the phone network and checks it with the SDKs. Usage: conformance.py PROGRAM"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import traceback

import openai_sdk
import twilio_sdk

ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "12345678901234567890123456789012"
KEY = "test-key"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(program: str, port: int, people: str, scale: int) -> subprocess.Popen:
    environment = {
        "PATH": os.environ["PATH"],
        "RINGMASTER_PHONE_NETWORK_LISTEN": f"http://127.0.0.1:{port}",
        "RINGMASTER_PHONE_NETWORK_PEOPLE": people,
        "RINGMASTER_TWILIO_ACCOUNT_SID": ACCOUNT,
        "RINGMASTER_TWILIO_AUTH_TOKEN": TOKEN,
        "RINGMASTER_OPENAI_API_KEY": KEY,
        "RINGMASTER_TIME_SCALE": str(scale),
        "RINGMASTER_TIME_ORIGIN": f"2026-03-02T09:00:00Z@{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}",
        "RINGMASTER_OPS_LISTEN": f"http://127.0.0.1:{free_port()}",
        "RINGMASTER_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen([program], env=environment)
    for _ in range(300):
        if process.poll() is not None:
            sys.exit(f"{program} ended with {process.returncode} while starting")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    process.kill()
    sys.exit(f"{program} does not listen on port {port}")


def main() -> None:
    program = sys.argv[1]
    passed = failed = 0
    for people, scale, checks in (
        ("conversation=1", 25, twilio_sdk.CONVERSATION),
        ("no_answer=1", 25, twilio_sdk.NO_ANSWER),
        ("conversation=1", 2, openai_sdk.CHECKS),
    ):
        port = free_port()
        process = start(program, port, people, scale)
        try:
            for check in checks:
                try:
                    result = check(f"http://127.0.0.1:{port}", ACCOUNT, TOKEN, KEY)
                    if asyncio.iscoroutine(result):
                        asyncio.run(result)
                    passed += 1
                    print(f"ok   {check.__name__}: {check.__doc__}")
                except Exception:
                    failed += 1
                    print(f"FAIL {check.__name__}: {check.__doc__}")
                    traceback.print_exc()
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
