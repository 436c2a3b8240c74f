"""Checks with OpenAI's Python SDK: its connection, and its types for every event."""

import asyncio
import base64
import json

from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter

EVENT = TypeAdapter(RealtimeServerEvent)
SILENCE = base64.b64encode(b"\xff" * 160).decode()  # 20 ms
INSTRUCTIONS = "Agent name: Alex\nBusiness: Northwind\nQuestions to ask:\n- budget: What is your budget?"
END_CALL = {
    "type": "function", "name": "end_call", "description": "Ends the call.",
    "parameters": {"type": "object", "properties": {"reason": {"type": "string"}}, "required": ["reason"]},
}


def unknown_fields(value, path="") -> list:
    """Fields that the SDK's types do not declare."""
    if isinstance(value, list):
        return [field for index, one in enumerate(value) for field in unknown_fields(one, f"{path}[{index}]")]
    if not isinstance(value, BaseModel):
        return []
    found = [f"{path}.{name}" for name in (value.model_extra or {})]
    for name in type(value).model_fields:
        found += unknown_fields(getattr(value, name), f"{path}.{name}")
    return found


# In real sessions, and declared by the SDK for neither `session` nor an item's audio parts.
UNDECLARED = {".session.object", ".session.id"}


class Session:
    """A Realtime session whose every event is checked as it comes."""

    def __init__(self, connection):
        self.connection = connection
        self.seen = []

    async def next(self):
        raw = await asyncio.wait_for(self.connection.recv_bytes(), 30)
        event = EVENT.validate_json(raw, strict=True)
        extra = set(unknown_fields(event)) - UNDECLARED
        assert not extra, f"{event.type} has fields that the SDK does not know: {extra}"
        self.seen.append(event)
        return event

    async def until(self, kind: str):
        while True:
            event = await self.next()
            if event.type == kind:
                return event
            assert event.type != "error" or kind == "error", event

    def types(self) -> list:
        return [event.type for event in self.seen]


def connect(base: str, key: str):
    client = AsyncOpenAI(
        api_key=key, base_url=f"{base}/v1", websocket_base_url=base.replace("http:", "ws:") + "/v1")
    return client.realtime.connect(model="gpt-realtime-2.1")


async def configure(connection) -> Session:
    session = Session(connection)
    await session.until("session.created")
    await connection.session.update(
        session={
            "type": "realtime", "instructions": INSTRUCTIONS, "output_modalities": ["audio"], "tools": [END_CALL],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"}, "noise_reduction": {"type": "near_field"},
                    "transcription": {"model": "gpt-transcribe", "language": "en"},
                    "turn_detection": {"type": "server_vad", "silence_duration_ms": 400, "idle_timeout_ms": 6000},
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": "cedar", "speed": 1.1},
            },
        })
    updated = await session.until("session.updated")
    assert updated.session.audio.output.voice == "cedar" and updated.session.instructions == INSTRUCTIONS
    return session


async def respond(session: Session, **more) -> str:
    """Lets the agent speak; returns its audio in base 64, one string a delta."""
    await session.connection.response.create(**more)
    first = len(session.seen)
    done = await session.until("response.done")
    assert done.response.status == "completed", done
    return [event.delta for event in session.seen[first:] if event.type == "response.output_audio.delta"]


async def greeting_in_order(base, account, token, key):
    """a response's events come in the documented order, with usage at the end"""
    async with connect(base, key) as connection:
        session = await configure(connection)
        del session.seen[:]
        audio = await respond(session)
        assert audio
        order = [kind for kind in session.types() if not kind.endswith(".delta")]
        assert order == [
            "response.created", "rate_limits.updated", "response.output_item.added", "conversation.item.added",
            "response.content_part.added", "response.output_audio.done", "response.output_audio_transcript.done",
            "response.content_part.done", "response.output_item.done", "conversation.item.done", "response.done",
        ], order
        response = session.seen[-1].response
        assert "Northwind" in response.output[0].content[0].transcript
        usage = response.usage
        assert usage.total_tokens == usage.input_tokens + usage.output_tokens > 0
        assert usage.output_token_details.audio_tokens > 0


async def speech_is_transcribed(base, account, token, key):
    """speech appended as audio makes a turn, a transcript and an answer"""
    async with connect(base, key) as connection:
        session = await configure(connection)
        audio = await respond(session)
        words = session.seen[-1].response.output[0].content[0].transcript
        del session.seen[:]
        for chunk in audio + [SILENCE] * 40:  # The session hears its own voice.
            await connection.input_audio_buffer.append(audio=chunk)
        heard = await session.until("conversation.item.input_audio_transcription.completed")
        assert heard.transcript == words and heard.usage.type == "duration" and heard.usage.seconds > 1
        order = session.types()
        for earlier, later in (
            ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"),
            ("input_audio_buffer.speech_stopped", "input_audio_buffer.committed"),
            ("input_audio_buffer.committed", "conversation.item.added"),
        ):
            assert order.index(earlier) < order.index(later), order
        await session.until("response.done")


async def interruption_and_truncation(base, account, token, key):
    """speech interrupts a response; its item is cut to what was heard"""
    async with connect(base, key) as connection:
        session = await configure(connection)
        audio = await respond(session)
        item = session.seen[-1].response.output[0].id
        await connection.response.create()
        await session.until("response.output_audio.delta")
        for chunk in audio[:3]:
            await connection.input_audio_buffer.append(audio=chunk)
        done = await session.until("response.done")
        assert done.response.status == "cancelled", done
        assert done.response.status_details.reason == "turn_detected"
        await connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=900)
        assert (await session.until("conversation.item.truncated")).audio_end_ms == 900
        await connection.conversation.item.retrieve(item_id=item)
        cut = (await session.until("conversation.item.retrieved")).item
        assert cut.content[0].transcript == "Hello. This is", cut
        await connection.conversation.item.truncate(item_id=item, content_index=0, audio_end_ms=10_000_000)
        assert (await session.until("error")).error.code == "invalid_value"


async def function_call(base, account, token, key):
    """the agent ends the call by its tool, with arguments that are JSON"""
    async with connect(base, key) as connection:
        session = await configure(connection)
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "I'm not interested."}]})
        await respond(session)
        call = session.seen[-1].response.output[1]
        assert call.type == "function_call" and call.name == "end_call" and call.status == "completed"
        assert json.loads(call.arguments) == {"reason": "not_interested"}
        assert "response.function_call_arguments.done" in session.types()
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": "{}"})
        await session.until("conversation.item.done")


async def idle_timeout(base, account, token, key):
    """after the idle time the agent speaks up"""
    async with connect(base, key) as connection:
        session = await configure(connection)
        await respond(session)
        for _ in range(900):
            await connection.input_audio_buffer.append(audio=SILENCE)
        fired = await session.until("input_audio_buffer.timeout_triggered")
        assert fired.audio_end_ms - fired.audio_start_ms >= 6000
        await session.until("response.done")


async def errors(base, account, token, key):
    """errors name the event and the field, and the session goes on"""
    async with connect(base, key) as connection:
        session = await configure(connection)
        await connection.response.cancel()
        assert (await session.until("error")).error.code == "response_cancel_not_active"
        await connection.input_audio_buffer.commit()
        assert (await session.until("error")).error.code == "input_audio_buffer_commit_empty"
        await connection.send({"type": "session.update", "event_id": "mine", "session": {"type": "realtime", "voice": "alloy"}})
        error = (await session.until("error")).error
        assert (error.code, error.param, error.event_id) == ("unknown_parameter", "session.voice", "mine")
        await connection.response.create()
        await connection.response.create()
        assert (await session.until("error")).error.code == "conversation_already_has_active_response"
        await session.until("response.done")


CHECKS = [
    greeting_in_order, speech_is_transcribed, interruption_and_truncation, function_call, idle_timeout, errors,
]
