"""Each parser is fuzzed for a number of runs, led by what its inputs reach, in a process of its own.

`make soak` does so for longer. What is found is written where the message says; `python -m tests.fuzz TARGET --input FILE`
gives it again.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.effort import SOAK
from tests.fuzz.seeds import dictionary, seeds
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = {"bundle": 250, "policy": 2_000, "request": 2_000}
"""How many inputs are tried, where it is not the usual number: a bundle is checked whole for each."""
USUAL = 3_000
FIRST = 60
"""So many of the seeds are given without fuzzing, wherever atheris can be installed or not."""


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_fuzzing_begins_with_is_answered(target: str) -> None:
    found = seeds(target)
    assert found
    for data in found[:: len(found) // FIRST + 1]:
        TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf{}", b"[" * 4_000, b'"' * 4_000, b"\\" * 999]
)
def test_bytes_that_are_no_text_are_answered(target: str, data: bytes) -> None:
    TARGETS[target](data)


def test_the_dictionary_has_the_words_of_every_grammar() -> None:
    lines = dictionary().splitlines()
    assert all(line.isascii() and line.startswith('"\\x') and line.endswith('"') for line in lines)
    for word in ("permit", "->", "null", "unless"):
        assert f'"{"".join(rf"x{ord(sign):02x}" for sign in word)}"'.replace("x", "\\x") in lines


@pytest.fixture(scope="module")
def fuzzing(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """Fuzz all targets, two at a time."""
    folder = tmp_path_factory.mktemp("fuzz")

    def fuzzed(target: str) -> subprocess.CompletedProcess[str]:
        runs = RUNS.get(target, USUAL) * SOAK
        words = ["-m", "tests.fuzz", target, "--runs", str(runs), "--fresh", "--folder", str(folder)]
        return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(2) as pool:
        yield {target: pool.submit(fuzzed, target) for target in sorted(TARGETS)}


@pytest.mark.slow
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_no_input_gives_anything_but_an_answer(
    target: str, fuzzing: dict[str, Future[subprocess.CompletedProcess[str]]]
) -> None:
    pytest.importorskip("atheris")
    done = fuzzing[target].result()
    assert done.returncode == 0, done.stderr[-4_000:]
    assert "number_of_executed_units" in done.stderr
