#!/usr/bin/env python3
"""Compares our protobuf with Google's, both ways, over random messages of every generated type.

For each type: Python encodes, Swift decodes and encodes, Python must read the same message; what Python writes of it must
equal Swift's own reading; the same by way of JSON in both directions; fields that Swift has no name for must come back.
Then mutated bytes: Swift must answer (with a message or an error), keep its memory, and hand on nothing that Python
refuses. (What the two read of mutated bytes may differ: protobuf-c does not merge numbers of a message field that
occurs twice, and takes any wire type for a bool.) The seed is printed; --seed repeats a run.
"""
import argparse
import importlib
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import time

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.message import DecodeError

TIMESTAMP, DURATION = "google.protobuf.Timestamp", "google.protobuf.Duration"


class Refused(Exception):
    """Swift answered with an error."""


class Swift:
    """The Swift program, spoken to in frames; see Swift/main.swift."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, operation, name, payload=b""):
        request = operation + struct.pack("B", len(name)) + name.encode() + payload
        self.process.stdin.write(struct.pack(">I", len(request)) + request)
        self.process.stdin.flush()
        header = self.process.stdout.read(4)
        if len(header) < 4:
            raise SystemExit(f"FAILED: the Swift side died (status {self.process.wait()}) on {request.hex()}")
        response = self.process.stdout.read(struct.unpack(">I", header)[0])
        if response[0] != 0:
            raise Refused(response[1:].decode())
        return response[1:]

    def resident_kilobytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


class Generator:
    """Random messages, with the edges of each type more often than chance has them."""

    INTEGERS = {
        Field.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
        Field.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
        Field.CPPTYPE_UINT32: (0, 2**32 - 1),
        Field.CPPTYPE_UINT64: (0, 2**64 - 1),
    }
    TEXT = "abcXYZ 019_-+.,:/\"\\\n\t\x7f\u00e9\u00df\u03a9\u4e2d\u20ac\ufffd\u200d\U0001f600\U0010ffff\u0301"

    def __init__(self, seed):
        self.random = random.Random(seed)

    def fill(self, message, depth=0):
        density = self.random.choice([0.1, 0.5, 0.95]) if depth == 0 else self.random.choice([0.1, 0.4])
        for field in message.DESCRIPTOR.fields:
            if self.random.random() < density:
                self.fill_field(message, field, depth)
        return message

    def fill_field(self, message, field, depth):
        value_field = field.message_type.fields_by_name["value"] if self.is_map(field) else None
        count = self.random.choice([1, 1, 2, 3, 17 if depth < 2 else 4])
        target = getattr(message, field.name)
        if value_field is not None:
            for _ in range(count):
                key = self.scalar(field.message_type.fields_by_name["key"])
                if value_field.cpp_type == Field.CPPTYPE_MESSAGE:
                    self.message(target[key], depth)
                else:
                    target[key] = self.scalar(value_field)
        elif field.label == Field.LABEL_REPEATED:
            for _ in range(count):
                if field.cpp_type == Field.CPPTYPE_MESSAGE:
                    self.message(target.add(), depth)
                else:
                    target.append(self.scalar(field))
        elif field.cpp_type == Field.CPPTYPE_MESSAGE:
            target.SetInParent()
            self.message(target, depth)
        else:
            value = self.scalar(field)
            # protobuf-c takes a singular -0.0 for the default and drops the sign.
            setattr(message, field.name, 0.0 if value == 0 and isinstance(value, float) else value)

    @staticmethod
    def is_map(field):
        return field.message_type is not None and field.message_type.GetOptions().map_entry

    def message(self, message, depth):
        name = message.DESCRIPTOR.full_name
        if name == TIMESTAMP:
            message.seconds = self.random.choice([-62135596800, -1, 0, 253402300799, self.random.randrange(2**32)])
            message.nanos = self.nanos()
        elif name == DURATION:
            sign = self.random.choice([-1, 1])
            message.seconds = sign * self.random.choice([0, 1, 59, 315575999999, self.random.randrange(10**6)])
            message.nanos = sign * self.nanos()
        else:
            self.fill(message, depth + 1)

    def nanos(self):
        return self.random.choice([0, 0, 1, 1000, 5_000_000, 120_000_000, 999_999_999, self.random.randrange(10**9)])

    def scalar(self, field):
        kind = field.cpp_type
        if kind in self.INTEGERS:
            low, high = self.INTEGERS[kind]
            return self.random.choice(
                [low, high, 0, 1, max(low, -1), self.random.randint(0, 300), self.random.randint(low, high)])
        if kind == Field.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if kind == Field.CPPTYPE_ENUM:
            return self.random.choice([value.number for value in field.enum_type.values] + [77, -(2**31), 2**31 - 1])
        if kind in (Field.CPPTYPE_DOUBLE, Field.CPPTYPE_FLOAT):
            single = kind == Field.CPPTYPE_FLOAT
            bits = self.random.getrandbits(32 if single else 64)
            anything = struct.unpack("<f" if single else "<d", bits.to_bytes(4 if single else 8, "little"))[0]
            value = self.random.choice([0.0, 1.0, -1.5, 0.1, 1e-30, 1e30, math.inf, -math.inf, math.nan, anything])
            return math.nan if math.isnan(value) else value  # One NaN only: JSON has no others.
        if field.type == Field.TYPE_STRING:
            return "".join(self.random.choice(self.TEXT) for _ in range(self.length()))
        return self.random.randbytes(self.length())

    def length(self):
        return self.random.choice([0, 1, 5, 14, 15, 16, 40, 130 if self.random.random() < 0.5 else 5000])

    def unknown_fields(self):
        """Bytes of fields with numbers that no type has."""
        result = b""
        for _ in range(self.random.randint(1, 3)):
            number = self.random.randint(70000, 2**28)
            wire, value = self.random.choice([
                (0, varint(self.random.getrandbits(63))), (1, self.random.randbytes(8)), (5, self.random.randbytes(4)),
                (2, self.prefixed(self.random.randbytes(self.length())))])
            result += varint(number << 3 | wire) + value
        return result

    @staticmethod
    def prefixed(data):
        return varint(len(data)) + data

    def mutate(self, data):
        data = bytearray(data)
        for _ in range(self.random.randint(1, 6)):
            place = self.random.randint(0, len(data))
            action = self.random.randrange(5)
            if action == 0 and place < len(data):
                data[place] ^= 1 << self.random.randrange(8)
            elif action == 1 and place < len(data):
                data[place] = self.random.choice([0, 1, 0x7F, 0x80, 0xFF, self.random.randrange(256)])
            elif action == 2:
                del data[place:place + self.random.randint(1, 20)]
            elif action == 3:
                data[place:place] = self.random.randbytes(self.random.randint(1, 12))
            elif len(data) > 1:
                other = self.random.randrange(len(data))
                data[place:place] = data[other:other + self.random.randint(1, 40)]
        return bytes(data)


def varint(value):
    result = b""
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])


def canonical(message):
    """Bytes that are the same for equal messages, NaN included."""
    return message.SerializeToString(deterministic=True)


def has_nan(message):
    return "nan" in str(message).lower()  # Too often true is no harm.


class Comparison:
    def __init__(self, swift, types, seed, count):
        self.swift, self.types, self.count = swift, types, count
        self.generator = Generator(seed)
        self.passed, self.failed = 0, 0

    def run_all(self):
        for name, make in sorted(self.types.items()):
            for check in (self.binary, self.equality, self.json_to_swift, self.json_from_swift, self.unknown):
                self.run(f"{check.__name__} {name}", lambda: [check(name, make) for _ in range(self.count)])
        self.run("an older type hands on a newer one's fields", self.older)

    def run(self, title, body):
        try:
            body()
            self.passed += 1
        except (AssertionError, Refused, DecodeError, json_format.ParseError) as error:
            self.failed += 1
            print(f"FAILED {title}: {error}")

    def same(self, make, left, right_bytes):
        right = make.FromString(right_bytes)
        assert canonical(left) == canonical(right), f"\n--- expected\n{left}\n--- found\n{right}"

    def binary(self, name, make):
        message = self.generator.fill(make())
        self.same(make, message, self.swift.ask(b"R", name, message.SerializeToString()))

    def equality(self, name, make):
        """Swift encodes, Python decodes and encodes, Swift must find the two equal."""
        message = self.generator.fill(make())
        if has_nan(message):
            return
        ours = self.swift.ask(b"R", name, message.SerializeToString())
        theirs = make.FromString(ours).SerializeToString()
        answer = self.swift.ask(b"C", name, struct.pack(">I", len(ours)) + ours + theirs)
        assert answer == b"equal", f"{answer.decode()}\n{message}"

    def json_to_swift(self, name, make):
        message = self.generator.fill(make())
        text = json_format.MessageToJson(
            message, preserving_proto_field_name=self.generator.random.random() < 0.5,
            including_default_value_fields=self.generator.random.random() < 0.3,
            use_integers_for_enums=self.generator.random.random() < 0.3)
        self.same(make, message, self.swift.ask(b"W", name, text.encode()))

    def json_from_swift(self, name, make):
        message = self.generator.fill(make())
        text = self.swift.ask(b"J", name, message.SerializeToString()).decode()
        self.same(make, message, json_format.Parse(text, make()).SerializeToString())
        expected = json_format.MessageToDict(message)
        assert json.loads(text) == expected, f"\n--- expected\n{expected}\n--- found\n{text}"

    def unknown(self, name, make):
        data = self.generator.fill(make()).SerializeToString() + self.generator.unknown_fields()
        self.same(make, make.FromString(data), self.swift.ask(b"R", name, data))

    def older(self):
        newer = self.types["ringmaster.conformance.Newer"]
        for _ in range(self.count):
            message = self.generator.fill(newer())
            self.same(newer, message, self.swift.ask(b"R", "ringmaster.conformance.Older", message.SerializeToString()))

    def mutations(self, total):
        names = sorted(self.types)
        refused = 0
        for turn in range(total):
            if turn == total // 5:
                before = self.swift.resident_kilobytes()
            name = names[turn % len(names)]
            if turn % 10 == 0:
                data = self.generator.random.randbytes(self.generator.random.randint(0, 200))
            else:
                data = self.generator.mutate(self.generator.fill(self.types[name]()).SerializeToString())
            try:
                output = self.swift.ask(b"R", name, data)
            except Refused:
                refused += 1
                continue
            try:
                self.types[name].FromString(output)
            except DecodeError:
                raise AssertionError(f"{name}: Swift made {output.hex()} of {data.hex()}") from None
        grown = self.swift.resident_kilobytes() - before
        print(f"{total} mutated inputs: {refused} refused, {total - refused} read, memory {grown:+d} KiB")
        assert grown < 4096, f"memory grew by {grown} KiB"


def python_types(folder):
    """Every message type of the modules that protoc wrote into a folder, by full name."""
    sys.path.insert(0, str(folder))
    types = {}

    def add(descriptor):
        if not descriptor.GetOptions().map_entry:
            types[descriptor.full_name] = message_factory.MessageFactory().GetPrototype(descriptor)
            for nested in descriptor.nested_types:
                add(nested)

    for path in sorted(pathlib.Path(folder).rglob("*_pb2.py")):
        module = importlib.import_module(".".join(path.relative_to(folder).with_suffix("").parts))
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            add(descriptor)
    return types


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--swift", required=True)
    parser.add_argument("--python-modules", required=True)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--count", type=int, default=60, help="random messages per type and check")
    parser.add_argument("--mutations", type=int, default=10_000)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    swift = Swift(arguments.swift)
    comparison = Comparison(swift, python_types(arguments.python_modules), arguments.seed, arguments.count)
    ours = set(swift.ask(b"T", "").decode().split("\n"))
    comparison.run("both sides have the same types", lambda: None)
    if ours != set(comparison.types):
        raise SystemExit(f"FAILED: types of one side only: {sorted(ours ^ set(comparison.types))}")
    print(f"{len(ours)} types, {arguments.count} messages each for 5 checks")
    comparison.run_all()
    comparison.run("mutated inputs", lambda: comparison.mutations(arguments.mutations))
    print(f"{comparison.passed} passed, {comparison.failed} failed")
    sys.exit(1 if comparison.failed else 0)


if __name__ == "__main__":
    main()
