"""Patches of Codex: what is one, what each part says, and what is refused where."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import RequestError
from governance.request.patch import Add, Change, Delete, FileOperation, Update, parse_patch
from governance.request.surfaces.patches import patch_call
from governance.text import Source
from tests.effort import examples

ADD = "*** Begin Patch\n*** Add File: a/b.py\n+one\n+\n+ two\n*** End Patch\n"
DELETE = "*** Begin Patch\n*** Delete File: a b\n*** End Patch"


def patch(*lines: str) -> str:
    return "\n".join(["*** Begin Patch", *lines, "*** End Patch"]) + "\n"


def update(*lines: str) -> str:
    return patch("*** Update File: a.py", *lines)


def parsed(text: str) -> tuple[FileOperation, ...]:
    return parse_patch(Source("patch", text))


def test_each_operation_is_read_with_its_parts() -> None:
    text = patch(
        "*** Add File: new",
        "+x",
        "*** Update File: old",
        "*** Move to: moved",
        "@@ class A",
        " a",
        "-b",
        "+c",
        "@@",
        "-d",
        "*** End of File",
        "*** Delete File: gone",
    )
    add, changed, delete = parsed(text)
    assert isinstance(add, Add)
    assert (add.path, add.lines) == ("new", ("x",))
    assert isinstance(changed, Update)
    assert (changed.path, changed.moved) == ("old", "moved")
    assert [change[:4] for change in changed.changes] == [
        ("class A", ("a", "b"), ("a", "c"), False),
        ("", ("d",), (), True),
    ]
    assert isinstance(delete, Delete)
    assert delete.path == "gone"


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (ADD, ("fs.write", "a/b.py", {"content": "one\n\n two\n", "exists": "refuse", "parents": True})),
        (DELETE, ("fs.delete", "a b", {})),
        (update("@@", "-a", "+b"), ("fs.edit", "a.py", ("a\n", "b\n"))),
        (update("-a", "+b"), ("fs.edit", "a.py", ("a\n", "b\n"))),
        (
            update("@@", " x", "-a", " ", "+b", "-c", "+", " y"),
            ("fs.edit", "a.py", ("x\na\n\nc\ny\n", "x\n\nb\n\ny\n")),
        ),
        (update("@@", "-a"), ("fs.edit", "a.py", ("a\n", ""))),
        (update("@@", " a", "+*** End Patch"), ("fs.edit", "a.py", ("a\n", "a\n*** End Patch\n"))),
        (update("@@", "-\ta ", "+\u2028"), ("fs.edit", "a.py", ("\ta \n", "\u2028\n"))),
    ],
)
def test_patch_of_one_change_in_one_file_is_a_call(text: str, call: tuple[str, str, object]) -> None:
    capability, path, arguments = patch_call(Source("patch", text))
    if capability == "fs.edit":
        assert arguments.pop("every") is False
        assert arguments.pop("whole_lines") is True
        assert (capability, path, (arguments["old"], arguments["new"])) == call
    else:
        assert (capability, path, arguments) == call


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (patch("*** Delete File: a", "*** Delete File: b"), "3:1", "one call changes one file"),
        (update("*** Move to: b", "@@", "-a", "+b"), "2:1", "no call moves a file"),
        (update("@@", "-a", "+b", "@@", "-c", "+d"), "6:1", "one call changes one place"),
        (update("@@ def f():", "-a", "+b"), "3:1", "no call looks for a place after another line"),
        (update("@@", "-a", "+b", "*** End of File"), "3:1", "no call looks for a place at the end"),
        (update("@@", "+b"), "3:1", "lines are added without saying where"),
    ],
)
def test_patch_that_no_call_says_is_refused_with_help(text: str, where: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        patch_call(Source("patch", text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "no-counterpart"
    assert diagnostic.span is not None
    assert diagnostic.span.place == f"patch:{where}"
    assert message in diagnostic.message
    assert diagnostic.help


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "1:1", "expected `*** Begin Patch`, not ``"),
        ("*** Begin Patch", "1:16", "not the end"),
        ("*** Begin Patch\n", "2:1", "expected `*** Add File: path`"),
        (patch(), "2:1", "not `*** End Patch`"),
        (f" {DELETE}", "1:1", "expected `*** Begin Patch`"),
        (f"{DELETE}\n\n", "4:1", "expected the end of the text"),
        (f"{DELETE} ", "3:1", "expected `*** Add File: path`"),
        (f"{DELETE}\nrm -rf /", "4:1", "expected the end of the text, not `rm -rf /`"),
        (f"<<'EOF'\n{DELETE}\nEOF\n", "1:1", "expected `*** Begin Patch`"),
        (DELETE.replace("\n", "\r\n"), "1:16", "a line ends with a line feed alone"),
        (DELETE.replace("*** Delete File", "*** delete file"), "2:1", "expected `*** Add File: path`"),
        (patch("*** Delete File: "), "2:18", "a path is not empty"),
        (patch("*** Delete File:  a"), "2:18", "no white space around it"),
        (patch("*** Delete File: a\u00a0"), "2:18", "no white space around it"),
        (patch("*** Delete File: a", "+x"), "3:1", "expected `*** Add File: path`"),
        (patch("*** Add File: a"), "3:1", "expected a line that begins with `+`"),
        (patch("*** Add File: a", "+x", " y"), "4:1", "expected `*** Add File: path`"),
        (patch("*** Add File: a", "+x", ""), "4:1", "expected `*** Add File: path`"),
        (update(), "3:1", "expected a line of a change"),
        (update("*** Move to: b"), "4:1", "expected a line of a change"),
        (update("@@"), "4:1", "expected a line of a change"),
        (update("@@", "@@", "-a"), "4:1", "expected a line of a change"),
        (update("@@ -1,2 +1,2 @@"), "4:1", "expected a line of a change"),
        (update("@@x", "-a"), "3:1", "expected `@@`, or `@@ ` and a line"),
        (update("@@", "-a", "", "+b"), "5:1", "expected a line of a change, not ``"),
        (update("@@", "a"), "4:1", "expected a line of a change, not `a`"),
        (update("*** End of File"), "3:1", "expected a line of a change"),
        (update("-a", "*** End of File", "-b"), "5:1", "expected `*** Add File: path`"),
        (update("-a", "*** End of File", "@@", "-b"), "5:1", "expected `*** Add File: path`"),
        ("*** Begin Patch\n*** Add File: a\n+x\n", "4:1", "expected `*** Add File: path`"),
        (patch("*** Begin Patch", "*** Delete File: a"), "2:1", "expected `*** Add File: path`"),
        (patch("*** Environment ID: x", "*** Delete File: a"), "2:1", "expected `*** Add File: path`"),
    ],
)
def test_other_text_is_no_patch(text: str, where: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parsed(text)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.code, diagnostic.span.place) == ("patch", f"patch:{where}")
    assert message in diagnostic.message
    assert caught.value.render()


_line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=6)
_path = _line.filter(lambda text: text and text == text.strip())
_change = st.builds(
    Change,
    _line.filter(lambda text: not text.startswith(" ")),
    st.lists(_line, min_size=1, max_size=3).map(tuple),
    st.lists(_line, max_size=3).map(tuple),
    last=st.just(value=False),
    start=st.just(0),
)
_operation = st.one_of(
    st.builds(Add, _path, st.lists(_line, min_size=1, max_size=3).map(tuple), st.just(0)),
    st.builds(Delete, _path, st.just(0)),
    st.builds(
        Update, _path, st.none() | _path, st.lists(_change, min_size=1, max_size=3).map(tuple), st.just(0)
    ),
)


@dataclass(frozen=True)
class Written:
    """Writes operations as a patch, all old lines of a change before the new ones."""

    operations: tuple[FileOperation, ...]

    def __str__(self) -> str:
        return patch(*(line for each in self.operations for line in self._lines(each)))

    def _lines(self, operation: FileOperation) -> list[str]:
        match operation:
            case Add(path, lines):
                return [f"*** Add File: {path}", *(f"+{line}" for line in lines)]
            case Delete(path):
                return [f"*** Delete File: {path}"]
            case Update(path, moved, changes):
                move = [] if moved is None else [f"*** Move to: {moved}"]
                return [
                    f"*** Update File: {path}",
                    *move,
                    *(line for each in changes for line in self._change(each)),
                ]

    def _change(self, change: Change) -> list[str]:
        head = f"@@ {change.header}" if change.header else "@@"
        return [head, *(f"-{line}" for line in change.old), *(f"+{line}" for line in change.new)]


def unplaced(operation: FileOperation) -> FileOperation:
    if isinstance(operation, Update):
        changes = tuple(change._replace(start=0) for change in operation.changes)
        return operation._replace(start=0, changes=changes)
    return operation._replace(start=0)


@given(st.lists(_operation, min_size=1, max_size=3).map(tuple))
def test_written_patch_is_read_as_what_was_written(operations: tuple[FileOperation, ...]) -> None:
    assert tuple(map(unplaced, parsed(str(Written(operations))))) == operations


_pieces = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "*** Begin Patch\n",
                "*** End Patch",
                "*** Add File: a\n",
                "*** Update File: b\n",
                "*** Delete File: c\n",
            ]
        ),
        st.sampled_from(
            ["*** Move to: d\n", "@@\n", "@@ x\n", "+x\n", "-y\n", " z\n", "*** End of File\n", "\n", "\r"]
        ),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)


def answer(text: str) -> tuple[FileOperation, ...] | RequestError:
    try:
        return parsed(text)
    except RequestError as error:
        return error


@settings(max_examples=examples(500))
@given(st.one_of(_pieces, _pieces.map(lambda text: f"*** Begin Patch\n{text}\n*** End Patch")))
def test_any_text_is_a_patch_or_refused(text: str) -> None:
    operations = answer(text)
    if isinstance(operations, RequestError):
        assert operations.code == "patch"
        assert len(operations.render()) < 1_000
        return
    assert text.startswith("*** Begin Patch\n")
    assert text.removesuffix("\n").endswith("\n*** End Patch")
    headers = sum(line.startswith(("*** Add", "*** Upd", "*** Del")) for line in text.split("\n"))
    assert len(operations) == headers
