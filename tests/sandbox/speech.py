"""What an engine's stream holds: the engine's frames, and in those of standard output the runner's."""

from __future__ import annotations

import json

from governance.sandbox.tools import frames
from governance.sandbox.tools.frames import frame

READY = frame(frames.READY, b'{"boot":"b","kernel":"k"}')
GOOD = {"cpu": 1500, "late": False, "memory": None, "peak": 4096, "status": 0}


def engine_frame(data: bytes, stream: int = 1) -> bytes:
    """Return `data` as the engine sends it."""
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4) + data


def out(data: bytes) -> bytes:
    return frame(frames.OUT, data)


def err(data: bytes) -> bytes:
    return frame(frames.ERR, data)


def ended(**changes: object) -> bytes:
    return frame(frames.ENDED, json.dumps(GOOD | changes).encode())


def unstarted(reason: str) -> bytes:
    return frame(frames.UNSTARTED, json.dumps({"reason": reason}).encode())
