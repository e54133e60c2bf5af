"""This engine, asked with calls that are bound to their types."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Asked, main
from task import AGENT, CALLS, GROUP, permits

from governance.library import load_policies
from governance.policy import State
from governance.policy.case import Case, session_key
from governance.policy.compiled import Compiled
from governance.policy.decision import Code
from governance.request import Origin, parse_request
from governance.request.bind import bind
from governance.request.surface import read_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from task import Question

    from governance.policy import Bundle

_HEAD = f"""
agent "{AGENT}" {{ groups {GROUP}  workspace "repos/web" }}
sandbox reader {{ image "governance/base"  mount workspace at "/workspace" read-only }}
forbid keys {{ call paper.*  when path matches ["**/.env", "**/*.pem", "**/id_rsa"]  because "keys are not for agents" }}
"""
_CAPABILITY = """
capability {name} "Read {name}" {{ path: Path  effects {{ read path }}  argv {{ /usr/bin/true $path }}  returns text }}
"""
_IN_A_FILE = 1000
"""How many rules a file holds; a policy file has a bound."""


def ours(bundle: Bundle) -> Callable[[Case], bool]:
    """Return the evaluator that is measured."""
    decide = Compiled(bundle)
    return lambda case: decide(case).code is Code.PERMITTED


def made(rules: int) -> Asked:
    """Load the rules; a question is a typed call of a known agent, before any other."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = _bundle(rules, Path(folder))
    lineage, session, state = bundle.lineage(bundle.agents[AGENT]), session_key(AGENT, ""), State()

    def prepare(question: Question) -> Case:
        request = parse_request(f'{question.call}(path="{question.path}")'.encode(), Origin(AGENT))
        return Case(bind(read_call(request), bundle.capabilities), lineage, session, 0, state)

    return Asked(prepare, ours(bundle))


def _bundle(rules: int, folder: Path) -> Bundle:
    (folder / "head.policy").write_text("".join(_CAPABILITY.format(name=name) for name in CALLS) + _HEAD)
    texts = [
        f"permit p{number} {{ agent in {GROUP}  call {permit.call}  when path under "
        f'"{permit.folder}"  sandbox reader  because "team {number}" }}'
        for number, permit in enumerate(permits(rules))
    ]
    for first in range(0, len(texts), _IN_A_FILE):
        some = "\n".join(texts[first : first + _IN_A_FILE])
        (folder / f"part{first}.policy").write_text(f'import "head.policy"\n{some}')
    return load_policies(folder)


if __name__ == "__main__":
    main("capability-governance", made)
