"""Records as the gateway would write them, and small logs made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.canonical import digest
from governance.journal import Journal
from governance.journal.segments import lines, segments

if TYPE_CHECKING:
    from pathlib import Path

    from governance.canonical import Json

NOW = "2026-11-23T10:00:00.000Z"
LATER = "2026-11-23T10:00:01.000Z"
BUNDLE = b'{"rules":[]}'


def decision(identifier: str, verdict: str = "allow", path: str = "/workspace/src/app.py") -> dict[str, Json]:
    """Return the body of a decision on reading `path`."""
    return {
        "agent": "claude-1",
        "session": "s-1",
        "syntax": "call",
        "request": {"text": f'fs.read(path="{path}")'},
        "decision": {
            "decision": verdict,
            "code": "permitted" if verdict == "allow" else "no-permit",
            "reason": "coders read what they work on",
            "calls": [{"capability": "fs.read", "arguments": {"path": path}, "effects": [f"read {path}"]}],
            "id": identifier,
        },
    }


def outcome(identifier: str) -> dict[str, Json]:
    """Return the body of the outcome of decision `identifier`."""
    return {"id": identifier, "status": "ok", "exit": 0, "usage": {"wall_ms": 12}}


def write_log(folder: Path, pairs: int, segment_bytes: int = 1 << 26) -> None:
    """Write a sound log of 2 + 2 * `pairs` records: the beginning, a bundle, then allows and their outcomes."""
    with Journal.open(folder, now=NOW, segment_bytes=segment_bytes) as journal:
        journal.keep_bundle(digest(BUNDLE), BUNDLE)
        journal.append("bundle", NOW, {"bundle": digest(BUNDLE), "engine": None}, None)
        for number in range(pairs):
            journal.append("decision", NOW, decision(f"{number:032x}"), None)
            journal.append("outcome", NOW, outcome(f"{number:032x}"), None)


def raw_lines(folder: Path) -> list[bytes]:
    """Return all lines of the log without their line feeds."""
    return [line.data for segment in segments(folder) for line in lines(segment)]
