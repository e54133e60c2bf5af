"""One box: a container that was made, attested and started, with its runner waiting for a judged call.

Making one is the only way to it, in this order: create, attest, attach, start, hear the runner. What is asked of it
is one call after the other, and of most boxes one at all. Deadline and output cap are kept from here, by whoever
ends the box; the runner's own word is taken for nothing but how the program went.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.attest import attest
from governance.sandbox.exchange import End, Line
from governance.sandbox.plan import Owner, plan
from governance.sandbox.stream import Ended, Ready, Spoken, Unstarted

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.policy.decision import SandboxSpec
    from governance.sandbox.attest import Evidence
    from governance.sandbox.egress.link import Link
    from governance.sandbox.engine import Attachment, ContainerEngine
    from governance.sandbox.plan import ContainerPlan
    from governance.sandbox.stream import Sink
    from governance.sandbox.workspace import Workspace

__all__ = ["Box", "Key", "Place", "made"]

_PATIENCE: Final = 60.0
"""Seconds until the runner of a new box must be ready; a small share of a processor makes it slow."""

_RESET: Final = 10.0
"""Seconds that a box may take to be as it was, after a call."""

_LATER: Final = 0.5
"""Seconds after a call's deadline that its runner may take to say that it ended it."""

Key: TypeAlias = "tuple[str, tuple[int, int], tuple[tuple[str, str, tuple[int, int]], ...]]"
"""What two calls have in common that may run in the same box: the box's digest, the user, the folders mounted."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a box is made of: a specification, of which program and input do not count, its user and its folders.

    `link` is the network of the one call that the box is for, if it has one.
    """

    spec: SandboxSpec
    user: tuple[int, int]
    folders: tuple[tuple[str, Workspace], ...]
    link: Link | None = None

    @property
    def alone(self) -> bool:
        """Whether a box of it is one call's alone: the copy that it writes to is, or the network that it is on."""
        return self.spec.network is not None or any(mount.writable for mount in self.spec.mounts)

    @property
    def key(self) -> Key:
        """What is the same for all calls that a box of this place may run."""
        folders = tuple((source, each.path, each.identity) for source, each in self.folders)
        return self.spec.box_digest, self.user, folders

    def planned(self, owner: Owner) -> ContainerPlan:
        """Return the container that this is. SandboxError as of `plan`."""
        sources = {source: each.path for source, each in self.folders}
        return plan(self.spec, owner, self.user, sources, self.link)


class Box:
    """A started container; one thread at a time speaks with it."""

    def __init__(self, container: str, evidence: Evidence, attachment: Attachment, born: float) -> None:
        """Use `made`; `born` is when, in monotonic seconds.

        `used` counts its calls; at how many it was last seen waiting, and compared with its image, are the pool's to say.
        """
        self.container = container
        self.evidence = evidence
        self.born = born
        self.used = self.noted = self.compared = 0
        self.inside: Ready | None = None
        self._waits = False
        self._attachment = attachment
        self._spoken = Spoken()
        self._line = Line(attachment.streams, self._spoken, time.monotonic)

    def answers(self) -> bool:
        """Tell whether the runner is there and waits for a call, which after one may take a while."""
        try:
            return self._ready(_RESET) and self._line.quiet()
        except SandboxError:
            return False

    @property
    def gone(self) -> bool:
        """Whether a box that waits for a call has ended, or says what nobody asked."""
        return self._waits and not self._line.quiet()

    def begin(self) -> None:
        """Wait for the runner of a new box. Raises SandboxError."""
        if not self._ready(_PATIENCE):
            mend = "look whether the image has the runner of this version: `governance image build` makes it"
            raise SandboxError(Diagnostic("runner", "the sandbox's runner did not answer", help=mend))

    def _ready(self, seconds: float) -> bool:
        if not self._waits:
            answer = self._line.wait(b"", time.monotonic() + seconds)
            if answer is End.CLOSED:
                self._spoken.finish()
            if not isinstance(answer, Ready):
                return False
            self.inside, self._waits = answer, True
        return True

    def call(self, say: bytes, timeout: int, sink: Sink) -> Ended | Unstarted | End:
        """Tell the runner the frames of a call, and wait for its end. SandboxError as of `stream`.

        `timeout` is milliseconds, as the call says it too.
        """
        self.used += 1
        self._waits = False
        self._spoken.asked(sink)
        late = time.monotonic() + timeout / 1000 + _LATER
        answer = self._line.wait(say, late, lambda: sink.full)
        if answer is End.CLOSED:
            self._spoken.finish()
        if isinstance(answer, Ready):  # the stream refuses that before
            raise SandboxError(Diagnostic("runner", "the sandbox's runner spoke out of turn"))
        return End.FULL if sink.full else answer

    def close(self) -> None:
        """Close the streams, which the runner takes as its end.

        INVARIANT: done before the container is killed. An engine ends a container only once its output is taken
        or refused, so one that is killed while its output waits would not die.
        """
        self._attachment.close()


def made(
    engine: ContainerEngine,
    planned: ContainerPlan,
    attested: Callable[[Evidence], Evidence] = lambda evidence: evidence,
) -> Box:
    """Return a box of the planned container; where that fails, nothing of it is left. Raises SandboxError.

    `attested` completes and keeps the evidence before anything runs; what it raises passes through.
    """
    container = engine.create(planned)
    try:
        image = engine.image(planned.image)
        evidence = attested(attest(planned, engine.inspect(container), image, engine.socket))
        attachment = engine.attach(container)
        try:
            engine.start(container)
            box = Box(container, evidence, attachment, time.monotonic())
            box.begin()
        except BaseException:
            attachment.close()
            raise
    except BaseException:
        with suppress(SandboxError):  # the reaper's, then
            engine.remove(container)
        raise
    return box
