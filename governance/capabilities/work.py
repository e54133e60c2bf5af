"""What one request asks to be done: calls, and how the programs that they start hang together.

Most requests are one call, whose program is started as it is. Of several, and of globs, which only the sandbox can
expand, a plan is made that the sandbox's own runner carries out without a shell: `docs/engine.md` says how.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, assert_never

from governance.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.canonical import Json
    from governance.capabilities.call import Call
    from governance.capabilities.declaration import PathWord

__all__ = [
    "ENVIRONMENT",
    "RUNNER",
    "Arm",
    "Branches",
    "Flow",
    "Joint",
    "Opposite",
    "Output",
    "Pipe",
    "Run",
    "Start",
    "Steps",
    "Wired",
    "Work",
]

RUNNER: Final = "/usr/lib/governance/run"
"""What carries out a plan inside the sandbox."""

ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {"HOME": "/tmp", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}  # noqa: S108 - the sandbox's own
)
"""What programs have in their environment that a plan says nothing of."""

Joint: TypeAlias = Literal[";", "&&", "||"]
"""When a step runs: always, when the last one that ran succeeded, when it failed."""

Output: TypeAlias = Literal["out", "err", "null"] | int
"""Where what is written goes: to the output or the errors around, nowhere, or to the call of that number."""


class Run(NamedTuple):
    """Start the call of that number."""

    call: int


class Wired(NamedTuple):
    """`body`, reading from the call `source`, a `text`, or nothing at all where `source` is -1; its outputs go elsewhere."""

    body: Flow
    source: int | None = None
    text: str | None = None
    out: Output = "out"
    err: Output = "err"


class Pipe(NamedTuple):
    """All at the same time, the output of each the input of the next; it ends as the last one does."""

    stages: tuple[Flow, ...]


class Arm(NamedTuple):
    """A step, and when it runs."""

    joint: Joint
    flow: Flow


class Steps(NamedTuple):
    """One after the other; it ends as the last one that ran."""

    arms: tuple[Arm, ...]


class Opposite(NamedTuple):
    """It succeeds where `body` fails."""

    body: Flow


class Branches(NamedTuple):
    """The first flow whose condition succeeds, else `otherwise`; without any it succeeds."""

    branches: tuple[tuple[Flow, Flow], ...]
    otherwise: Flow | None


Flow: TypeAlias = "Run | Wired | Pipe | Steps | Opposite | Branches"


class Start(NamedTuple):
    """One call, the folder that its program is started in (none: that of the sandbox), and what is in its environment.

    `deadline` is in milliseconds.
    """

    call: Call
    folder: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    deadline: int | None = None


@dataclass(frozen=True)
class Work:
    """What one request asks to be done; each of `starts` stands in the flow once."""

    starts: tuple[Start, ...]
    flow: Flow

    @classmethod
    def of(cls, *calls: Call) -> Work:
        """Return the work that these calls are, each after the one before it has succeeded."""
        if len(calls) == 1:
            return cls((Start(calls[0]),), Run(0))
        arms = tuple(Arm("&&", Run(number)) for number in range(len(calls)))
        return cls(tuple(map(Start, calls)), Steps(arms))

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls, in the order in which they are judged."""
        return tuple(start.call for start in self.starts)

    @cached_property
    def argv(self) -> tuple[str, ...]:
        """What is started in the sandbox: the call's own program, or the runner with a plan."""
        if self._plain:
            return self.starts[0].call.argv
        plan: Json = {"calls": [_started(start) for start in self.starts], "do": _flow(self.flow)}
        return RUNNER, canonical(plan).decode()

    @cached_property
    def stdin(self) -> bytes | None:
        """What is read: by the call's program, or all that the plan gives its programs to read, one after the other."""
        if self._plain:
            return self.starts[0].call.stdin
        read = [start.call.stdin or b"" for start in self.starts]
        return b"".join(read) or None

    @cached_property
    def _plain(self) -> bool:
        call = self.starts[0].call
        if self.flow != Run(0) or self.starts[0] != Start(call) or call.capability.guarded:
            return False
        return not (call.capability.globs and any(word.glob for word in call.path_words.values()))

    def __str__(self) -> str:
        """Return the calls as the call syntax writes them."""
        return " ".join(str(call) for call in self.calls)


def _started(start: Start) -> Json:
    """Return a call as the runner is told of it; what it reads is named by its length alone."""
    call, folder, environment, deadline = start
    paths = call.path_words
    found: dict[str, Json] = {
        "argv": [_path(paths[place]) if place in paths else word for place, word in enumerate(call.argv)]
    }
    if folder is not None:
        found["folder"] = folder
    if environment:
        found["environment"] = dict(environment)
    if call.stdin is not None:
        found["reads"] = len(call.stdin)
    if deadline is not None:
        found["deadline"] = deadline
    return found


def _path(word: PathWord) -> Json:
    found: dict[str, Json] = {"path": word.path}
    if word.before:
        found["before"] = word.before
    if word.glob:
        found["glob"] = True
    return found


def _flow(flow: Flow) -> Json:
    match flow:
        case Run():
            return flow.call
        case Pipe():
            return {"pipe": [_flow(stage) for stage in flow.stages]}
        case Steps():
            return {"steps": [[arm.joint, _flow(arm.flow)] for arm in flow.arms]}
        case Opposite():
            return {"not": _flow(flow.body)}
        case Branches():
            otherwise = None if flow.otherwise is None else _flow(flow.otherwise)
            return {"if": [[_flow(when), _flow(then)] for when, then in flow.branches], "else": otherwise}
        case Wired():
            return _wired(flow)
        case _:
            assert_never(flow)


def _wired(flow: Wired) -> Json:
    found: dict[str, Json] = {"run": _flow(flow.body)}
    if flow.source is not None:
        found["in"] = flow.source
    if flow.text is not None:
        found["text"] = flow.text
    if flow.out != "out":
        found["out"] = flow.out
    if flow.err != "err":
        found["err"] = flow.err
    return found
