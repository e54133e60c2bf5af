"""Calls that are asked for together: the strictest verdict counts for all, and it is all or nothing."""

from __future__ import annotations

import pytest

from governance.policy.change import Carry, Count
from governance.policy.compiled import compiled
from governance.policy.evaluate import evaluate
from governance.policy.together import judge_together
from tests.policy.build import bundle_of, call_of, case_of

RULES = """
permit read { agent any  call fs.*, git.log  sandbox reader  because "x" }
forbid keys { call fs.read  when path matches "**/.env"  because "x" }
ask list { call fs.list  because "x" }
limit two { call fs.read  at most 2 per 1h }
limit tries { call fs.search  at most 1 per 1h  counting attempted }
label seen { call fs.read }
forbid after { call fs.delete  when session carries seen  because "x" }
"""


@pytest.mark.parametrize(
    ("calls", "code", "changes"),
    [
        (["read a", "read b"], "permitted", [Count, Carry, Count]),
        (["read a", "read b", "read c"], "over-limit", []),
        (["read a", "list b"], "needs-approval", []),
        (["list a", "read .env"], "forbidden", []),
        (["read a", "read .env"], "forbidden", []),
        (["read a", "delete b"], "forbidden", []),
        (["delete b", "read a"], "permitted", [Count, Carry]),
        (["search a", "read .env"], "forbidden", [Count]),
        (["search a", "search b"], "over-limit", [Count, Count]),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_all_or_nothing(calls: list[str], code: str, changes: list[type], fast: bool) -> None:
    bundle = bundle_of(RULES)
    judge = compiled(bundle) if fast else lambda case: evaluate(bundle, case)
    texts = {"search": 'fs.search(path="/{}", text="x")'}
    asked = [
        call_of(bundle, texts.get(verb, f'fs.{verb}(path="/{{}}")').format(name))
        for verb, name in (call.split() for call in calls)
    ]
    first = case_of(bundle, str(asked[0]))
    together = judge_together(bundle, judge, first, *asked[1:])
    assert together.ruling.code.value == code
    assert len(together.rulings) == len(together.cases) == len(calls)
    assert [type(change) for change in together.changes] == changes
