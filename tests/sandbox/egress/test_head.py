from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from governance.errors import RequestError
from governance.policy.connection import Asked, Scheme
from governance.sandbox.egress.head import LONGEST_HEAD, HeadReader
from tests.effort import examples
from tests.sandbox.egress.test_proxy import GET, SMUGGLING
from tests.sandbox.egress.world import HOST

INSIDE = (HOST, 443)


@pytest.mark.parametrize(
    ("head", "inside", "asked"),
    [
        (GET, None, Asked(Scheme.HTTP, HOST, 80, "GET", "/a?b=1")),
        (
            GET.replace(HOST.encode(), b"api.example.org:8080"),
            None,
            Asked(Scheme.HTTP, HOST, 8080, "GET", "/a?b=1"),
        ),
        (
            b"CONNECT api.example.org:443 HTTP/1.1\r\nHost: api.example.org:443\r\n\r\n",
            None,
            Asked(Scheme.TLS, HOST, 443),
        ),
        (
            b"GET / HTTP/1.1\r\nhOST:\tapi.example.org \r\n\r\n",
            INSIDE,
            Asked(Scheme.TLS, HOST, 443, "GET", "/"),
        ),
        (
            b"PUT /a HTTP/1.1\r\nHost: api.example.org:8443\r\n\r\n",
            (HOST, 8443),
            Asked(Scheme.TLS, HOST, 8443, "PUT", "/a"),
        ),
    ],
)
def test_what_a_request_asks_for(head: bytes, inside: tuple[str, int] | None, asked: Asked) -> None:
    read = HeadReader(inside).feed(head)
    assert read is not None
    assert read.asked == asked
    assert read.tunnel is head.startswith(b"CONNECT")
    byte_by_byte = HeadReader(inside)
    assert [byte_by_byte.feed(head[at : at + 1]) for at in range(len(head))] == [
        *[None] * (len(head) - 1),
        read,
    ]


def test_what_comes_behind_the_head_of_a_tunnel_is_kept() -> None:
    reader = HeadReader()
    assert reader.feed(b"CONNECT api.example.org:443 HTTP/1.1\r\nHost: api.example.org:443\r\n\r\n\x16\x03")
    assert reader.rest == b"\x16\x03"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (GET, "target"),
        (b"CONNECT evil.example.org:443 HTTP/1.1\r\nHost: evil.example.org:443\r\n\r\n", "nested-connect"),
        (b"OPTIONS * HTTP/1.1\r\nHost: api.example.org\r\n\r\n", "target"),
        (b"GET /%2e%2e/ HTTP/1.1\r\nHost: api.example.org\r\n\r\n", "target"),
        (b"GET / HTTP/1.1\r\nHost: evil.example.org\r\n\r\n", "host-mismatch"),
        (b"GET / HTTP/1.1\r\nHost: api.example.org:443\r\n\r\n", "host-mismatch"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "request-line"),
    ],
)
def test_within_a_tunnel_only_its_own_host_is_asked(head: bytes, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        HeadReader(INSIDE).feed(head)
    assert refused.value.code == code


def test_a_head_is_bounded_while_it_comes() -> None:
    reader = HeadReader()
    for _ in range(LONGEST_HEAD // 2):
        assert reader.feed(b"aa") is None
    with pytest.raises(RequestError) as refused:
        reader.feed(b"a")
    assert refused.value.code == "head-too-long"


@settings(max_examples=examples(300))
@given(
    some.one_of(
        some.binary(max_size=300), some.binary(max_size=100).map(lambda data: GET[:-2] + data + b"\r\n\r\n")
    )
)
def test_any_bytes_are_a_request_a_wait_or_a_refusal(data: bytes) -> None:
    reader = HeadReader()
    try:
        head = reader.feed(data)
    except RequestError:
        return
    if head is not None:
        assert head.asked.host.encode() in data
        assert reader.connection.their_state in (h11.SEND_BODY, h11.MIGHT_SWITCH_PROTOCOL, h11.DONE)


@settings(max_examples=examples(200))
@given(some.data())
def test_a_head_that_is_taken_has_one_host_and_one_length(data: some.DataObject) -> None:
    """Whatever is spliced in: what is taken has the fields that a second reader would go by exactly once."""
    base = data.draw(some.sampled_from([GET, *(head for head, _ in SMUGGLING)]))
    place = data.draw(some.integers(0, len(base)))
    piece = data.draw(
        some.sampled_from(
            [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"Host: a.b\r\n", b"Content-Length: 0\r\n"]
        )
    )
    try:
        head = HeadReader().feed(base[:place] + piece + base[place:])
    except RequestError:
        return
    if head is not None:
        names = [name for name, _ in head.fields]
        assert names.count(b"host") == 1
        assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
        assert dict(head.fields)[b"host"] == head.authority
