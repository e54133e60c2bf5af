"""Host roots: which paths of the host a call can name, and how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.capabilities.paths import check_path
from governance.request.roots import HostRoot, check_roots, parse_root, sandbox_path
from tests.laws.strategies import paths, texts

WEB = HostRoot("/home/me/web", "/workspace")
TMP = HostRoot("/var/tmp/agent", "/tmp")
CWD = "/home/me/web/src"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/home/me/web", "/workspace"),
        ("/home/me/web/a b/ü.py", "/workspace/a b/ü.py"),
        ("/var/tmp/agent/x", "/tmp/x"),
        (".", "/workspace/src"),
        ("a.py", "/workspace/src/a.py"),
        ("..a/.b/...", "/workspace/src/..a/.b/..."),
    ],
)
def test_path_beneath_a_root_has_one_in_the_sandbox(text: str, path: str) -> None:
    assert sandbox_path(text, CWD, (WEB, TMP)) == path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/home/me/webx/a", "under no host root; known: /home/me/web=/workspace, /var/tmp/agent=/tmp"),
        ("/home/me", "under no host root"),
        ("/workspace/a", "under no host root"),
        ("/HOME/me/web/a", "under no host root"),
        ("/home/me/web/../../etc/passwd", "no `..`"),
        ("/home/me/web/./a", "no `.`"),
        ("/home/me//web/a", "no doubled slash"),
        ("/home/me/web/", "none at its end"),
        ("/home/me/web/a\x00", "no control character"),
        ("/home/me/web/a\nb", "no control character"),
        ("../secret", "no `..`"),
        ("a/../../b", "no `..`"),
        ("./a", "no `.`"),
        ("a/", "none at its end"),
        ("", "not empty"),
        ("~/a", "somebody's home"),
        ("~root/a", "somebody's home"),
    ],
)
def test_any_other_path_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        sandbox_path(text, CWD, (WEB, TMP))
    assert reason in str(caught.value)


@pytest.mark.parametrize("cwd", ["", "src", "/", "/home/me", "/home/me/web/..", "/home/me/web/", "~"])
def test_relative_path_needs_a_working_directory_beneath_a_root(cwd: str) -> None:
    with pytest.raises(ValueError, match="relative to the event's cwd"):
        sandbox_path("a", cwd, (WEB,))
    assert sandbox_path("/home/me/web/a", cwd, (WEB,)) == "/workspace/a"


def test_without_roots_no_path_is_known() -> None:
    with pytest.raises(ValueError, match="known: none; the operator declares one with --host-root"):
        sandbox_path("/a", "/", ())


def test_whole_trees_can_be_roots() -> None:
    assert sandbox_path("/etc", "/", (HostRoot("/", "/host"),)) == "/host/etc"
    assert sandbox_path(".", "/", (HostRoot("/", "/host"),)) == "/host"
    assert sandbox_path("/a/b", "/", (HostRoot("/a", "/"),)) == "/b"
    assert sandbox_path("b", "/a", (HostRoot("/a", "/"),)) == "/b"


def test_root_is_declared_as_host_and_sandbox() -> None:
    assert parse_root("/home/me/web=/workspace") == WEB
    assert parse_root("/home/a=b=/workspace") == HostRoot("/home/a=b", "/workspace")
    assert str(WEB) == "/home/me/web=/workspace"


@pytest.mark.parametrize(
    "text", ["", "/a", "/a=", "=/a", "a=/b", "/a=b", "/a/=/b", "/a/..=/b", "/a=/b/.", "/a=~"]
)
def test_other_declaration_of_a_root_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_root(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("/a=/x", "/a=/y"), ("/a=/x", "/a/b=/y"), ("/a=/x", "/b=/x"), ("/a=/x/y", "/b=/x"), ("/=/x", "/b=/y")],
)
def test_roots_that_overlap_are_refused(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        with pytest.raises(ValueError, match="overlap"):
            check_roots(map(parse_root, pair))


def test_roots_have_one_order() -> None:
    assert check_roots((TMP, WEB)) == check_roots((WEB, TMP)) == (WEB, TMP)


@given(paths, paths.filter(lambda path: path != "/"))
def test_path_beneath_a_root_keeps_what_follows_it(root: str, rest: str) -> None:
    path = sandbox_path(f"{root.rstrip('/')}{rest}", "/", (HostRoot(root, "/workspace"),))
    assert path == f"/workspace{rest}"
    assert check_path(path) == path


@given(st.one_of(texts, paths), st.one_of(texts, paths))
def test_any_text_is_a_path_beneath_the_sandbox_or_refused(text: str, cwd: str) -> None:
    path = answer(text, cwd)
    if isinstance(path, ValueError):
        assert len(str(path)) < 400
    else:
        assert check_path(path) == path
        assert path.startswith(("/workspace", "/tmp"))


def answer(text: str, cwd: str) -> str | ValueError:
    try:
        return sandbox_path(text, cwd, (WEB, HostRoot("/a", "/tmp")))
    except ValueError as error:
        return error
