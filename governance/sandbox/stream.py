"""What arrives from a container, read as hostile input: the engine's frames, and in them the runner's.

The engine sends frames (Engine API, "Attach to a container", stream format): one byte for the stream, three
zero bytes, a length of four bytes, the bytes. Those of standard output are the runner's own frames
(`tools.frames`); a runner writes nothing to standard error unless it fails, and what it writes is told once the
stream has ended: the engine may bring it before what was written earlier. Nothing here reads a socket.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from governance.errors import Diagnostic, SandboxError
from governance.sandbox.tools import frames
from governance.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Answer", "Capture", "Ended", "Pieces", "Ready", "Sink", "Spoken", "Unstarted", "call_frames"]

_HEADER: Final = 8
_STREAMS: Final = (b"\0\0\0\0", b"\1\0\0\0", b"\2\0\0\0")
"""Standard input (which engines never send), output and error, as the first half of a header."""

_CLIP: Final = 300
_MOST_FAILURE: Final = 16 * 2**10
"""So many bytes of its failure a runner may tell."""

_OPENED: Final = frames.FIRST_WINDOW // 4
"""So many bytes are taken before the window is opened by as many."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The runner waits for a call; `boot` and `kernel` are the ones that it sees, the first None where none is told."""

    boot: str | None
    kernel: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A call is over: its program's `status` as a shell tells it, and what all its processes used.

    `cpu` is microseconds, `peak` the bytes of the largest process. `late` says that the runner ended it at its
    deadline, `memory` that the kernel ended a process for the sandbox's memory (None: it does not say).
    """

    status: int
    cpu: int
    peak: int
    late: bool
    memory: bool | None


@dataclass(frozen=True, slots=True)
class Unstarted:
    """The program could not be started; the kernel's reason."""

    reason: str


Answer: TypeAlias = Ready | Ended | Unstarted
"""What ends waiting."""


class Sink(Protocol):
    """What takes a call's output: `stream` is 1 for standard output, 2 for errors."""

    @property
    def full(self) -> bool:
        """Whether more came than may."""

    def take(self, stream: int, piece: bytes) -> None:
        """Take the next bytes of a stream."""


class Capture:
    """The first `most` bytes of both streams together, and how many arrived."""

    def __init__(self, most: int) -> None:
        self.arrived = 0
        self._most = most
        self._kept: tuple[bytearray, bytearray] = (bytearray(), bytearray())

    @property
    def full(self) -> bool:
        """Whether more arrived than is kept."""
        return self.arrived > self._most

    @property
    def stdout(self) -> str:
        """What is kept of standard output; bytes that are not UTF-8 are shown as escapes."""
        return self._kept[0].decode("utf-8", "backslashreplace")

    @property
    def stderr(self) -> str:
        """What is kept of standard error; bytes that are not UTF-8 are shown as escapes."""
        return self._kept[1].decode("utf-8", "backslashreplace")

    def take(self, stream: int, piece: bytes) -> None:
        """Keep what there is room for."""
        room = max(0, self._most - self.arrived)
        self.arrived += len(piece)
        if stream:
            self._kept[stream - 1].extend(piece[:room])


class Pieces:
    """The engine's stream of one container, taken apart: which of its streams, and what came on that."""

    def __init__(self) -> None:
        """Expect a frame."""
        self._header = bytearray()
        self._stream = 0
        self._missing = 0

    @property
    def within(self) -> bool:
        """Whether the stream is in the middle of a frame."""
        return bool(self._missing or self._header)

    def feed(self, data: bytes) -> Iterator[tuple[int, memoryview]]:
        """Take the next bytes, cut wherever the socket cut them; yield the stream (0 to 2) and a piece of it.

        Raises SandboxError `stream` if they are no frames of the engine's.
        """
        view = memoryview(data)
        while view:
            if self._missing:
                piece, view = view[: self._missing], view[self._missing :]
                self._missing -= len(piece)
                yield self._stream, piece
            else:
                piece, view = view[: _HEADER - len(self._header)], view[_HEADER - len(self._header) :]
                self._header += piece
                self._begin()

    def finish(self) -> None:
        """Say that the stream has ended. SandboxError `stream` if it did within a frame."""
        if self.within:
            raise _refusal("stream", "the stream ended within a frame")

    def _begin(self) -> None:
        """Begin a frame once its header is whole."""
        if len(self._header) < _HEADER:
            return
        kind, length = bytes(self._header[:4]), int.from_bytes(self._header[4:])
        if kind not in _STREAMS:
            raise _refusal("stream", "the engine's stream holds something that is not a frame")
        self._stream, self._missing = _STREAMS.index(kind), length
        self._header.clear()


class Spoken:
    """The stream of one container, taken apart: what may come next depends on what was asked."""

    def __init__(self) -> None:
        """Expect the runner to say that it is ready."""
        self._frames = frames.Frames(frames.TO_GATEWAY)
        self._pieces = Pieces()
        self._failure = bytearray()
        self._sink: Sink | None = None
        self._ready = False
        self._window = 0
        self._taken = 0

    @property
    def within(self) -> bool:
        """Whether the stream is in the middle of something."""
        return self._pieces.within or self._frames.within

    def asked(self, sink: Sink) -> None:
        """Say that a call was sent, whose output goes to `sink`."""
        self._sink, self._ready = sink, False
        self._window, self._taken = frames.FIRST_WINDOW, 0

    def opened(self) -> bytes:
        """Return the frame that opens the window by what was taken, once that is enough, else nothing."""
        if self._taken < _OPENED or self._sink is None:
            return b""
        more, self._taken = self._taken, 0
        self._window += more
        return frames.frame(frames.WINDOW, more.to_bytes(4, "big"))

    def feed(self, data: bytes) -> Iterator[Answer]:
        """Take the next bytes, cut wherever the socket cut them; yield what ends waiting.

        Raises SandboxError: `stream` if they are no frames of the engine's, `runner` for what no runner says.
        """
        for stream, piece in self._pieces.feed(data):
            yield from self._said(stream, piece)

    def finish(self) -> None:
        """Say that the stream has ended. SandboxError: `runner` if it told a failure, `stream` within a frame."""
        if self._failure:
            text = shown(self._failure.decode("utf-8", "backslashreplace").strip())
            raise _refusal("runner", f"the sandbox's runner failed: {text[-_CLIP:]}")
        if self.within:
            raise _refusal("stream", "the stream ended within a frame")

    def _said(self, stream: int, piece: memoryview) -> Iterator[Answer]:
        if stream != 1:
            self._failure += piece
            if len(self._failure) > _MOST_FAILURE:
                self.finish()
            return
        try:
            for kind, body in self._frames.feed(piece):
                answer = self._heard(kind, body)
                if answer is not None:
                    yield answer
        except ValueError as error:
            message = f"the sandbox's runner was not understood: {shown(str(error))[:_CLIP]}"
            raise _refusal("runner", message) from error

    def _heard(self, kind: int, body: bytes) -> Answer | None:
        """Take one frame of the runner's; whatever may not come now is refused."""
        if self._sink is None:
            if kind != frames.READY or self._ready:
                raise ValueError("it speaks out of turn")
            self._ready = True
            return _ready(body)
        if kind in (frames.OUT, frames.ERR):
            self._window -= len(body)
            if self._window < 0:
                raise ValueError("it sends more than it may")
            self._taken += len(body)
            self._sink.take(1 if kind == frames.OUT else 2, body)
            return None
        if kind == frames.READY:
            raise ValueError("it speaks out of turn")
        self._sink = None
        return _ended(body) if kind == frames.ENDED else Unstarted(_text(_object(body, "reason")["reason"]))


def call_frames(argv: tuple[str, ...], stdin: bytes | None, deadline: int, *, again: bool) -> bytes:
    """Return what tells the runner to start `argv`, reading `stdin`, for `deadline` milliseconds at most.

    `again` says that the runner is to be ready for another call afterwards. Raises SandboxError for what cannot
    be a program's arguments, or is too long.
    """
    whole = "".join(argv)
    if not argv or not argv[0] or "\0" in whole or any("\ud800" <= letter <= "\udfff" for letter in whole):
        mend = "a program's name and its arguments are text without NUL and without lone surrogates"
        raise SandboxError(Diagnostic("argv", "these arguments cannot be given to a program", help=mend))
    read = None if stdin is None else len(stdin)
    body = json.dumps({"again": again, "argv": argv, "deadline": deadline, "input": read}).encode()
    if len(body) > frames.MOST_CALL or (read or 0) > frames.MOST_INPUT:
        mend = f"a call has at most {frames.MOST_CALL} bytes, its input at most {frames.MOST_INPUT}"
        raise SandboxError(Diagnostic("call-too-long", "this call is too long for a sandbox", help=mend))
    data = stdin or b""
    pieces = (data[at : at + frames.PIECE] for at in range(0, len(data), frames.PIECE))
    return b"".join([frames.frame(frames.CALL, body), *(frames.frame(frames.INPUT, each) for each in pieces)])


def _ready(body: bytes) -> Ready:
    found = _object(body, "boot", "kernel")
    boot = found["boot"]
    return Ready(None if boot is None else _text(boot), _text(found["kernel"]))


def _ended(body: bytes) -> Ended:
    found = _object(body, "cpu", "late", "memory", "peak", "status")
    late, memory = found["late"], found["memory"]
    if not isinstance(late, bool) or not (memory is None or isinstance(memory, bool)):
        raise ValueError("a flag is no flag")
    counts = (_count(found["status"], 255), _count(found["cpu"], 2**53), _count(found["peak"], 2**53))
    return Ended(*counts, late, memory)


def _object(body: bytes, *names: str) -> Mapping[str, object]:
    """Return the JSON object `body`, which has exactly these fields. Raises ValueError."""
    try:
        found = json.loads(body.decode())
    except RecursionError:
        raise ValueError("a report is nested too deeply") from None
    if not isinstance(found, dict) or sorted(found) != sorted(names):
        raise ValueError("a report has other fields than it must")
    return found


def _count(value: object, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("a number is none, or out of range")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _CLIP:
        raise ValueError("a text is none, or too long")
    return shown(value)


def _refusal(code: str, message: str) -> SandboxError:
    mend = (
        "nothing more is taken from this sandbox, which is ended; look at the image and the engine's version"
    )
    return SandboxError(Diagnostic(code, message, help=mend))
