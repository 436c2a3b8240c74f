"""Checks with Twilio's Python SDK."""

import contextlib
import datetime
import http.server
import queue
import threading
import urllib.parse

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

FROM = "+15005550006"


class Redirected(TwilioHttpClient):
    """Sends what is meant for api.twilio.com to the phone network."""

    def __init__(self, base: str):
        super().__init__()
        self.base = base

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **kwargs)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes webhooks, checks their signatures, and answers with TwiML."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        url = f"http://{self.headers['Host']}{self.path}"
        valid = RequestValidator(self.server.token).validate(url, form, self.headers["X-Twilio-Signature"])
        self.server.webhooks.put((self.path, form, valid))
        answer = b""
        if self.path.startswith("/voice"):
            twiml = VoiceResponse()
            twiml.say("Hello & welcome, this is a test.", voice="Polly.Nicole", language="en-AU")
            twiml.pause(length=1)
            twiml.hangup()
            answer = str(twiml).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiver(token: str):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.token = token
    server.webhooks = queue.Queue()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def client(base: str, account: str, token: str) -> Client:
    return Client(account, token, http_client=Redirected(base))


def place(twilio: Client, hooks: str, to: str, **more):
    return twilio.calls.create(
        to=to, from_=FROM, url=f"{hooks}/voice?call=1", status_callback=f"{hooks}/status?call=1",
        status_callback_event=["initiated", "ringing", "answered", "completed"], timeout=20, **more)


def statuses_until_end(server) -> list:
    seen = []
    while True:
        path, form, valid = server.webhooks.get(timeout=60)
        assert valid, f"the validator refuses the signature of {path} {form}"
        if path.startswith("/status"):
            seen.append(form["CallStatus"])
            if seen[-1] in ("completed", "busy", "failed", "no-answer", "canceled"):
                return seen


def create_fetch_and_callbacks(base, account, token, key):
    """a call is created and fetched, its webhooks are signed, its dates and numbers parse"""
    twilio = client(base, account, token)
    with receiver(token) as (server, hooks):
        call = place(twilio, hooks, "+12125550111")
        assert call.sid.startswith("CA") and len(call.sid) == 34
        assert call.status == "queued" and call.direction == "outbound-api" and call.account_sid == account
        assert statuses_until_end(server) == ["initiated", "ringing", "in-progress", "completed"]
        done = twilio.calls(call.sid).fetch()
        assert done.status == "completed" and int(done.duration) >= 1 and done.to == "+12125550111"
        assert isinstance(done.start_time, datetime.datetime) and done.end_time >= done.start_time


def machine_detection(base, account, token, key):
    """the asynchronous verdict arrives, signed"""
    twilio = client(base, account, token)
    with receiver(token) as (server, hooks):
        place(
            twilio, hooks, "+12125550113", machine_detection="DetectMessageEnd", async_amd="true",
            async_amd_status_callback=f"{hooks}/amd", machine_detection_timeout=30)
        while True:
            path, form, valid = server.webhooks.get(timeout=60)
            assert valid
            if path == "/amd":
                assert form["AnsweredBy"] == "human" and int(form["MachineDetectionDuration"]) > 0
                return


def update_with_twiml(base, account, token, key):
    """a live call takes new TwiML, and ends by Status=completed"""
    twilio = client(base, account, token)
    with receiver(token) as (server, hooks):
        call = twilio.calls.create(
            to="+12125550115", from_=FROM, twiml="<Response><Pause length='300'/></Response>",
            status_callback=f"{hooks}/status", status_callback_event=["answered", "completed"])
        assert server.webhooks.get(timeout=60)[1]["CallStatus"] == "in-progress"
        assert twilio.calls(call.sid).update(twiml="<Response><Pause length='200'/></Response>").status == "in-progress"
        twilio.calls(call.sid).update(status="completed")
        assert statuses_until_end(server) == ["completed"]
        refusal(lambda: twilio.calls(call.sid).update(status="completed"), 400, 21220)


def list_and_pages(base, account, token, key):
    """calls are listed by number and time, over several pages"""
    twilio = client(base, account, token)
    for _ in range(5):
        twilio.calls.create(to="+12125550117", from_=FROM, twiml="<Response/>")
    assert len(twilio.calls.list(to="+12125550117", page_size=2)) == 5
    assert len(twilio.calls.list(to="+12125550117", limit=3)) == 3
    assert len(twilio.calls.list(to="+12125550117", start_time_after=datetime.datetime(2026, 1, 1))) == 5
    assert not twilio.calls.list(to="+12125550117", start_time_before=datetime.datetime(2026, 1, 1))


def refusal(request, status: int, code: int) -> None:
    try:
        request()
    except TwilioRestException as error:
        assert (error.status, error.code) == (status, code), error
    else:
        raise AssertionError(f"not refused with {code}")


def refusals(base, account, token, key):
    """errors have the codes that the SDK reads"""
    twilio = client(base, account, token)
    refusal(lambda: twilio.calls.create(to="12", from_=FROM, twiml="<Response/>"), 400, 21211)
    refusal(lambda: twilio.calls.create(to="+12125550100", from_=FROM), 400, 21205)
    refusal(lambda: twilio.calls("CA" + "0" * 32).fetch(), 404, 20404)
    refusal(lambda: client(base, account, "wrong").calls("CA" + "0" * 32).fetch(), 401, 20003)


def cancel_while_ringing(base, account, token, key):
    """a ringing call is canceled"""
    twilio = client(base, account, token)
    with receiver(token) as (server, hooks):
        call = place(twilio, hooks, "+12125550119")
        while server.webhooks.get(timeout=60)[1]["CallStatus"] != "ringing":
            pass
        twilio.calls(call.sid).update(status="canceled")
        assert statuses_until_end(server) == ["canceled"]
        assert twilio.calls(call.sid).fetch().status == "canceled"


def numbers(base, account, token, key):
    """numbers are searched, bought with a bundle, listed by name, updated and released"""
    twilio = client(base, account, token)
    bundle = "BU" + "0" * 31 + "1"
    offered = twilio.available_phone_numbers("AU").mobile.list(voice_enabled=True, contains="412*", limit=5)
    assert len(offered) == 5 and all(number.phone_number.startswith("+61412") for number in offered)
    assert offered[0].iso_country == "AU" and offered[0].capabilities["voice"] is True
    wanted = offered[0].phone_number
    refusal(lambda: twilio.incoming_phone_numbers.create(phone_number=wanted), 400, 21649)
    bought = twilio.incoming_phone_numbers.create(
        phone_number=wanted, friendly_name="ringmaster test", bundle_sid=bundle, voice_url="https://example.com/voice")
    assert bought.sid.startswith("PN") and bought.phone_number == wanted and bought.bundle_sid == bundle
    assert isinstance(bought.date_created, datetime.datetime)
    refusal(lambda: twilio.incoming_phone_numbers.create(phone_number=wanted, bundle_sid=bundle), 400, 21422)
    found = twilio.incoming_phone_numbers.list(friendly_name="ringmaster test")
    assert [number.sid for number in found] == [bought.sid]
    assert not twilio.incoming_phone_numbers.list(friendly_name="another")
    changed = twilio.incoming_phone_numbers(bought.sid).update(voice_url="https://example.com/new", voice_method="GET")
    assert changed.voice_url == "https://example.com/new" and changed.voice_method == "GET"
    assert twilio.incoming_phone_numbers(bought.sid).fetch().friendly_name == "ringmaster test"
    local = twilio.available_phone_numbers("US").local.list(contains="212", limit=3)
    assert len(local) == 3 and all(number.phone_number.startswith("+1212") for number in local)
    for number in local:
        twilio.incoming_phone_numbers.create(phone_number=number.phone_number)
    assert len(twilio.incoming_phone_numbers.list(page_size=2)) == 4
    assert twilio.incoming_phone_numbers(bought.sid).delete()
    refusal(lambda: twilio.incoming_phone_numbers(bought.sid).fetch(), 404, 20404)


CONVERSATION = [create_fetch_and_callbacks, machine_detection, update_with_twiml, list_and_pages, refusals, numbers]
NO_ANSWER = [cancel_while_ringing]
