"""The sandbox's line tool shows what `sed -n 'FIRST,LASTp'` shows."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.sandbox.tools import lines

if TYPE_CHECKING:
    from pathlib import Path


def shown(*arguments: str, stdin: bytes = b"") -> tuple[int, bytes]:
    out, err = io.BytesIO(), io.BytesIO()
    code = lines.main(list(arguments), io.BytesIO(stdin), out, err)
    return code, out.getvalue() if code == 0 else err.getvalue()


TEXTS = st.lists(st.sampled_from([b"a\n", b"\n", b"b", b"long line\n"]), max_size=6).map(b"".join)


@given(texts=st.lists(TEXTS, max_size=3), first=st.integers(1, 8), last=st.none() | st.integers(1, 8))
def test_it_shows_what_sed_shows(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes], first: int, last: int | None
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    paths = []
    for number, text in enumerate(texts):
        (folder / str(number)).write_bytes(text)
        paths.append(str(folder / str(number)))
    script = f"{first},{'$' if last is None else last}p"
    stdin = b"x\ny\nz"
    wanted = subprocess.run(
        ["sed", "-n", script, *paths], input=stdin, capture_output=True, check=True
    ).stdout
    options = [
        f"--first={first}",
        *([] if last is None else [f"--last={last}"]),
        *(["--", *paths] if paths else []),
    ]
    assert shown(*options, stdin=stdin) == (0, wanted)


def test_a_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\n")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    code, said = shown("--first=1", "--", str(tmp_path / "b"))
    assert code == 1
    assert b"symbolic link" in said


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--first=0"],
        ["--first=x"],
        ["--last=1"],
        ["--first=1", "--"],
        ["--first=1", "--last=2", "--more"],
    ],
)
def test_other_arguments_are_wrong_usage(arguments: list[str]) -> None:
    assert shown(*arguments)[0] == 2
