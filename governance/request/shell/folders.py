"""What a part of a script means for what follows it: whether it changes the folder, whether it runs anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from governance.request.shell.tree import Command, For, Group, If, Loop, Subshell

if TYPE_CHECKING:
    from governance.request.shell.tree import Pipeline, Stage

__all__ = ["changes_folder", "only_assigns"]


def changes_folder(stage: Stage) -> bool:
    """Whether what follows a stage may run in another folder than what stands before it."""
    match stage:
        case Command():
            return bool(stage.words) and stage.words[0].text == "cd"
        case Group() | For():
            scripts = [stage.script]
        case If():
            scripts = [each for branch in stage.branches for each in branch]
            scripts += [] if stage.otherwise is None else [stage.otherwise]
        case Loop():
            scripts = [stage.condition, stage.script]
        case Subshell():
            return False
        case _:
            assert_never(stage)
    return any(
        len(pipeline.stages) == 1 and changes_folder(pipeline.stages[0])
        for script in scripts
        for _, pipeline in script.steps
    )


def only_assigns(pipeline: Pipeline) -> bool:
    """Whether a pipeline does nothing but give variables values that are known, which those behind it hold already."""
    [stage, *others] = pipeline.stages
    if others or pipeline.negated or not isinstance(stage, Command) or stage.words or stage.redirections:
        return False
    return all(each.value.text is not None for each in stage.assignments)
