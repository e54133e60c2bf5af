"""Cedar through cedarpy: policies and entities parsed once, one policy a rule, one call of `is_authorized` a question.

The path is in the context, as JSON text: an entity of its own for each path would be slower to make.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cedarpy import Entities, PolicySet, is_authorized
from measure import Asked, main
from task import AGENT, GROUP, KEYS, permits

if TYPE_CHECKING:
    from task import Question


def made(rules: int) -> Asked:
    """Parse the rules and who is in which group; a question is a request as `is_authorized` takes it."""
    keys = " || ".join(f'context.path like "*{end}"' for end in KEYS)
    texts = [f"forbid (principal, action, resource) when {{ {keys} }};"]
    texts += (
        f'permit (principal in Group::"{GROUP}", action == Action::"{permit.call}", resource) '
        f'when {{ context.path like "{permit.folder}/*" }};'
        for permit in permits(rules)
    )
    policies = PolicySet.from_str("\n".join(texts))
    entities = Entities.from_json_str(
        json.dumps([_entity("Agent", AGENT, ("Group", GROUP)), _entity("Group", GROUP)])
    )

    def prepare(question: Question) -> dict[str, object]:
        return {
            "principal": {"type": "Agent", "id": AGENT},
            "action": {"type": "Action", "id": question.call},
            "resource": {"type": "Workspace", "id": "repos/web"},
            "context": json.dumps({"path": question.path}),
        }

    return Asked(prepare, lambda request: is_authorized(request, policies, entities).allowed)


def _entity(kind: str, name: str, *parents: tuple[str, str]) -> dict[str, object]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {},
        "parents": [{"type": of, "id": parent} for of, parent in parents],
    }


if __name__ == "__main__":
    main("cedarpy", made)
