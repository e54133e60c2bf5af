"""Casbin: one policy line a rule, and its `FastEnforcer`, which looks only at the lines for the capability asked.

So the forbid stands once for each capability. The plain `Enforcer` looks at all lines, and is slower.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from casbin import FastEnforcer
from casbin.model import FastModel
from measure import Asked, main
from task import AGENT, CALLS, GROUP, KEYS, permits

if TYPE_CHECKING:
    from task import Question

_MODEL = """
[request_definition]
r = sub, act, path

[policy_definition]
p = sub, act, path, eft

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = r.act == p.act && (p.eft == "allow" && keyMatch(r.path, p.path) || p.eft == "deny" && regexMatch(r.path, p.path)) && g(r.sub, p.sub)
"""
_BY_CALL = (1,)


def made(rules: int) -> Asked:
    """Load the rules; a question is the agent, the capability and the path."""
    model = FastModel(_BY_CALL)
    model.load_model_from_text(_MODEL)
    enforcer = FastEnforcer(model, cache_key_order=_BY_CALL)
    keys = f".*({'|'.join(re.escape(end) for end in KEYS)})$"
    lines = [[GROUP, permit.call, f"{permit.folder}/*", "allow"] for permit in permits(rules)]
    enforcer.add_policies(lines + [[GROUP, call, keys, "deny"] for call in CALLS])
    enforcer.add_grouping_policy(AGENT, GROUP)

    def prepare(question: Question) -> tuple[str, str, str]:
        return AGENT, question.call, question.path

    return Asked(prepare, lambda request: enforcer.enforce(*request))


if __name__ == "__main__":
    main("casbin", made)
