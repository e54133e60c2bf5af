"""Generated policies that the benchmarks share."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from governance.library import load_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from governance.policy import Bundle

__all__ = ["bundle_of", "write_policies"]

_HEAD = """
agent "claude-1" { groups coders  workspace "repos/web" }
let keys = ["**/.env", "**/*.pem", "**/id_rsa"]
sandbox reader { image "governance/base"  mount workspace at "/workspace" read-only }
permit read { agent in coders  call fs.read  when path under "/workspace/all"  sandbox reader  because "work" }
forbid keys { call fs.*  when path matches keys  because "keys are not for agents" }
"""
_CALLS = (
    "fs.read",
    "fs.list",
    "fs.search",
    "fs.write",
    "fs.edit",
    "fs.delete",
    "git.log",
    "git.diff",
    "git.show",
    "git.status",
)


def bundle_of(rules: int, folder: Path) -> Bundle:
    """Return the bundle of the policies that `write_policies` writes."""
    write_policies(rules, folder)
    return load_policies(folder)


def write_policies(rules: int, folder: Path) -> None:
    """Write policies of `rules` rules: permits for ten capabilities in turn, each for a folder of its own."""
    permits = (
        f"permit p{number} {{ agent in coders  call {_CALLS[number % 10]}  when {_parameter(number)} under "
        f'"/workspace/team{number}"  sandbox reader  because "team {number}" }}'
        for number in range(rules - 2)
    )
    (folder / "bench.policy").write_text(_HEAD)
    for number, some in enumerate(batched(permits, 1000)):
        text = 'import "bench.policy"\n' + "\n".join(some)
        (folder / f"part{number}.policy").write_text(text)


def batched(items: Iterable[str], size: int) -> Iterator[tuple[str, ...]]:
    """Yield `items` in tuples of `size`; a policy file has a bound."""
    waiting = iter(items)
    while found := tuple(islice(waiting, size)):
        yield found


def _parameter(number: int) -> str:
    return "repo" if _CALLS[number % 10].startswith("git") else "path"
