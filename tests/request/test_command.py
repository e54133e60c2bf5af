"""Typed commands: each becomes the arguments that its form says, or is refused with its place."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.request.command import read_command, reads_as
from governance.request.folder import Folder
from governance.request.typed import MisfitError, TypedWord
from tests.policy.build import bundle_of

if TYPE_CHECKING:
    from governance.capabilities import Capability
    from governance.policy import Bundle

DECLARED = """
capability x.list "s" {
  paths: List<PathGlob>(1..9)
  all: Bool = false
  order: Enum(name, size, time) = "name"
  depth: Int(0..9)?
  wait: Duration?
  ignore: List<String(1..9)>(1..3)?
  effects { read paths }
  argv { /usr/bin/x [ $all? -a ] --order=$order [ --depth=$depth ] [ --wait=$wait ] -- $paths }
  stdin { ignore }
  command x list {
    leading -C $paths
    leading -q, --quiet
    flag    -a, --all $all
    flag    -S $order = "size"
    flag    -t, --time $order = "time"
    option  -d, --depth $depth
    option  --wait $wait
    option  -I, --ignore $ignore
    ignore  --color=never, -l
    operands $paths
    folder  $paths
  }
}

capability x.copy "s" {
  sources: List<Path>(1..9)
  target: Path
  effects { read sources  write target/** }
  argv { /usr/bin/cp -- $sources $target }
  command cp { operands $sources  operand $target }
}

capability x.show "s" {
  first: Int(1..)
  last: Int(1..)
  path: Path?
  effects { read path }
  argv { /usr/bin/x --first=$first --last=$last [ -- $path ] }
  command sed { needs -n, --quiet  operand "{first},{last}p"  operand $path }
}

capability x.log "s" {
  revision: String(1..80) = "HEAD"
  most: Int(1..)?
  paths: List<Path>(1..9)?
  effects { read paths }
  argv { /usr/bin/git log [ -n $most ] --end-of-options $revision [ -- $paths ] }
  command git log { number $most  option -n $most  operand $revision  rest $paths }
}

capability x.run "s" {
  script: Path
  arguments: List<String(..99)>(0..9) = []
  effects { execute script }
  argv { /usr/bin/python3 -- $script $arguments }
  command python3 { flag -u $unbuffered  operand $script  words $arguments }
  unbuffered: Bool = false
  stdin { unbuffered }
}

capability x.find "s" {
  paths: List<Path>(1..9)
  name: String(1..99)?
  exec: Argv?
  effects { execute exec }
  argv { /usr/bin/find $paths }
  stdin { name exec }
  command find { option -name $name  program -exec ";" $exec  operands $paths  folder $paths }
}
"""


@cache
def bundle() -> Bundle:
    return bundle_of(DECLARED)


def capability(name: str) -> Capability:
    return bundle().capabilities[name]


def typed(*words: str) -> tuple[TypedWord, ...]:
    """Return words; one that begins with `~` is a glob, one that is `?` is known only when it is run."""
    return tuple(
        TypedWord(None if word == "?" else word.removeprefix("~"), word.startswith("~"), place, place + 1)
        for place, word in enumerate(words)
    )


def said(name: str, *words: str, folder: str = "/work") -> dict[str, object]:
    found = capability(name)
    form = found.commands[0]
    begun = reads_as(form, typed(*words))
    assert begun is not None
    return dict(read_command(found, form, typed(*words), begun, Folder(folder)).values)


FITTING = [
    ("x.list", ("x", "list"), {"paths": ("/work",)}),
    ("x.list", ("x", "list", "a", "./b//c/", "/d"), {"paths": ("/work/a", "/work/b/c", "/d")}),
    ("x.list", ("x", "list", "~*.py", "~/a/*"), {"paths": ("/work/*.py", "/a/*")}),
    ("x.list", ("x", "list", "."), {"paths": ("/work",)}),
    ("x.list", ("x", "list", "-a"), {"all": True, "paths": ("/work",)}),
    ("x.list", ("x", "list", "-laS"), {"all": True, "order": "size", "paths": ("/work",)}),
    ("x.list", ("x", "list", "--time", "-d", "3"), {"order": "time", "depth": 3, "paths": ("/work",)}),
    ("x.list", ("x", "list", "-ad3"), {"all": True, "depth": 3, "paths": ("/work",)}),
    ("x.list", ("x", "list", "-ad", "3", "b"), {"all": True, "depth": 3, "paths": ("/work/b",)}),
    ("x.list", ("x", "list", "--depth=3", "--wait", "1.5"), {"depth": 3, "wait": 1500, "paths": ("/work",)}),
    ("x.list", ("x", "list", "-I", "a", "--ignore=b"), {"ignore": ("a", "b"), "paths": ("/work",)}),
    ("x.list", ("x", "list", "--", "-a", "--"), {"paths": ("/work/-a", "/work/--")}),
    ("x.list", ("x", "list", "--color=never", "a", "-a"), {"all": True, "paths": ("/work/a",)}),
    ("x.list", ("x", "-q", "list", "a"), {"paths": ("/work/a",)}),
    ("x.copy", ("cp", "a", "b"), {"sources": ("/work/a",), "target": "/work/b"}),
    ("x.copy", ("cp", "a", "b", "c"), {"sources": ("/work/a", "/work/b"), "target": "/work/c"}),
    ("x.show", ("sed", "-n", "1,20p"), {"first": 1, "last": 20}),
    ("x.show", ("sed", "3,4p", "-n", "f"), {"first": 3, "last": 4, "path": "/work/f"}),
    ("x.log", ("git", "log"), {}),
    ("x.log", ("git", "log", "-5", "main"), {"most": 5, "revision": "main"}),
    ("x.log", ("git", "log", "-n", "5", "--", "a"), {"most": 5, "paths": ("/work/a",)}),
    ("x.log", ("git", "log", "-n5", "main", "--", "a", "-b"), {"most": 5, "revision": "main", "paths": ("/work/a", "/work/-b")}),
    ("x.run", ("python3", "a.py", "-v", "--", "x"), {"script": "/work/a.py", "arguments": ("-v", "--", "x")}),
    ("x.run", ("python3", "-u", "a.py"), {"script": "/work/a.py", "unbuffered": True}),
    ("x.find", ("find", ".", "-name", "*.py"), {"paths": ("/work",), "name": "*.py"}),
    (
        "x.find",
        ("find", "a", "-exec", "grep", "-l", "x", "{}", ";", "-name", "b"),
        {"paths": ("/work/a",), "exec": ("/usr/bin/grep", "-l", "x", "{}"), "name": "b"},
    ),
    ("x.find", ("find", "-exec", "./run", ";"), {"paths": ("/work",), "exec": ("/work/run",)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words", "values"), FITTING, ids=[" ".join(words) for _, words, _ in FITTING]
)
def test_command_says_what_its_form_says(
    name: str, words: tuple[str, ...], values: dict[str, object]
) -> None:
    assert said(name, *words) == values


def test_leading_option_says_its_parameter() -> None:
    assert said("x.log", "git", "log") == {}
    form = capability("x.list").commands[0]
    assert reads_as(form, typed("x", "-C", "a", "list")) == 4
    assert said("x.list", "x", "-C", "a", "list") == {"paths": ("/work/a",)}


MISFITS = [
    ("x.list", ("x", "list", "--al"), "has no option `--al`", 2),
    ("x.list", ("x", "list", "--all=yes"), "has no option `--all`", 2),
    ("x.list", ("x", "list", "-az"), "has no option `-z`", 2),
    ("x.list", ("x", "list", "-d"), "lacks its value", 2),
    ("x.list", ("x", "list", "-d", "1", "-d", "2"), "said twice", 5),
    ("x.list", ("x", "list", "~-*"), "an option is no glob", 2),
    ("x.list", ("x", "list", "?"), "only running it", 2),
    ("x.list", ("x", "list", "-d", "?"), "only running it", 3),
    ("x.list", ("x", "list", "-I", "~*"), "a glob names paths", 3),
    ("x.list", ("x", "list", "a*"), "cannot be told from a glob", 2),
    ("x.list", ("x", "list", "../a"), "no `..`", 2),
    ("x.list", ("x", "list", "a/../b"), "no `..`", 2),
    ("x.list", ("x", "list", ""), "not empty", 2),
    ("x.list", ("x", "list", "-"), "standard input", 2),
    ("x.copy", ("cp", "a"), "lacks", None),
    ("x.copy", ("cp", "~*", "b"), "more than one path", 1),
    ("x.copy", ("cp", "-r", "a", "b"), "has no option", 1),
    ("x.show", ("sed", "1,2p"), "lacks -n", None),
    ("x.show", ("sed", "-n", "1,2d"), "has not the form {first},{last}p", 2),
    ("x.show", ("sed", "-n", "1,2p\n"), "has not the form", 2),
    ("x.show", ("sed", "-n", "1,٢p"), "has not the form", 2),
    ("x.show", ("sed", "-n", "1,2p", "a", "b"), "one operand too many", 4),
    ("x.show", ("sed", "-e", "1,2p"), "has no option", 1),
    ("x.log", ("git", "log", "a", "b"), "one operand too many", 3),
    ("x.log", ("git", "log", "-0"), "has no option", 2),
    ("x.run", ("python3", "-c", "x"), "has no option", 1),
    ("x.run", ("python3", "a.py", "~*"), "only running it", 2),
    ("x.find", ("find", "-exec", "grep", "x"), "lacks a program and `;`", 1),
    ("x.find", ("find", "-exec", ";"), "lacks a program", 1),
    ("x.find", ("find", "-exec", "sudo", "x", ";"), "hides what it runs", 2),
    ("x.find", ("find", "-exec", "/bin/sh", "-c", "x", ";"), "hides what it runs", 2),
    ("x.find", ("find", "-nam", "x"), "has no option `-nam`", 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words", "message", "place"), MISFITS, ids=[" ".join(each[1]) for each in MISFITS]
)
def test_command_of_no_form_is_refused_with_its_place(
    name: str, words: tuple[str, ...], message: str, place: int | None
) -> None:
    with pytest.raises(MisfitError) as caught:
        said(name, *words)
    assert message in str(caught.value)
    assert caught.value.mend
    assert (caught.value.word.start if caught.value.word else None) == place


@pytest.mark.parametrize(
    "words", [("x",), ("x", "lis"), ("x", "-z", "list"), ("x", "~list"), ("x", "?"), ("x", "-C")]
)
def test_other_words_begin_no_such_command(words: tuple[str, ...]) -> None:
    assert reads_as(capability("x.list").commands[0], typed(*words)) is None


words_of_any_kind = st.lists(
    st.sampled_from(["-a", "-aS", "-d", "3", "--depth=1", "--", "-", "a", "/b", "..", "~*", "?", "-I", "x", ";", "--wait", ""]),
    max_size=8,
)  # fmt: skip


@settings(deadline=None)
@given(words_of_any_kind)
def test_any_words_are_arguments_or_a_misfit(words: list[str]) -> None:
    for found in bundle().capabilities.values():
        for form in found.commands:
            whole = typed(*form.words, *words)
            begun = reads_as(form, whole)
            assert begun is not None
            try:
                values = read_command(found, form, whole, begun, Folder("/work")).values
            except MisfitError:
                continue
            assert set(values) <= {parameter.name for parameter in found.parameters}
