from __future__ import annotations

import asyncio
import base64
import ssl
from contextlib import suppress

import pytest

from governance.policy.profile import Secret
from governance.sandbox.egress.authority import Authority
from governance.sandbox.egress.gate import Budget
from governance.sandbox.egress.vault import Sealed, Vault
from tests.sandbox.egress.hellos import ECH, NAME, hello, real
from tests.sandbox.egress.world import HOST, PUBLIC, World, answering, server, trusting, until, world

EVIL = "evil.example.org"
VALUE = "tok-0123456789/abc+"
GET = f"GET /v1/items?a=1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
ALERT = b"\x15\x03\x03\x00\x02\x02\x31"


def token(
    form: str = "bearer", path: str = "/v1", value: str = VALUE
) -> tuple[tuple[Secret, ...], dict[str, Sealed]]:
    secret = Secret("API_TOKEN", HOST, form, path)
    environment = pytest.MonkeyPatch()
    environment.setenv("EGRESS_TEST", value)
    try:
        return (secret,), {"API_TOKEN": Vault({"API_TOKEN": ("environment", "EGRESS_TEST")}).seal(secret)}
    finally:
        environment.undo()


def test_tls_goes_through_a_tunnel_unread() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        seen: list[bytes] = []
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
        async with server(answering(answer, seen), theirs.context(HOST)) as port, world() as here:
            here.outdoors.places[PUBLIC, 443] = port
            assert await here.within(trusting(theirs), GET) == answer
        assert seen == [GET]
        assert here.codes == ["permitted"]
        assert (here.events[0].asked.method, here.events[0].dialled) == (None, 0)  # type: ignore[union-attr]
        assert here.outdoors.dialled == [(PUBLIC, 443, None)]
        assert here.gate.sums[HOST, 443].received > len(answer)

    asyncio.run(go())


async def through(here: World, *pieces: bytes) -> bytes:
    """Open a tunnel, send pieces, and return what comes back."""
    reader, writer = await here.tunnel()
    answer = b""
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        answer = await reader.read()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize("methods", [(), ("GET",)])
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (real(EVIL), "wrong-name"),
        (real(None), "no-name"),
        (hello(NAME, ECH), "hidden-name"),
        (b"CONNECT evil.example.org:443 HTTP/1.1\r\nHost: evil.example.org:443\r\n\r\n", "nested-connect"),
        (b"GET / HTTP/1.1\r\nHost: api.example.org\r\n\r\n", "no-tls"),
        (b"SSH-2.0-x\r\n", "no-tls"),
        (real()[:100], "slow"),
    ],
    ids=("wrong", "none", "ech", "nested", "http", "ssh", "slow"),
)
def test_a_tunnel_is_tls_to_its_own_host_or_nothing(data: bytes, code: str, methods: tuple[str, ...]) -> None:
    async def go() -> None:
        async with world(methods=methods, budget=Budget(head=0.5 if code == "slow" else 10.0)) as here:
            assert await through(here, data) == ALERT
            pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
            assert await through(here, *pieces) == ALERT
        assert here.codes == [code, code]
        assert here.outdoors.dialled == []

    asyncio.run(go())


def test_a_client_hello_in_pieces_goes_through() -> None:
    async def go() -> None:
        got = asyncio.get_running_loop().create_future()

        async def handler(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            got.set_result(await reader.readexactly(len(real())))

        async with server(handler) as port, world() as here:
            here.outdoors.places[PUBLIC, 443] = port
            assert await through(here, *(real()[at : at + 1] for at in range(len(real())))) == b""
            assert await got == real()
        assert here.codes == ["permitted"]

    asyncio.run(go())


def test_hello_behind_the_connect_is_read_too() -> None:
    async def go() -> None:
        async with world() as here:
            start = f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode()
            assert (await here.say(start + real(EVIL))).endswith(ALERT)
        assert here.codes == ["wrong-name"]

    asyncio.run(go())


async def inside(here: World, port: int, theirs: Authority, data: bytes) -> bytes:
    """Send `data` by TLS that ends at the proxy."""
    here.outdoors.places[PUBLIC, 443] = port
    here.outdoors.trusted = trusting(theirs)
    assert here.gate.authority is not None
    return await here.within(trusting(here.gate.authority), data)


def test_where_methods_are_named_the_proxy_sees_inside() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        seen: list[bytes] = []
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
        async with (
            server(answering(answer, seen), theirs.context(HOST)) as port,
            world(methods=("GET",)) as here,
        ):
            assert (await inside(here, port, theirs, GET)).endswith(b"\r\n\r\nhi")
            for method in ("POST", "TRACE", "DELETE"):
                refused = await inside(here, port, theirs, GET.replace(b"GET", method.encode()))
                assert f": method: this call may not use {method}".encode() in refused
            nested = b"CONNECT evil.example.org:443 HTTP/1.1\r\nHost: evil.example.org:443\r\n\r\n"
            assert b": nested-connect: " in await inside(here, port, theirs, nested)
            assert b": host-mismatch: " in await inside(here, port, theirs, GET.replace(b": api", b": evil"))
        assert here.codes == ["permitted", "method", "method", "method", "nested-connect", "host-mismatch"]
        assert seen == [f"GET /v1/items?a=1 HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n".encode()]
        assert here.outdoors.dialled == [(PUBLIC, 443, HOST)]
        assert here.events[0].asked.target == "/v1/items?a=1"  # type: ignore[union-attr]

    asyncio.run(go())


def test_a_host_that_cannot_prove_its_name_gets_nothing() -> None:
    async def go() -> None:
        theirs, others = Authority([HOST]), Authority([HOST])
        seen: list[bytes] = []
        async with (
            server(answering(b"", seen), others.context(HOST)) as port,
            world(methods=("GET",)) as here,
        ):
            assert b": unreachable: " in await inside(here, port, theirs, GET)
        assert seen == []

    asyncio.run(go())


def test_a_client_that_does_not_trust_the_proxy_is_recorded() -> None:
    async def go() -> None:
        async with world(methods=("GET",)) as here:
            with pytest.raises(ssl.SSLCertVerificationError):
                await here.within(trusting(Authority([HOST])), GET)
        assert here.codes == ["broken"]

    asyncio.run(go())


@pytest.mark.parametrize(
    ("form", "value", "field"),
    [
        ("bearer", VALUE, f"authorization: Bearer {VALUE}"),
        ("basic", "ann:secret-word", "authorization: Basic " + base64.b64encode(b"ann:secret-word").decode()),
        ("header", "X-Key: secret-word", "x-key: secret-word"),
    ],
)
def test_a_secret_is_put_in_over_what_the_sandbox_said(form: str, value: str, field: str) -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        seen: list[bytes] = []
        secrets, sealed = token(form, value=value)
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        mine = b"\r\nAuthorization: mine\r\nX-Key: mine\r\nAccept-Encoding: gzip\r\n\r\n"
        async with (
            server(answering(answer, seen), theirs.context(HOST)) as port,
            world(secrets=secrets, sealed=sealed) as here,
        ):
            await inside(here, port, theirs, GET.replace(b"\r\n\r\n", mine))
            await inside(here, port, theirs, GET.replace(b"/v1/", b"/v2/"))
            await inside(here, port, theirs, GET.replace(b"/v1/items", b"/v1x"))
        lines = seen[0].decode().split("\r\n")
        assert lines.count(field) == 1
        assert sum(line.startswith(field.partition(":")[0]) for line in lines) == 1
        assert "accept-encoding: identity" in lines
        for other in seen[1:]:
            assert b"authorization" not in other
            assert b"x-key" not in other

    asyncio.run(go())


def test_a_secret_never_comes_back() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        secrets, sealed = token()
        forms = [VALUE, base64.b64encode(VALUE.encode()).decode(), VALUE.encode().hex()]
        body = " ".join(["<", *forms, VALUE[:-1], ">"]).encode()
        head = f"HTTP/1.1 200 {VALUE}\r\nX-Echo: Bearer {VALUE}\r\nSet-Cookie: a={VALUE}\r\n".encode()

        async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
            for at in range(len(body)):
                writer.write(b"1\r\n" + body[at : at + 1] + b"\r\n")
                await writer.drain()
            writer.write(b"0\r\nX-Trailer: " + VALUE.encode() + b"\r\n\r\n")
            await writer.drain()

        whole = answering(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body, [])
        for handler in (slowly, whole):
            async with (
                server(handler, theirs.context(HOST)) as port,
                world(secrets=secrets, sealed=sealed) as here,
            ):
                answer = await inside(here, port, theirs, GET)
            for form in forms:
                assert form.encode() not in answer
            assert b"x-echo: Bearer " + b"*" * len(VALUE) in answer.lower().replace(b"bearer", b"Bearer")
            assert VALUE[:-1].encode() in answer

    asyncio.run(go())


def test_an_answer_that_cannot_be_looked_through_is_refused() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        secrets, sealed = token()
        answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"
        async with (
            server(answering(answer, []), theirs.context(HOST)) as port,
            world(secrets=secrets, sealed=sealed) as here,
        ):
            assert b": encoded: " in await inside(here, port, theirs, GET)

    asyncio.run(go())


def test_a_secret_never_goes_in_the_clear() -> None:
    async def go() -> None:
        secrets, sealed = token()
        async with world(port=80, secrets=secrets, sealed=sealed) as here:
            clear = GET.replace(b"GET ", f"GET http://{HOST}".encode())
            assert b": secret-in-clear: " in await here.say(clear)
        assert here.codes == ["secret-in-clear"]
        assert here.outdoors.dialled == []

    asyncio.run(go())


def test_what_ends_early_is_recorded_as_broken() -> None:
    async def go() -> None:
        async with world(methods=("GET",)) as here:
            connecting = asyncio.ensure_future(here.tunnel())
            _, writer = await connecting
            writer.transport.abort()
            await until(lambda: not here.gate.open)
        assert here.codes in (["broken"], ["cut-short"])

    asyncio.run(go())


@pytest.mark.parametrize("methods", [(), ("POST",)])
def test_much_goes_through_both_ways(methods: tuple[str, ...]) -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        data = bytes(range(256)) * 8192
        seen: list[bytes] = []
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
        start = f"POST / HTTP/1.1\r\nHost: {HOST}\r\ncontent-length: {len(data)}\r\n\r\n".encode()
        async with (
            server(answering(answer, seen), theirs.context(HOST)) as port,
            world(methods=methods) as here,
        ):
            if methods:
                got = await inside(here, port, theirs, start + data)
            else:
                here.outdoors.places[PUBLIC, 443] = port
                got = await here.within(trusting(theirs), start + data)
        assert got.partition(b"\r\n\r\n")[2] == data
        assert seen[0].partition(b"\r\n\r\n")[2] == data
        assert here.codes == ["permitted"]
        sums = here.gate.sums[HOST, 443]
        assert min(sums.sent, sums.received) >= len(data)

    asyncio.run(go())


def test_an_answer_to_head_has_no_body_and_one_without_a_length_ends_with_the_connection() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        endless = b"HTTP/1.0 200 OK\r\n\r\nhello"
        async with world(methods=("GET", "HEAD")) as here:
            async with server(answering(head, []), theirs.context(HOST)) as port:
                answer = await inside(here, port, theirs, GET.replace(b"GET", b"HEAD"))
                assert answer == b"HTTP/1.1 200 \r\ncontent-length: 5\r\nconnection: close\r\n\r\n"
            async with server(answering(endless, []), theirs.context(HOST)) as port:
                answer = await inside(here, port, theirs, GET)
                assert answer.endswith(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        assert here.codes == ["permitted", "permitted"]

    asyncio.run(go())


def test_hints_before_the_answer_are_left_out_and_a_change_of_protocol_is_none() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
        switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        async with world(methods=("GET",)) as here:
            async with server(answering(hints, []), theirs.context(HOST)) as port:
                assert (await inside(here, port, theirs, GET)).startswith(b"HTTP/1.1 204 \r\n")
            for answer in (
                switch,
                b"SSH-2.0-x\r\n\r\n",
                b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            ):
                async with server(answering(answer, []), theirs.context(HOST)) as port:
                    asked = GET.replace(b"\r\n\r\n", b"\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
                    assert (await inside(here, port, theirs, asked)).startswith(
                        b"HTTP/1.1 502 Bad Gateway\r\n"
                    )

    asyncio.run(go())
