"""Whatever leads out, or to the host, or to a neighbour."""

from __future__ import annotations

import socket
import struct
from typing import Any

from governance.sandbox.doctor.inside.base import PROBES, TOLD, attempt, listing, read  # joined

SECONDS = 2.0
NEW_LINK, REQUEST_CREATE = 16, 0x0605


def reach(family: int, address: Any, kind: int = socket.SOCK_STREAM) -> str:
    def connect() -> None:
        with socket.socket(family, kind) as outward:
            outward.settimeout(SECONDS)
            outward.connect(address)

    return attempt(connect)


def opened(family: int, kind: int, protocol: int = 0) -> str:
    def make() -> None:
        socket.socket(family, kind, protocol).close()

    return attempt(make)


def resolved() -> str:
    try:
        socket.getaddrinfo("example.org", 443)
    except socket.gaierror:
        return "no answer"
    return "answered"


def interfaces() -> str:
    try:
        found = listing("/sys/class/net")
    except OSError:
        found = [name for _, name in socket.if_nameindex()]
    return " ".join(found) or "none"


def routes() -> str:
    try:
        lines = read("/proc/net/route").splitlines()[1:]
    except OSError:
        return "none"
    return "none" if all(line.startswith("lo\t") for line in lines) else "some"


def new_interface() -> str:
    """Ask the kernel for an interface of its own (rtnetlink(7), RTM_NEWLINK), and read its answer."""
    kind = struct.pack("HH5sxxx", 9, 1, b"dummy")
    info = struct.pack("HH", 4 + len(kind), 18) + kind
    body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + info
    head = struct.pack("IHHII", 16 + len(body), NEW_LINK, REQUEST_CREATE, 1, 0)

    def ask() -> int:
        with socket.socket(16, socket.SOCK_RAW, 0) as netlink:
            netlink.settimeout(SECONDS)
            netlink.send(head + body)
            number: int = -struct.unpack_from("i", netlink.recv(4096), 16)[0]
        if number:
            raise OSError(number, "refused")
        return 0

    return attempt(ask)


PROBES["network.interfaces"] = interfaces
PROBES["network.routes"] = routes
PROBES["network.internet"] = lambda: reach(socket.AF_INET, ("192.0.2.1", 443))
PROBES["network.internet-6"] = lambda: reach(socket.AF_INET6, ("2001:db8::1", 443))
PROBES["network.datagram"] = lambda: reach(socket.AF_INET, ("192.0.2.1", 53), socket.SOCK_DGRAM)
PROBES["network.host-bridge"] = lambda: reach(socket.AF_INET, ("172.17.0.1", 2375))
PROBES["network.metadata"] = lambda: reach(socket.AF_INET, ("169.254.169.254", 80))
PROBES["network.private-range"] = lambda: reach(socket.AF_INET, ("10.0.0.1", 22))
PROBES["network.names"] = resolved
PROBES["network.raw"] = lambda: opened(socket.AF_INET, socket.SOCK_RAW, 1)
PROBES["network.packet"] = lambda: opened(17, socket.SOCK_RAW, 0x300)
PROBES["network.vsock"] = lambda: opened(40, socket.SOCK_STREAM)
PROBES["network.crypto"] = lambda: opened(38, socket.SOCK_SEQPACKET)
PROBES["network.bluetooth"] = lambda: opened(31, socket.SOCK_RAW)
PROBES["network.new-interface"] = new_interface
PROBES["network.host-loopback"] = lambda: reach(socket.AF_INET, ("127.0.0.1", TOLD["port"]))
PROBES["network.host-abstract"] = lambda: reach(socket.AF_UNIX, "\0" + TOLD["abstract"])
PROBES["network.engine"] = lambda: reach(socket.AF_UNIX, TOLD["socket"])
