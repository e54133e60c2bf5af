"""Permitted calls near a refused one: found from the rules, always permitted, always the same."""

from __future__ import annotations

import pytest

from governance.policy.nearest import nearest_calls
from tests.policy.build import bundle_of, case_of, outcome

RULES = """
permit src { agent in coders  call fs.read  when path under "/workspace/src" and offset <= 100  sandbox reader  because "x" }
permit doc { agent in coders  call fs.list  when path == "/workspace/doc" or path under "/workspace/notes"  sandbox reader  because "x" }
permit run { agent in coders  call python.run  when module == "pytest" and path under "/workspace"  sandbox reader  because "x" }
permit bob { agent in reviewers  call fs.read  when path under "/workspace/secret"  sandbox reader  because "x" }
forbid env { call fs.*  when path matches "**/.env"  because "x" }
"""


def near(text: str, agent: str = "ann") -> list[str]:
    bundle = bundle_of(RULES)
    return [str(call) for call, _ in nearest_calls(bundle, case_of(bundle, text, agent))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            'fs.read(path="/etc/app.py", offset=5)',
            ['fs.read(path="/workspace/src/app.py", offset=5, limit=1048576)'],
        ),
        (
            'fs.read(path="/workspace/src/a", offset=500)',
            ['fs.read(path="/workspace/src/a", offset=100, limit=1048576)'],
        ),
        (
            'fs.read(path="/etc/a", offset=500)',
            ['fs.read(path="/workspace/src/a", offset=100, limit=1048576)'],
        ),
        ('fs.list(path="/etc")', ['fs.list(path="/workspace/notes/etc")']),
        (
            'python.run(module="unittest", path="/workspace/t")',
            ['python.run(module="pytest", path="/workspace/t")'],
        ),
        ('fs.read(path="/workspace/src/.env")', []),
        ('fs.delete(path="/a")', []),
    ],
)
def test_as_little_is_changed_as_a_permit_asks_for(text: str, found: list[str]) -> None:
    assert near(text) == found
    assert all(outcome(bundle_of(RULES), each).startswith("permitted") for each in found)


def test_nothing_is_told_of_what_others_may_do() -> None:
    assert not any("secret" in each for each in near('fs.read(path="/etc/a")'))
    assert any("secret" in each for each in near('fs.read(path="/etc/a")', "bob"))
