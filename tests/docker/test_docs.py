from __future__ import annotations

import pytest

from tests.documents import Command, commands, normal, run

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("command", [each for each in commands() if each.needs_engine], ids=str)
def test_command_with_the_engine_prints_what_the_document_says(command: Command, image: str) -> None:
    assert image
    assert normal(run(command.words, command.files)) == normal(command.output)
