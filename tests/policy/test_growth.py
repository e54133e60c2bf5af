"""Policies of any size take time in proportion: what is hostile, too, is read or refused, and never fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from governance.policy.stored import examine_bundle
from tests.policy.build import library

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

SIZES = (1_000, 10_000, 100_000, 1_000_000)
HOSTILE: dict[str, Callable[[int], str]] = {
    "a word": lambda size: "x" * size,
    "digits": lambda size: f"let a = {'9' * size}\n",
    "an open string": lambda size: f'let a = "{"a" * size}',
    "escapes": lambda size: 'let a = "' + '\\"' * (size // 2) + '"\n',
    "brackets": lambda size: "let a = " + "[" * size,
    "stars": lambda size: (
        f'forbid f {{ call fs.read  when path matches "/{"*a" * (size // 2)}"  because "x" }}\n'
    ),
    "any folders": lambda size: (
        f'forbid f {{ call fs.read  when path matches "/{"**/a/" * (size // 5)}b"  because "x" }}\n'
    ),
    "bad statements": lambda size: "let let\n" * (size // 8),
    "good statements": lambda size: "".join(f'let a{number} = "x"\n' for number in range(size // 16)),
    "alternatives": lambda size: (
        f'forbid f {{ call fs.read  when {" or ".join(["offset == 1"] * (size // 15))}  because "x" }}\n'
    ),
    "hidden characters": lambda size: "# \u202e" * (size // 3),
    "letters of other alphabets": lambda size: "permit \u0430\u00e9 {" * (size // 12),
}
"""Texts of about so many characters."""


def seconds(text: str) -> float:
    started = time.perf_counter()
    found = examine_bundle(library(), {"a.policy": text}, None)
    assert all(each.message for each in found.diagnostics)
    return time.perf_counter() - started


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_time_grows_with_the_text_and_no_faster(name: str) -> None:
    """A thousand times the text may take some thousand times as long; were it quadratic, it would be a million."""
    small = max(min(seconds(HOSTILE[name](SIZES[1])) for _ in range(3)), 0.01)
    large = seconds(HOSTILE[name](SIZES[3]))
    assert large < 100 * 12 * small


def test_a_number_of_five_thousand_digits_is_refused() -> None:
    text = f'forbid f {{ call fs.read  when offset == {"9" * 5000}  because "x" }}\n'
    (problem, *_) = examine_bundle(library(), {"a.policy": text}, None).errors
    assert problem.code == "ill-typed"
    assert len(problem.message) < 300
