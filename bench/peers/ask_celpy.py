"""CEL in Python, cel-python: expressions compiled to Python by its `CompiledRunner`, the faster of its two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celpy import CompiledRunner, Environment, json_to_cel
from expressions import decided, forbid, permitting
from measure import Asked, main
from task import GROUP

if TYPE_CHECKING:
    from task import Question


def made(rules: int) -> Asked:
    """Compile the rules; a question is variables in CEL's types."""
    environment = Environment(runner_class=CompiledRunner)
    forbids, *permits = (
        environment.program(environment.compile(text)).evaluate for text in (forbid(), *permitting(rules))
    )

    def prepare(question: Question) -> object:
        return json_to_cel({"groups": [GROUP], "call": question.call, "path": question.path})

    return Asked(prepare, decided(forbids, permits))


if __name__ == "__main__":
    main("cel-python", made)
