"""The probes of limits, of agents beside each other, of the stream, and of what the host sees."""

from __future__ import annotations

from typing import Final

from governance.sandbox.doctor.probe import Probe

__all__ = ["AGENTS", "HOST", "LIMITS", "STREAM"]

_OWN_SCHEDULER: Final = "its kernel schedules its own processes; the host's view of them stays as it is"
_SENTRY: Final = "the process is gVisor's kernel, confined by its own means"

LIMITS: Final = (
    Probe("limits.memory", "use more memory than its limit", ("ended",)),
    Probe("limits.swap", "use swap once memory is full", ("ended",)),
    Probe(
        "limits.processes",
        "start processes without end",
        ("refused",),
        ("ended", "refused"),
        "its kernel ends once the host gives it no more processes",
    ),
    Probe("limits.processor", "use a whole processor", ("limited",)),
    Probe("limits.output", "write without end", ("stopped",)),
    Probe("limits.deadline", "outlive its time, deaf to signals", ("killed",)),
    Probe("limits.background", "leave a program running when it ends", ("ended",)),
    Probe("limits.paused", "be left over because it is paused", ("removed",)),
    Probe("limits.scratch-bytes", "write more into scratch than its size", ("ENOSPC",)),
    Probe("limits.shared-memory-bytes", "write more into /dev/shm than its size", ("ENOSPC",)),
    Probe("limits.file-size", "make a file longer than the limit", ("EFBIG",)),
    Probe("limits.sparse-file", "make a file of a terabyte with nothing in it", ("EFBIG",)),
    Probe("limits.descriptors", "open files without end", ("fewer than 1024",)),
    Probe("limits.core", "leave a core file", ("0 0",)),
    Probe("limits.user-processes", "have no limit of processes", ("4096 4096",)),
    Probe("limits.raise-descriptors", "raise its limit of open files", ("refused",)),
    Probe("limits.raise-core", "raise its limit of core files", ("refused",)),
    Probe(
        "limits.kill-score",
        "be spared when memory runs out",
        ("500",),
        ("0", "500"),
        "the host's view is host.kill-score",
    ),
    Probe("limits.lower-kill-score", "lower its score", ("EACCES",), ("done", "EACCES"), _OWN_SCHEDULER),
    Probe(
        "limits.priority",
        "run before others",
        ("EACCES", "EPERM"),
        ("done", "EACCES", "EPERM"),
        _OWN_SCHEDULER,
    ),
    Probe("limits.real-time", "run in real time", ("EPERM",), ("EINVAL", "EPERM"), _OWN_SCHEDULER),
)
AGENTS: Final = (
    Probe("agents.scratch", "see a neighbour's scratch", ("not there",)),
    Probe("agents.shared-memory-files", "see a neighbour's /dev/shm", ("not there",)),
    Probe("agents.shared-memory", "attach a neighbour's shared memory", ("ENOENT",)),
    Probe("agents.abstract-socket", "reach a neighbour's socket by its abstract name", ("ECONNREFUSED",)),
    Probe("agents.loopback", "reach a neighbour's port", ("ECONNREFUSED",)),
    Probe("agents.processes", "see a neighbour's processes", ("none",)),
    Probe("agents.workspace", "reach a neighbour's workspace", ("not there",)),
    Probe("agents.own-workspace", "find more in its workspace than was laid out", ("out seen up",)),
    Probe(
        "agents.namespaces",
        "share a namespace with a neighbour",
        ("user", "none"),
        ("pid cgroup", "cgroup", "none"),
        "its processes are told apart by its kernel, whose own process is one of the host's",
    ),
    Probe("agents.left-behind", "find what an earlier sandbox wrote", ("clean",)),
    Probe("agents.memory", "harm a neighbour by filling its own memory", ("unaffected",)),
)
STREAM: Final = (
    Probe("stream.hostile-output", "forge frames, an outcome and an exit code in its output", ("as text",)),
    Probe("stream.unread-input", "hold its caller by reading no input", ("ended",)),
    Probe("stream.unknown-stream", "a frame of a stream that is none", ("refused",)),
    Probe("stream.garbage", "something that is no frame", ("refused",)),
    Probe("stream.cut-header", "an end within a header", ("refused",)),
    Probe("stream.cut-frame", "an end within a frame", ("refused",)),
    Probe("stream.long-frame", "a frame of four gigabytes that never comes", ("refused",)),
    Probe("stream.too-much", "more output than is kept", ("full",)),
)
HOST: Final = (
    Probe("host.attested", "be another container than the planned one", ("as planned",)),
    Probe(
        "host.program",
        "run as another program on the host than its tier's",
        ("python",),
        ("runsc",),
        _SENTRY,
        gate=True,
    ),
    Probe("host.identity", "be root on the host", ("not root",)),
    Probe(
        "host.capabilities",
        "hold capabilities on the host",
        ("none",),
        ("CapInh CapPrm CapEff CapBnd CapAmb", "none"),
        "it holds them in a user namespace of its own (host.namespaces), not on the host",
    ),
    Probe("host.no-new-privileges", "be without the bar on new privileges", ("1",)),
    Probe("host.filter", "be without a filter", ("2",)),
    Probe(
        "host.namespaces",
        "share a namespace with the host",
        ("user", "none"),
        ("pid cgroup", "cgroup", "none"),
        "its process is one of the host's, in a user namespace of its own; what runs in it is not",
    ),
    Probe("host.memory", "have another limit of memory than planned", ("as planned",)),
    Probe("host.processes", "have another limit of processes than planned", ("as planned",)),
    Probe("host.processor", "have another share of the processor than planned", ("as planned",)),
    Probe("host.kill-score", "be spared when the host's memory runs out", ("500",)),
    Probe("host.core", "leave a core file on the host", ("0",), ("unlimited", "0"), _SENTRY),
    Probe("host.root", "have a writable root", ("read-only",)),
    Probe("host.listeners", "have reached a listener of the host", ("not reached",)),
    Probe("host.laid-out", "have changed what the host laid out", ("unchanged",)),
)
