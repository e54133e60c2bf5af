from __future__ import annotations

import asyncio
import ssl

import pytest

from governance.sandbox.egress.authority import Authority
from governance.sandbox.egress.outside import Internet
from tests.sandbox.egress.world import HOST, answering, server, trusting

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
GET = b"GET / HTTP/1.1\r\n\r\n"


def test_names_are_resolved_as_this_host_does() -> None:
    async def go() -> None:
        internet = Internet()
        assert {"127.0.0.1", "::1"} & set(await internet.resolve("localhost"))
        with pytest.raises(OSError, match=r".+"):
            await internet.resolve("a" * 64)
        internet.close()

    asyncio.run(go())


def test_a_host_is_dialled_in_the_clear_or_must_prove_its_name() -> None:
    async def go() -> None:
        theirs = Authority([HOST])
        internet = Internet(trusting(theirs))
        for context, name in ((None, None), (theirs.context(HOST), HOST)):
            async with server(answering(ANSWER, []), context) as port:
                stream = await internet.dial("127.0.0.1", port, name)
                await stream.write(GET)
                assert await stream.read() == ANSWER
                await stream.close(2)
                if context is not None:
                    with pytest.raises(ssl.SSLCertVerificationError):
                        await internet.dial("127.0.0.1", port, "evil.example.org")
        internet.close()

    asyncio.run(go())


def test_an_authority_vouches_for_its_own_hosts_alone() -> None:
    async def go() -> None:
        theirs = Authority(["*.example.org"])
        internet = Internet(trusting(theirs))
        for host, good in (("a.example.org", True), ("a.example.net", False)):
            async with server(answering(ANSWER, []), theirs.context(host)) as port:
                if good:
                    await (await internet.dial("127.0.0.1", port, host)).close(2)
                else:
                    with pytest.raises(ssl.SSLCertVerificationError, match="subtree"):
                        await internet.dial("127.0.0.1", port, host)
        internet.close()

    asyncio.run(go())
