from __future__ import annotations

import asyncio
import threading

import pytest

from governance.errors import Diagnostic, JournalError
from governance.sandbox.egress.gate import Budget
from tests.sandbox.egress.world import HOST, OTHER, PUBLIC, Outdoors, answering, server, until, world

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nKeep-Alive: 5\r\nAlt-Svc: h3=":443"\r\n\r\nhello'
GET = f"GET http://{HOST}/a?b=1 HTTP/1.1\r\nHost: {HOST}\r\nProxy-Connection: keep-alive\r\n\r\n".encode()


def test_a_permitted_request_is_recorded_and_then_dialled() -> None:
    async def go() -> None:
        seen: list[bytes] = []
        async with server(answering(ANSWER, seen)) as port, world(port=80) as here:
            here.outdoors.places[PUBLIC, 80] = port
            answer = await here.say(GET)
        assert answer == b"HTTP/1.1 200 \r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".replace(
            b"Content-Length", b"content-length"
        ).replace(b"Connection", b"connection")
        assert seen == [f"GET /a?b=1 HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n".encode()]
        assert here.codes == ["permitted"]
        assert here.events[0].dialled == 0
        assert here.events[0].addresses == (PUBLIC,)
        assert here.outdoors.dialled == [(PUBLIC, 80, None)]
        assert here.outdoors.resolved == [HOST]
        sums = here.gate.sums[HOST, 80]
        assert (sums.connections, sums.sent, sums.received) == (1, len(seen[0]), len(ANSWER))

    asyncio.run(go())


def test_a_body_arrives_with_its_length_written_anew() -> None:
    async def go() -> None:
        seen: list[bytes] = []
        async with server(answering(ANSWER, seen)) as port, world(port=80) as here:
            here.outdoors.places[PUBLIC, 80] = port
            start = f"POST http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\n".encode()
            await here.say(start + b"Content-Length: 3\r\n\r\n", b"a", b"bc")
            await here.say(
                start + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nab", b"c\r\n0\r\nTrailer: no\r\n\r\n"
            )
            broken = await here.say(start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")
        assert [each.partition(b"\r\n\r\n")[2] for each in seen] == [b"abc", b"3\r\nabc\r\n0\r\n\r\n"]
        assert broken.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")

    asyncio.run(go())


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (GET.replace(HOST.encode(), b"evil.example.org"), "host"),
        (GET.replace(HOST.encode(), b"sub.api.example.org"), "host"),
        (GET.replace(HOST.encode(), b"api.example.org:8080"), "port"),
        (b"TRACE" + GET[3:], "method"),
        (b"PUT" + GET[3:], "method"),
        (GET.replace(HOST.encode(), b"93.184.216.34"), "target"),
        (GET.replace(HOST.encode(), b"[::1]"), "target"),
        (b"CONNECT evil.example.org:443 HTTP/1.1\r\nHost: evil.example.org:443\r\n\r\n", "host"),
        (b"CONNECT api.example.org:25 HTTP/1.1\r\nHost: api.example.org:25\r\n\r\n", "port"),
    ],
)
def test_what_the_decision_does_not_let_through_is_refused_without_dialling(
    request_: bytes, code: str
) -> None:
    async def go() -> None:
        async with world(port=80, methods=("GET", "HEAD")) as here:
            answer = await here.say(request_)
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert f"refused by the egress proxy: {code}: ".encode() in answer
        assert here.codes == [code]
        assert here.outdoors.dialled == []
        assert here.outdoors.resolved == []

    asyncio.run(go())


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        (PUBLIC, "10.0.0.1"),
        ("169.254.169.254",),
        ("100.64.0.1", PUBLIC),
        ("::1",),
        ("::ffff:93.184.216.34",),
        ("64:ff9b::5db8:d822",),
        ("2002:5db8:d822::1",),
        ("fe80::1%eth0",),
        ("fd00:ec2::254",),
    ],
)
def test_no_decision_lets_an_address_beneath_the_floor_through(addresses: tuple[str, ...]) -> None:
    async def go() -> None:
        for port, request in (
            (80, GET),
            (443, f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode()),
        ):
            async with world(port=port, outdoors=Outdoors({HOST: addresses})) as here:
                answer = await here.say(request)
            assert b": address: " in answer
            assert here.codes == ["address"]
            assert here.events[0].addresses == addresses
            assert here.outdoors.dialled == []

    asyncio.run(go())


def test_a_name_is_resolved_once_and_its_first_address_dialled() -> None:
    async def go() -> None:
        class Rebinding(Outdoors):
            async def resolve(self, host: str) -> tuple[str, ...]:
                await super().resolve(host)
                return (PUBLIC, OTHER) if len(self.resolved) == 1 else ("127.0.0.1",)

        async with world(port=80, outdoors=Rebinding()) as here:
            answer = await here.say(GET)
            assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
            assert here.outdoors.dialled == [(PUBLIC, 80, None)]
            again = await here.say(GET)
        assert b": address: " in again
        assert here.codes == ["permitted", "address"]

    asyncio.run(go())


def test_a_name_without_an_address_is_refused() -> None:
    async def go() -> None:
        async with world(port=80, outdoors=Outdoors({})) as here:
            assert b": unresolved: " in await here.say(GET)
        assert here.codes == ["unresolved"]

    asyncio.run(go())


SMUGGLING = [
    (b"GET / HTTP/1.1\r\nHost: api.example.org\r\n\r\n", "target"),
    (GET.replace(b"HTTP/1.1", b"HTTP/1.0"), "request-line"),
    (GET.replace(b"GET ", b"GET  "), "request-line"),
    (GET.replace(b"GET", b"get"), "request-line"),
    (GET.replace(b"http:", b"https:"), "target"),
    (GET.replace(b"http:", b"HTTP:"), "target"),
    (GET.replace(b"/a?b=1", b"/a/../b"), "target"),
    (GET.replace(b"/a?b=1", b"//x"), "target"),
    (GET.replace(b"//api", b"//me@api"), "target"),
    (GET.replace(b"\r\n\r\n", b"\r\nHost: api.example.org\r\n\r\n"), "doubled-field"),
    (GET.replace(b"Host: api", b"Host: evil"), "host-mismatch"),
    (GET.replace(b"Host: api.example.org\r\n", b""), "host-mismatch"),
    (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), "two-lengths"),
    (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "doubled-field"),
    (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 1, 1\r\n\r\n"), "content-length"),
    (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: +1\r\n\r\n"), "content-length"),
    (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 01\r\n\r\n"), "content-length"),
    (GET.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), "transfer-encoding"),
    (GET.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: Chunked\r\n\r\n"), "transfer-encoding"),
    (GET.replace(b"\r\n\r\n", b"\r\nX: a\r\n b\r\n\r\n"), "folded-field"),
    (GET.replace(b"\r\n\r\n", b"\r\nX : a\r\n\r\n"), "field"),
    (GET.replace(b"\r\n\r\n", b"\r\nX: a\nY: b\r\n\r\n"), "bare-line-end"),
    (GET.replace(b"\r\n\r\n", b"\r\nX: a\rY: b\r\n\r\n"), "bare-line-end"),
    (GET.replace(b"\r\n", b"\n"), "bare-line-end"),
    (GET.replace(b"\r\n\r\n", b"\r\nX: \0\r\n\r\n"), "bytes"),
    (GET.replace(b"\r\n\r\n", b"\r\nX: \xff\r\n\r\n"), "bytes"),
    (GET.replace(b"\r\n\r\n", b"\r\nX: " + b"a" * 17_000), "head-too-long"),
    (GET.replace(b"\r\n\r\n", b"\r\n" + b"X: a\r\n" * 101 + b"\r\n"), "head-too-long"),
    (b"CONNECT api.example.org HTTP/1.1\r\nHost: api.example.org\r\n\r\n", "target"),
    (b"CONNECT 93.184.216.34:443 HTTP/1.1\r\nHost: 93.184.216.34:443\r\n\r\n", "target"),
    (b"CONNECT api.example.org:0443 HTTP/1.1\r\nHost: api.example.org:0443\r\n\r\n", "target"),
    (
        b"CONNECT api.example.org:443 HTTP/1.1\r\nHost: api.example.org:443\r\nContent-Length: 3\r\n\r\nabc",
        "two-lengths",
    ),
    (b"\x16\x03\x01\x00\x05", "bytes"),
]


@pytest.mark.parametrize(("head", "code"), SMUGGLING)
def test_what_can_be_read_in_two_ways_is_refused(head: bytes, code: str) -> None:
    async def go() -> None:
        async with world(port=80) as here:
            answer = await here.say(head, end=True)
        assert f": {code}: ".encode() in answer
        assert here.codes == [code]
        assert here.outdoors.resolved == []

    asyncio.run(go())


def test_a_second_request_on_a_connection_is_never_read() -> None:
    async def go() -> None:
        seen: list[bytes] = []
        async with server(answering(ANSWER, seen)) as port, world(port=80) as here:
            here.outdoors.places[PUBLIC, 80] = port
            answer = await here.say(GET + GET.replace(b"api", b"evil"))
        assert answer.count(b"HTTP/1.1") == 1
        assert len(seen) == 1
        assert here.codes == ["permitted"]

    asyncio.run(go())


def test_a_redirection_is_a_new_connection_judged_anew() -> None:
    async def go() -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://evil.example.org/\r\nContent-Length: 0\r\n\r\n"
        async with server(answering(moved, [])) as port, world(port=80) as here:
            here.outdoors.places[PUBLIC, 80] = port
            answer = await here.say(GET)
            assert b"location: http://evil.example.org/" in answer
            refused = await here.say(GET.replace(b"api", b"evil"))
        assert b": host: " in refused
        assert here.codes == ["permitted", "host"]

    asyncio.run(go())


def test_a_client_that_does_not_say_what_it_wants_is_cut_off() -> None:
    async def go() -> None:
        async with world(port=80, budget=Budget(head=0.05)) as here:
            silent = await here.say()
            slow = await here.say(GET[:9])
        assert b": slow: " in silent
        assert b": slow: " in slow
        assert here.codes == ["slow", "slow"]
        async with world(port=80) as here:
            assert b": cut-short: " in await here.say(GET[:9], end=True)
        assert here.codes == ["cut-short"]

    asyncio.run(go())


def test_a_host_that_never_answers_is_given_up() -> None:
    async def go() -> None:
        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

        async with server(silent) as port, world(port=80, budget=Budget(idle=0.05)) as here:
            here.outdoors.places[PUBLIC, 80] = port
            assert await here.say(GET) == b""
        assert here.codes == ["permitted"]

    asyncio.run(go())


def test_bytes_are_counted_and_bounded_both_ways() -> None:
    async def go() -> None:
        big = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000
        async with (
            server(answering(big, [])) as port,
            world(port=80, budget=Budget(received=100_000)) as here,
        ):
            here.outdoors.places[PUBLIC, 80] = port
            assert len(await here.say(GET)) < 200_000
            assert b": budget: this call has received more than 100000 bytes" in await here.say(GET)
        async with server(answering(big, [])) as port, world(port=80, budget=Budget(sent=1000)) as here:
            here.outdoors.places[PUBLIC, 80] = port
            body = f"POST http://{HOST}/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 2000\r\n\r\n".encode()
            refused = await here.say(body + b"x" * 2000)
        assert b": budget: this call has sent more than 1000 bytes" in refused
        assert here.codes == ["permitted"]

    asyncio.run(go())


def test_ten_thousand_connections_are_turned_away_with_few_records() -> None:
    async def go() -> None:
        budget = Budget(connections=40, at_a_time=8, head=300)
        async with world(port=80, budget=budget) as here:

            async def knock(times: int) -> int:
                return sum([b": budget: " in await here.say() for _ in range(times)])

            held = [await here.connect() for _ in range(8)]
            await until(lambda: here.gate.begun == 8)
            turned = sum(await asyncio.gather(*(knock(100) for _ in range(100))))
            for _, writer in held:
                writer.close()
        assert turned == 10_000
        assert here.codes.count("budget") == 33
        assert len(here.events) == 41

    asyncio.run(go())


def test_what_cannot_be_recorded_is_not_dialled() -> None:
    async def go() -> None:
        def full(*_: object) -> None:
            raise JournalError(Diagnostic("log-failed", "the disk is full"))

        async with world(port=80, record=full) as here:
            allowed, refused = await here.say(GET), await here.say(GET.replace(b"api", b"evil"))
        assert b": not-recorded: " in allowed
        assert b": host: " in refused
        assert here.outdoors.dialled == []

    asyncio.run(go())


def test_a_connection_is_durable_before_it_is_dialled() -> None:
    async def go() -> None:
        durable = threading.Event()

        def slow(*_: object) -> None:
            durable.wait(10)

        async with world(port=80, record=slow) as here:
            asking = asyncio.ensure_future(here.say(GET))
            await until(lambda: here.outdoors.resolved)
            await asyncio.sleep(0.02)
            assert here.outdoors.dialled == []
            durable.set()
            assert b"502" in await asking
        assert here.outdoors.dialled == [(PUBLIC, 80, None)]

    asyncio.run(go())
