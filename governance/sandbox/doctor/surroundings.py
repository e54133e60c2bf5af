"""The probes of what is around a program: files, network, and what is not for it to know."""

from __future__ import annotations

from typing import Final

from governance.sandbox.doctor.probe import Probe

__all__ = ["FILES", "NETWORK", "SECRETS"]

_READ_ONLY: Final = ("EROFS",)
_NO_WRITE: Final = ("EACCES", "EROFS")
_ORDER: Final = "its kernel looks at the owner before it looks at the mount"
_NO_WAY: Final = ("ENETUNREACH",)
_NO_HOST: Final = ("EHOSTUNREACH", "ENETUNREACH")
_ROUTES: Final = "its network is its own, with another word for no way out"
_OPTIONS: Final = (
    "its kernel shows and keeps `noexec` alone; set-id files gain nothing and devices cannot be made"
)

FILES: Final = (
    Probe("files.write-root", "write into the root", _READ_ONLY, _NO_WRITE, _ORDER, gate=True),
    Probe("files.write-etc", "write into /etc", _READ_ONLY, _NO_WRITE, _ORDER),
    Probe("files.write-usr", "write into /usr", _READ_ONLY, _NO_WRITE, _ORDER),
    Probe(
        "files.write-usr-lib-governance", "write beside the sandbox's tools", _READ_ONLY, _NO_WRITE, _ORDER
    ),
    Probe("files.write-var", "write into /var", _READ_ONLY, _NO_WRITE, _ORDER),
    Probe("files.write-sys", "write into /sys", _READ_ONLY, _NO_WRITE, _ORDER),
    Probe("files.write-dev", "write into /dev", ("EACCES",)),
    Probe(
        "files.write-workspace", "write into a workspace that is to be read", _READ_ONLY, _NO_WRITE, _ORDER
    ),
    Probe("files.root-mount", "find the root mounted without `ro`", ("all",)),
    Probe("files.workspace-mount", "find the workspace mounted without `ro`", ("all",)),
    Probe(
        "files.scratch-mount",
        "find scratch without `noexec`, `nosuid`, `nodev`",
        ("all",),
        ("nosuid nodev", "all"),
        _OPTIONS,
    ),
    Probe(
        "files.shared-memory-mount",
        "find /dev/shm without `noexec`, `nosuid`, `nodev`",
        ("all",),
        ("nosuid nodev", "all"),
        _OPTIONS,
    ),
    Probe("files.mounts", "find a mount that no plan has", ("only the planned",), gate=True),
    Probe("files.propagation", "find a mount that is shared with the host", ("none",)),
    Probe("files.run-in-scratch", "run a program from scratch", ("EACCES",)),
    Probe("files.scratch-owner", "find scratch that belongs to another", ("700 mine", "1777 mine")),
    Probe("files.sockets", "find a service's socket", ("none",)),
    Probe("files.engine-socket", "find the engine's socket by its path", ("not there",)),
    Probe("files.beside-workspace", "leave the workspace by `..`", ("not there",)),
    Probe("files.absolute-path", "reach a file of the host by its path", ("not there",)),
    Probe("files.link-out", "leave the workspace by a link with a whole path", ("ENOENT",)),
    Probe("files.link-up", "leave the workspace by a link with `..`", ("ENOENT",)),
    Probe("files.hard-link", "link a workspace's file into scratch", ("EXDEV",)),
    Probe("files.give-to-root", "give a file to root", ("EPERM",)),
    Probe("files.trusted-attribute", "set an attribute that only the system may", ("EPERM", "ENOTSUP")),
    Probe("files.capability-attribute", "give a file a capability", ("EPERM", "EINVAL", "ENOTSUP")),
    Probe(
        "files.release-agent", "have the host run a program for a control group", ("not there", *_NO_WRITE)
    ),
    Probe("files.raise-own-limit", "raise its own limit of memory", ("not there", *_NO_WRITE)),
    Probe("files.first-process-root", "reach another root through the first process", ("its own",)),
)
NETWORK: Final = (
    Probe("network.interfaces", "find an interface beyond the loopback", ("lo",)),
    Probe("network.routes", "find a route", ("none",)),
    Probe("network.internet", "reach an address of the internet", _NO_WAY, _NO_HOST, _ROUTES, gate=True),
    Probe(
        "network.internet-6", "reach an address of IPv6", ("EADDRNOTAVAIL", "ENETUNREACH"), _NO_HOST, _ROUTES
    ),
    Probe("network.datagram", "send a datagram", _NO_WAY, _NO_HOST, _ROUTES),
    Probe("network.host-bridge", "reach the host by the engine's bridge", _NO_WAY, _NO_HOST, _ROUTES),
    Probe("network.metadata", "reach a cloud's metadata", _NO_WAY, _NO_HOST, _ROUTES),
    Probe("network.private-range", "reach a private network", _NO_WAY, _NO_HOST, _ROUTES),
    Probe("network.names", "have a name resolved", ("no answer",)),
    Probe("network.raw", "open a raw socket"),
    Probe("network.packet", "open a packet socket"),
    Probe("network.vsock", "open a socket to a hypervisor"),
    Probe("network.crypto", "open a socket of the kernel's cryptography"),
    Probe("network.bluetooth", "open a Bluetooth socket"),
    Probe(
        "network.new-interface",
        "make an interface",
        ("EPERM",),
        ("EACCES", "EPERM"),
        "its kernel takes no such request from anybody",
    ),
    Probe("network.host-loopback", "reach a listener on the host's loopback", ("ECONNREFUSED",)),
    Probe(
        "network.host-abstract", "reach a listener on the host that has an abstract name", ("ECONNREFUSED",)
    ),
    Probe("network.engine", "connect to the engine's socket", ("ENOENT",)),
)
SECRETS: Final = (
    Probe("secrets.environment", "find a variable that no plan has", ("only the planned",), gate=True),
    Probe("secrets.proxy", "find a proxy's address", ("none",)),
    Probe("secrets.call", "find out what its container is labelled with", ("not told",)),
    Probe("secrets.host-processes", "see a process of the host", ("none",)),
    Probe("secrets.signal-host", "signal a process of the host", ("ESRCH",)),
    Probe("secrets.passwords", "read passwords", ("unreadable", "no password")),
    Probe("secrets.home", "find keys at home", ("none",)),
    Probe("secrets.mounted", "find secrets that an engine mounted", ("none",)),
    Probe("secrets.root-home", "look into root's folder", ("EACCES",)),
    Probe("secrets.descriptors", "find a file that was left open for it", ("none",)),
    Probe("secrets.machine", "tell the host by its id", ("none told", "not the host's")),
    Probe("secrets.canary-file", "read a file of the host's", ("ENOENT",)),
    Probe("secrets.host-name", "tell the host by its name", ("its own",)),
)
