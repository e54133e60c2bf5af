"""Real requests, a little broken: every parser answers with a value or its own error, and with nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.capabilities.glob import PathSet
from governance.capabilities.values import Type
from governance.errors import RequestError
from governance.policy.format import format_text
from governance.policy.parse import parse_file
from governance.request import Origin, parse_request
from governance.request.bind import bind
from governance.request.roots import HostRoot
from governance.request.surface import read_call
from governance.text import Source
from tests.laws.strategies import standard

if TYPE_CHECKING:
    from governance.capabilities import Call
    from governance.capabilities.values import Value

DATA = Path(__file__).parent.parent / "data"
ROUNDS = 1_500
ROOTS = (HostRoot("/home/me/web", "/workspace"),)
SPLICES = (
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"(",
        b")",
        b"=",
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"\x00",
        b"/",
    ),
    *(
        b"\x7f",
        b"\xc2\x85",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xf0\x9f\x98\x80",
    ),
    *(
        b"\\u0000",
        b"\\ud800",
        b"\\u0061",
        b"null",
        b"true",
        b"1.0",
        b"1e400",
        b"-0",
        b"..",
        b"**",
        b'"path":"/x",',
        b"$",
    ),
)


def recorded() -> list[bytes]:
    """Return what agents really sent, as the requests they are."""
    requests: list[object] = []
    for name in ("sweagent.openai.jsonl", "taubench.openai.jsonl", "bfcl.pythoncalls.jsonl"):
        requests += [json.loads(line)["call"] for line in (DATA / name).read_text().splitlines()]
    for line in (DATA / "bfcl.three_formats.jsonl").read_text().splitlines():
        requests += [json.loads(line)[name] for name in ("openai", "anthropic", "mcp")]
    requests += [json.loads(line)["event"] for line in (DATA / "hooks.jsonl").read_text().splitlines()]
    return [(each if isinstance(each, str) else json.dumps(each)).encode() for each in requests]


def samples() -> list[bytes]:
    """Return real requests on every surface."""
    folder = resources.folder("policies") / "examples"
    lines = [line for path in sorted(folder.glob("*/session.txt")) for line in path.read_bytes().splitlines()]
    return [line for line in lines + recorded() if len(line) < 4_000]


def repeatable(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same on every run, and no secret


def broken(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Return `data` with one to four small changes."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.choice((0, 1, 1, 2, 8, 64)))
        piece = chance.choice(
            (
                b"",
                chance.choice(SPLICES),
                bytes([chance.randrange(256)]),
                data[at:end] * chance.randint(2, 5),
                other[at:end],
            )
        )
        data = data[:at] + piece + data[end:]
    return data


def answer(line: bytes) -> Call | RequestError:
    try:
        return bind(read_call(parse_request(line, Origin("ann", roots=ROOTS))), standard())
    except RequestError as error:
        return error


def ask(line: bytes) -> str:
    """Return the code that a request is refused with, or `call`."""
    found = answer(line)
    if isinstance(found, RequestError):
        assert found.render()
        assert len(str(found)) < 5_000
        return found.code
    assert bind(read_call(parse_request(str(found).encode(), Origin())), standard()) == found
    return "call"


@pytest.mark.parametrize("seed", range(4))
def test_broken_requests_are_calls_or_refused(seed: int) -> None:
    chance, lines = repeatable(seed), samples()
    codes = {ask(broken(chance.choice(lines), chance.choice(lines), chance)) for _ in range(ROUNDS)}
    assert {"syntax", "shape", "not-utf-8"} <= codes


def test_random_bytes_are_refused() -> None:
    chance = repeatable(0)
    assert all(ask(chance.randbytes(chance.randint(0, 200))) != "call" for _ in range(ROUNDS))


def test_broken_policies_are_parsed_or_reported() -> None:
    chance = repeatable(0)
    texts = [path.read_bytes() for path in sorted((resources.folder("policies") / "std").glob("*.policy"))]
    reported = 0
    for _ in range(150):
        data = broken(chance.choice(texts), chance.choice(texts), chance)
        _, diagnostics = parse_file(Source("x.policy", data.decode(errors="replace")))
        assert all(diagnostic.render() for diagnostic in diagnostics)
        reported += bool(diagnostics)
        if not diagnostics:
            once = format_text(data.decode(errors="replace"))
            assert format_text(once) == once
    assert reported


def checked(kind: Type, text: str) -> Value | ValueError:
    try:
        return kind.check(text)
    except ValueError as error:
        return error


def test_broken_values_are_canonical_or_refused() -> None:
    chance = repeatable(0)
    kinds = [Type(name) for name in ("Path", "Glob", "Host", "Size", "Duration")]
    texts = [b"/workspace/src/a.py", b"src/**/*.py", b"api.example.org", b"64KiB", b"30s"]
    kept = 0
    for _ in range(ROUNDS * 4):
        text = broken(chance.choice(texts), chance.choice(texts), chance).decode(errors="replace")
        for kind in kinds:
            value = checked(kind, text)
            if isinstance(value, ValueError):
                assert len(str(value)) < 300
                continue
            kept += 1
            assert kind.check(value) == value
            if kind.name == "Glob":
                assert PathSet.glob(text, "/w").within(PathSet.tree("/w"))
            if kind.name == "Path":
                assert str(PathSet.one(text)) == text
    assert kept > ROUNDS
