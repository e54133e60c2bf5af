"""Bytes to requests: what is refused before anything is read, envelopes, and whose request it is."""

from __future__ import annotations

import hashlib

import pytest

from governance.errors import RequestError
from governance.request import Origin, Request, Syntax, parse_request
from governance.request.surface import read_call
from governance.request.wire import LIMIT, Oversize

CALL = b'fs.read(path="/a")'
WRITTEN = '"request":"fs.read(path=\\"/a\\")"'


def refusal(request: Request) -> RequestError:
    assert isinstance(request.body, RequestError)
    return request.body


@pytest.mark.parametrize(
    ("line", "code", "column", "message"),
    [
        (b"\xef\xbb\xbf" + CALL, "byte-order-mark", None, "begins with a byte order mark"),
        (b"a" * (LIMIT + 1), "too-long", None, f"the request has {LIMIT + 1} bytes"),
        (b"\xff\xfe{\x00}\x00", "not-utf-8", 1, "byte 1 is no UTF-8: 0xff"),
        (b'fs.read(path="/a\xc0\xaf")', "not-utf-8", 17, "byte 17 is no UTF-8: 0xc0"),
        (b'fs.read(path="/\xc3\xa9\xe0\x80\xaf")', "not-utf-8", 17, "byte 18 is no UTF-8: 0xe0"),
        (b'fs.read(path="/\xed\xa0\xbd")', "not-utf-8", 16, "byte 16 is no UTF-8: 0xed"),
        (b'fs.read(path="/\xf4\x90\x80\x80")', "not-utf-8", 16, "0xf4"),
        (b'fs.read(path="/\xe2\x82', "not-utf-8", 16, "0xe2"),
        (b"{", "syntax", 2, "not the end"),
        (b'{"a":1}}', "syntax", 8, "expected the end, not `}`"),
        (b'{"a":1,"\\u0061":2}', "duplicate-key", 8, "the key `a` stands here twice"),
        (b'{"request":1,"r\\u0065quest":2}', "duplicate-key", 14, "the key `request` stands here twice"),
        (b'{"a":{"b":1,"b":1}}', "duplicate-key", 13, "the key `b`"),
        (b'{"\\u001b[31m":1,"\\u001b[31m":1}', "duplicate-key", 17, r"the key `\u001b[31m`"),
        (b'{"a":"\\ud800"}', "lone-surrogate", 6, "half a surrogate pair"),
        (b'{"a":NaN}', "syntax", 6, "not `NaN`"),
        (b'{"a":\xef\xbb\xbf1}', "syntax", 6, r"not `\ufeff`"),
        (b"[" * 64, "too-deep", 64, "nested"),
        (b"{" + WRITTEN.encode() + b',"user":"x"}', "envelope", 35, "an envelope has no such key"),
        (b"{" + WRITTEN.encode() + b',"agent":""}', "envelope", 43, "`agent` is no string of 1 to 256"),
        (b"{" + WRITTEN.encode() + b',"agent":null}', "envelope", 43, "`agent` is no string"),
        (b"{" + WRITTEN.encode() + b',"agent":["a"]}', "envelope", 43, "`agent` is no string"),
        (b"{" + WRITTEN.encode() + b',"session":1}', "envelope", 45, "`session` is no string"),
        (b"{" + WRITTEN.encode() + b',"session":"' + b"s" * 257 + b'"}', "envelope", 45, "`session`"),
        (b"{" + WRITTEN.encode() + b',"syntax":"klingon"}', "envelope", 44, "unknown syntax"),
        (b"{" + WRITTEN.encode() + b',"syntax":"call "}', "envelope", 44, "unknown syntax"),
        (b"{" + WRITTEN.encode() + b',"at":"now"}', "envelope", 40, "`at` is no instant"),
        (b"{" + WRITTEN.encode() + b',"at":"2026-02-30T00:00:00Z"}', "envelope", 40, "`at` is no instant"),
    ],
)
def test_unreadable_line_is_a_request_that_says_why(
    line: bytes, code: str, column: int | None, message: str
) -> None:
    (diagnostic,) = refusal(parse_request(line, Origin())).diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert (diagnostic.span.column if diagnostic.span else None) == column


def test_line_at_the_limit_is_read() -> None:
    line = b'fs.read(path="/' + b"a" * (LIMIT - 17) + b'")'
    assert len(line) == LIMIT
    assert read_call(parse_request(line, Origin())).name == "fs.read"


def test_limit_is_in_bytes_not_characters() -> None:
    line = "\u00e9".encode() * (LIMIT // 2 + 1)
    assert refusal(parse_request(line, Origin())).code == "too-long"


def test_oversize_line_keeps_its_length_and_digest() -> None:
    request = parse_request(Oversize(5 << 20, "sha256:" + "a" * 64), Origin("ann"))
    assert refusal(request).diagnostics[0].message == f"the request has {5 << 20} bytes"
    assert request.digest == "sha256:" + "a" * 64
    assert request.origin.agent == "ann"


def test_digest_is_that_of_the_bytes_readable_or_not() -> None:
    for line in (CALL, b"\xff", b"", b" " + CALL):
        assert parse_request(line, Origin()).digest == "sha256:" + hashlib.sha256(line).hexdigest()


def test_origin_stands_where_there_is_no_envelope() -> None:
    origin = Origin("ann", "s", Syntax.CALL, "2026-01-31T09:00:00.000Z")
    assert parse_request(CALL, origin).origin is origin
    assert parse_request(b"\xff", origin).origin is origin


def test_envelope_says_whose_request_it_is() -> None:
    line = f'{{"agent":"bob","session":"t","at":"2026-01-31T09:00:00Z","syntax":"call",{WRITTEN}}}'.encode()
    request = parse_request(line, Origin("ann", "s", Syntax.MCP))
    assert request.origin == Origin("bob", "t", Syntax.CALL, "2026-01-31T09:00:00.000Z")
    assert request.body == CALL.decode()
    assert request.source.text == CALL.decode()


def test_envelope_leaves_the_origin_for_what_it_does_not_say() -> None:
    origin = Origin("ann", "s", Syntax.CALL, "2026-01-31T09:00:00.000Z")
    assert parse_request(f"{{{WRITTEN}}}".encode(), origin).origin == origin


def test_envelope_may_hold_json() -> None:
    line = b'{"agent":"bob","request":{"name":"fs.read","arguments":{"path":"/a"}}}'
    call = read_call(parse_request(line, Origin()))
    assert call.name == "fs.read"
    assert call.span(call.arguments[0]).column == 57


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"request":{"agent":"root","request":"fs.read(path=\\"/a\\")"}}', "shape"),
        (b'{"request":"{\\"agent\\":\\"root\\",\\"request\\":\\"a()\\"}"}', "syntax"),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","agent":"root","params":{"name":"a"}}', "shape"),
        (b'{"name":"a","arguments":{},"agent":"root"}', "shape"),
        (b'{"name":"a","arguments":{},"session":"other"}', "shape"),
        (b'{"name":"a","arguments":{},"request":"b()"}', "envelope"),
        (b'{"type":"tool_use","name":"a","input":{},"agent":"root"}', "shape"),
        (b'{"type":"function_call","name":"a","arguments":"{}","agent":"root"}', "shape"),
        (b'[{"agent":"root","request":"a()"}]', "shape"),
        (b'{"request":["a()"]}', "shape"),
        (b'{"request":null}', "shape"),
        (b'{"request":true}', "shape"),
        (b'{"request":""}', "syntax"),
        (b'{"Request":"a()"}', "shape"),
    ],
)
def test_nothing_within_a_request_says_whose_it_is(line: bytes, code: str) -> None:
    request = parse_request(line, Origin("ann", "s"))
    assert (request.origin.agent, request.origin.session) == ("ann", "s")
    with pytest.raises(RequestError) as caught:
        read_call(request)
    assert caught.value.code == code


def test_argument_called_agent_is_an_argument() -> None:
    request = parse_request(b'{"name":"a","arguments":{"agent":"root","request":"b()"}}', Origin("ann"))
    assert request.origin.agent == "ann"
    assert [argument.name for argument in read_call(request).arguments] == ["agent", "request"]


@pytest.mark.parametrize(
    "line", [b'"a()"', b"5", b"null", b"true", b"-1", b"", b" ", b"\x00", b"\t{}", b"\r"]
)
def test_line_that_is_neither_object_nor_call_is_refused(line: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        read_call(parse_request(line, Origin()))
    assert caught.value.code == "syntax"
