from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from governance.errors import RequestError
from governance.sandbox.egress.hello import LONGEST_HELLO, HelloReader
from tests.effort import examples
from tests.sandbox.egress.hellos import ECH, NAME, extension, hello, message, real, record, server_name
from tests.sandbox.egress.world import HOST


def read(data: bytes, *cuts: int) -> str | None:
    reader = HelloReader()
    name = None
    for begin, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        assert name is None
        name = reader.feed(data[begin:end])
    assert reader.raw == data
    return name


def test_the_name_that_a_client_asks_for() -> None:
    assert read(real()) == HOST
    assert read(hello(extension(10, b"ab"), NAME)) == HOST


def test_a_client_without_a_name_is_refused() -> None:
    with pytest.raises(RequestError, match="no server name"):
        read(real(None))


def test_a_hello_may_come_byte_by_byte_and_in_many_records() -> None:
    data = real()
    assert read(data, *range(1, len(data))) == HOST
    whole = message(NAME)
    cut = b"".join(record(whole[at : at + 2]) for at in range(0, len(whole), 2))
    assert read(cut) == HOST
    assert read(cut, *range(1, len(cut))) == HOST


@pytest.mark.parametrize("data", [b"", hello(NAME)[:-1], hello(NAME)[:4], b"\x16", record(message(NAME)[:3])])
def test_a_hello_that_is_not_whole_is_waited_for(data: bytes) -> None:
    assert HelloReader().feed(data) is None


def test_what_follows_in_records_of_its_own_is_left_for_the_host() -> None:
    assert read(hello(NAME) + record(b"early", kind=23)) == HOST


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (hello(), "no-name"),
        (record(message(None)), "no-name"),
        (hello(server_name()), "hello"),
        (hello(server_name(b"")), "no-name"),
        (hello(server_name(b"a.example.org", b"b.example.org")), "no-name"),
        (hello(server_name(HOST.encode(), kind=1)), "no-name"),
        (hello(server_name(b"API.example.org")), "no-name"),
        (hello(server_name(b"api.example.org.")), "no-name"),
        (hello(server_name(b"93.184.216.34")), "no-name"),
        (hello(server_name(b"api.example.org\0.evil.example.org")), "no-name"),
        (hello(server_name("münchen.example.org".encode())), "no-name"),
        (hello(NAME, NAME), "hello"),
        (hello(NAME, ECH), "hidden-name"),
        (hello(ECH), "hidden-name"),
        (hello(NAME, extension(0xFFCE, b"")), "hidden-name"),
        (hello(extension(0, b"\0\x03\0\0\x09")), "hello"),
        (record(message(NAME, session=bytes(33))), "hello"),
        (record(message(NAME, ciphers=b"")), "hello"),
        (record(message(NAME, ciphers=b"abc")), "hello"),
        (record(message(NAME, behind=b"x")), "hello"),
        (record(message(NAME) + b"x"), "hello"),
        (record(b"\x02" + message(NAME)[1:]), "hello"),
        (record(b"\x01" + (LONGEST_HELLO + 1).to_bytes(3)), "hello"),
        (record(b""), "hello"),
        (b"\x16\x03\x01\x40\x01", "hello"),
        (record(b"\x01\0\x40\0") + record(b"x") * 64, "hello"),
        (record(message(NAME), kind=23), "no-tls"),
        (b"\x16\x02\x01", "no-tls"),
        (b"\x80\x2e\x01\x03\x01", "no-tls"),
        (b"GET / HTTP/1.1\r\n", "no-tls"),
        (b"CONNECT evil.example.org:443 HTTP/1.1\r\n", "nested-connect"),
    ],
)
def test_what_hides_or_doubles_the_name_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        HelloReader().feed(data + bytes(20_000))
    assert refused.value.code == code


@settings(max_examples=examples(300))
@given(
    some.one_of(
        some.binary(max_size=200), some.binary(max_size=80).map(record), some.binary(max_size=80).map(hello)
    )
)
def test_any_bytes_are_a_name_a_wait_or_a_refusal(data: bytes) -> None:
    try:
        HelloReader().feed(data)
    except RequestError:
        return


@settings(max_examples=examples(200))
@given(some.data())
def test_cuts_change_nothing(data: some.DataObject) -> None:
    whole = data.draw(
        some.sampled_from([real(), hello(NAME), hello(NAME, ECH), hello(), record(message(NAME)[:9])])
    )
    place = data.draw(some.integers(0, len(whole) - 1))
    bent = whole[:place] + data.draw(some.binary(min_size=1, max_size=1)) + whole[place + 1 :]
    cuts = data.draw(some.lists(some.integers(0, len(bent)), max_size=5).map(sorted))

    def outcome(*cuts: int) -> str | None:
        reader = HelloReader()
        try:
            for begin, end in zip((0, *cuts), (*cuts, len(bent)), strict=True):
                name = reader.feed(bent[begin:end])
                if name is not None:
                    return name
        except RequestError as error:
            return error.code
        return None

    assert outcome(*cuts) == outcome()
