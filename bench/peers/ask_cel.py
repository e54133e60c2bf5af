"""CEL in Rust, common-expression-language: compiled programs, and one context a question that all of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cel
from expressions import decided, forbid, permitting
from measure import Asked, main
from task import GROUP

if TYPE_CHECKING:
    from task import Question


def made(rules: int) -> Asked:
    """Compile the rules; a question is a context."""
    forbids, *permits = (cel.compile(text).execute for text in (forbid(), *permitting(rules)))

    def prepare(question: Question) -> cel.Context:
        return cel.Context({"groups": [GROUP], "call": question.call, "path": question.path})

    return Asked(prepare, decided(forbids, permits))


if __name__ == "__main__":
    main("common-expression-language", made)
