"""What fuzzing begins with: inputs that each parser reads, and the words of the grammars."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from lark import Lark

from governance import grammar, resources
from governance.canonical import canonical
from governance.policy.stored import make_bundle
from tests.fuzz.targets import CALLS
from tests.journal.samples import decision, raw_lines, write_log
from tests.laws.test_fuzz import SPLICES, samples
from tests.policy.test_chunks import chunks, library
from tests.request.shell import corpora

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["dictionary", "seeds"]

GRAMMARS: Final = ("call", "json", "policy", "shell")


def dictionary() -> str:
    """Return a dictionary in libFuzzer's form: every keyword and sign of the grammars, and pieces that break texts."""
    words = {text.encode() for name in GRAMMARS for text in _keywords(name)} | set(SPLICES)
    return "".join(f'"{_escaped(word)}"\n' for word in sorted(words))


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _keywords(name: str) -> Iterable[str]:
    made = Lark(grammar.text(name), parser="lalr", import_paths=[str(resources.folder("grammars"))])
    for terminal in made.terminals:
        if terminal.pattern.type == "str":
            yield terminal.pattern.value


def seeds(target: str) -> tuple[bytes, ...]:
    """Return inputs for `target`, none twice, shortest first: it is with these that most is found soonest."""
    found = _SEEDS.get(target, _requests)()
    return tuple(sorted(set(found), key=lambda each: (len(each), each)))


def _requests() -> Iterable[bytes]:
    return samples()[::6]


def _policies() -> Iterable[bytes]:
    texts = [chunk for _, chunk in chunks()]
    return [re.sub(r" *# (?:ERROR|WARNING).*", "", text).encode() for text in texts]


def _calls() -> Iterable[bytes]:
    return [call.encode() for call in CALLS] + [line for line in samples() if line[:1] not in b"{["][::4]


def _command_lines() -> Iterable[bytes]:
    return [text.encode() for name in corpora.NAMES for text in corpora.commands(name)][::12]


def _sentences() -> Iterable[bytes]:
    return [
        b"read the file /workspace/a.py",
        b"please list /workspace",
        b'could you search for "a b" in /workspace',
        b"list /workspace",
    ]


def _patches() -> Iterable[bytes]:
    return [
        b"*** Begin Patch\n*** Add File: a\n+x\n*** End Patch\n",
        b"*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@ x\n-y\n+z\n*** End of File\n*** End Patch",
        b"*** Begin Patch\n*** Delete File: a\n*** End Patch",
    ]


def _values() -> Iterable[bytes]:
    return [
        b"/workspace/src/a.py",
        b"src/**/*.py",
        b"api.example.org",
        b"https://example.org:8443/a?b=c",
        b"ann@example.org",
        b"10.0.0.0/8",
        b"2001:db8::/32",
        b"64KiB",
        b"30s",
        b"500.25",
        b"2026-11-23T10:00:00.000Z",
        b"a",
    ]


def _globs() -> Iterable[bytes]:
    return [b"/a/**/b*\n/a/x/bc\n/**/*c", b"**/*.env\n/w/.env\n/w/**", b"/*a*b*\n/xaybz\n/**", b"/**\n/\n/"]


def _lines() -> list[bytes]:
    with TemporaryDirectory() as folder:
        write_log(Path(folder), 2)
        return raw_lines(Path(folder))


def _segments() -> Iterable[bytes]:
    lines = _lines()
    whole = b"".join(line + b"\n" for line in lines)
    return [b"", whole, whole[:-7], b"".join(line + b"\n" for line in lines[:2]), whole + lines[1] + b"\n"]


def _bodies() -> Iterable[bytes]:
    bodies = [decision("0" * 32), {**decision("1" * 32), "request": {"base64": "/w=="}}]
    return [canonical(body) for body in bodies]


def _stored() -> Iterable[bytes]:
    small = {"a.policy": 'let a = "b"\n'}
    return [make_bundle(library(), small).stored, b'{"sources":{"a.policy":"let a = 1"}}', b"{}"]


_SEEDS: Final[Mapping[str, Callable[[], Iterable[bytes]]]] = {
    "bundle": lambda: list(_policies())[::8],
    "call": _calls,
    "command_line": _command_lines,
    "evidence": _bodies,
    "glob": _globs,
    "patch": _patches,
    "policy": _policies,
    "record": _lines,
    "segment": _segments,
    "sentence": _sentences,
    "stored": _stored,
    "value": _values,
}
"""What is not here begins with requests."""
