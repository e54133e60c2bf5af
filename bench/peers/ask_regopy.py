"""Rego through regopy: compiled to a bundle once, asked for one entry point.

In the form `rules` each permit is a rule, as policies are mostly written. In the form `data` one rule goes through
folders that its author has put under their capability in a document: faster, and an index made by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from measure import Asked, main
from regopy import Input, Interpreter
from task import AGENT, CALLS, GROUP, KEYS, permits

if TYPE_CHECKING:
    from task import Question

_HEAD = """package gate
import rego.v1
default allow := false
allow if { permitted; not forbidden }
"""
_DATA = """permitted if {{
    "{group}" in data.groups[input.agent]
    some folder in data.folders[input.call]
    startswith(input.path, folder)
}}"""
_RULE = (
    'permitted if {{ input.call == "{call}"; "{group}" in data.groups[input.agent]; '
    'startswith(input.path, "{folder}/") }}'
)


def made(rules: int, form: str) -> Asked:
    """Compile the rules; a question is an input document."""
    rego, given = Interpreter(), permits(rules)
    lines = [f'forbidden if endswith(input.path, "{end}")' for end in KEYS]
    document: dict[str, object] = {"groups": {AGENT: [GROUP]}}
    if form == "data":
        document["folders"] = {
            call: [f"{permit.folder}/" for permit in given if permit.call == call] for call in CALLS
        }
        lines.append(_DATA.format(group=GROUP))
    else:
        lines += (_RULE.format(call=permit.call, group=GROUP, folder=permit.folder) for permit in given)
    rego.add_data(document)
    rego.add_module("gate", _HEAD + "\n".join(lines))
    bundle = rego.build(None, ["gate/allow"])

    def prepare(question: Question) -> Input:
        return Input({"agent": AGENT, "call": question.call, "path": question.path})

    def allows(ready: Input) -> bool:
        rego.set_input(ready)
        allowed: bool = rego.query_bundle_entrypoint(bundle, "gate/allow")[0][0]
        return allowed

    return Asked(prepare, allows)


if __name__ == "__main__":
    main("regopy", made)
