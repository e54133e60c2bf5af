"""The audit of programs: what is found of small policies, and that the library and the examples come out clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance import resources
from governance.library import known_programs, load_policies
from governance.policy.audit import audit
from tests.policy.build import bundle_of, library

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = sorted(path for path in (resources.folder("policies") / "examples").iterdir() if path.is_dir())


def found(declared: str, when: str = "") -> list[str]:
    """Return what is found of a capability: the program, by what, what it can, and `!` with what is not declared."""
    permit = f'permit p {{ agent in coders  call tool.run  {when}  sandbox editor  because "work" }}'
    bundle = bundle_of(f'capability tool.run "A tool" {{ {declared} }}\n{permit}\n')
    (audited,) = audit(bundle, known_programs())
    return [
        " ".join(
            [
                finding.found.program.replace("/usr/bin/", ""),
                finding.found.by,
                ",".join(finding.found.can),
                *(f"!{can}" for can in finding.undeclared),
            ]
        )
        for finding in audited.findings
    ]


def executed(when: str) -> list[str]:
    """Return what is found of a permit for any program, with this condition, without what all of them declare."""
    return found("argv: Argv  effects { execute argv }  argv { $argv }", when)


DECLARED = [
    pytest.param(
        "path: Path  helper: String(1..80)  effects { read path }  argv { /usr/bin/sort --compress-program=$helper -- $path }",
        ["sort --compress-program start !start"],
        id="an option that starts a program",
    ),
    pytest.param(
        "path: Path  helper: String(1..80)  effects { read path }  argv { /usr/bin/sort --compress=$helper -- $path }",
        ["sort --compress-program start !start"],
        id="an option that is abbreviated",
    ),
    pytest.param(
        "path: Path  helper: Path  effects { read path  execute helper }  argv { /usr/bin/sort --compress-program=$helper -- $path }",
        ["sort --compress-program start"],
        id="what is executed is declared",
    ),
    pytest.param(
        "path: Path  out: Path  effects { read path }  argv { /usr/bin/sort --output=$out -- $path }",
        ["sort --output write !write"],
        id="an option that writes a file",
    ),
    pytest.param(
        "path: Path  out: Path  effects { read path  write out }  argv { /usr/bin/sort --output=$out -- $path }",
        ["sort --output write"],
        id="a file that is written is declared",
    ),
    pytest.param(
        "path: Path  out: Path  effects { write path }  argv { /usr/bin/sort -o $out -- $path }",
        ["sort -o write !write"],
        id="another file is declared than the one that is written",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/sort -bo /dev/null -- $path }",
        [],
        id="a file that is none",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/sort -bo /tmp/x -- $path }",
        ["sort -o write !write"],
        id="short options that stand together",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/sort -k 2 --reverse -- $path }",
        [],
        id="options that do nothing of interest",
    ),
    pytest.param(
        "path: Path  key: String(1..9)  effects { read path }  argv { /usr/bin/sort -k$key -- $path }",
        [],
        id="the value of an option is no option",
    ),
    pytest.param(
        "path: Path  more: String(1..9)  effects { read path }  argv { /usr/bin/sort -b$more -- $path }",
        ["sort -o, --output write !write", "sort -T, --temporary-directory write !write"],
        id="letters behind a short option are options",
    ),
    pytest.param(
        "url: Url  effects { }  argv { /usr/bin/curl --url $url }",
        ["curl  network !network", "curl --url network !network"],
        id="a program that talks to hosts",
    ),
    pytest.param(
        "url: Url  effects { receive url }  argv { /usr/bin/curl --url $url }",
        ["curl  network", "curl --url network"],
        id="a host that is talked to is declared",
    ),
    pytest.param(
        "url: Url  to: Path  effects { send url }  argv { /usr/bin/curl --silent --output $to --url $url }",
        ["curl  network", "curl --output write !write", "curl --url network"],
        id="a download into a file",
    ),
    pytest.param(
        "url: Url  body: String  kind: String  effects { send url }  argv { /usr/bin/curl --header=A:$kind --json=$body --url $url }",
        ["curl  network", "curl --json read !read", "curl --url network"],
        id="a value that may name a file, and one that does not",
    ),
    pytest.param(
        "path: Path  name: Path?  effects { read path }  argv { /usr/bin/find $path [ -name $name ] }",
        [],
        id="the value of a test",
    ),
    pytest.param(
        "tests: List<String>(1..9)  effects { }  argv { /usr/bin/find -- $tests }",
        [
            "find -delete write !write",
            "find -exec, -execdir, -ok, -okdir start !start",
            "find -exec, -execdir, -ok, -okdir any program  code,network,read,write !code !network !read !write",
            "find -files0-from read !read",
            "find -fprint, -fprint0, -fprintf, -fls write !write",
            "find -L, -follow read !read",
        ],
        id="options that two hyphens do not end",
    ),
    pytest.param(
        "lines: List<String>(1..9)  effects { }  argv { /usr/bin/grep -e x -- $lines }",
        [],
        id="options that two hyphens end",
    ),
    pytest.param(
        "flag: Bool = false  text: String  effects { }  argv { /usr/bin/grep [ $flag? -- ] x --regexp=$text }",
        [],
        id="what ends options in a group that may be missing",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/find $path -exec /usr/bin/touch $path ; }",
        ["find -exec touch operands write !write"],
        id="a program behind an option",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/timeout -k 1 5 /usr/bin/sort -o /tmp/x -- $path }",
        ["timeout sort -o write !write"],
        id="a program that another starts",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/nice -n 5 /usr/bin/wc --lines -- $path }",
        [],
        id="a program that is harmless, started by another",
    ),
    pytest.param(
        "words: List<String>(1..9)  effects { }  argv { /usr/bin/xargs --null -- $words }",
        ["xargs any program  code,network,read,write !code !network !read !write"],
        id="any program that another starts",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/env LD_PRELOAD=/tmp/x.so A=1 /usr/bin/wc -- $path }",
        ["env wc LD_PRELOAD= code !code"],
        id="a variable that loads a library",
    ),
    pytest.param(
        "path: Path  effects { read path  execute path }  argv { /usr/bin/env GIT_PAGER=less /usr/bin/git -C $path log }",
        [
            "env git  start",
            "env git GIT_PAGER= start",
        ],
        id="a variable that names a program",
    ),
    pytest.param(
        "to: Path  effects { read to }  argv { /usr/bin/tee -- $to }",
        ["tee operands write !write"],
        id="operands that are written",
    ),
    pytest.param(
        "from: Path  to: Path?  effects { read from }  argv { /usr/bin/uniq -- $from $to }",
        ["uniq second operand write !write"],
        id="the second operand is written",
    ),
    pytest.param(
        "paths: List<Path>(1..9)  effects { read paths }  argv { /usr/bin/uniq -- $paths }",
        ["uniq second operand write !write"],
        id="a list may have a second operand",
    ),
    pytest.param(
        "from: List<Path>(1..9)  to: Path  effects { read from  write to/** }  argv { /usr/bin/cp -- $from $to }",
        ["cp last operand write"],
        id="the last operand is written",
    ),
    pytest.param(
        "from: List<Path>(1..9)  to: Path?  effects { read from  write to/** }  argv { /usr/bin/cp -- $from [ $to ] }",
        ["cp last operand write !write", "cp last operand write"],
        id="the last operand may be missing",
    ),
    pytest.param(
        "from: Path  to: Path  effects { read from }  argv { /usr/bin/dd if=$from of=$to }",
        ["dd if= read", "dd of= write !write"],
        id="operands that say what they are",
    ),
    pytest.param(
        "text: String  effects { }  argv { /usr/bin/awk -- $text }",
        ["awk first operand code !code"],
        id="a text that is a program",
    ),
    pytest.param(
        "text: String  path: Path  effects { read path }  argv { /usr/bin/sed --expression=$text -- $path }",
        ["sed --expression code !code"],
        id="a program in an option leaves no other operand to be one",
    ),
    pytest.param(
        "line: Int(1..)  path: Path  effects { read path }  argv { /usr/bin/sed --expression=$line -- $path }",
        [],
        id="a number is no program",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/python3 }  stdin { path }",
        ["python3 input code !code"],
        id="an interpreter that reads its input",
    ),
    pytest.param(
        "module: Enum(pytest, unittest)  path: Path  effects { execute module }  argv { /usr/bin/python3 -m $module $path }",
        ["python3 -m code"],
        id="a module, and its own words",
    ),
    pytest.param(
        "text: String  effects { }  argv { /usr/bin/bash -c -- $text }",
        ["bash -c code !code"],
        id="a shell",
    ),
    pytest.param(
        "path: Path  effects { read path }  argv { /usr/bin/tar xf $path }",
        ["tar  write !write", "tar -f network,write !network !write"],
        id="options without a hyphen",
    ),
    pytest.param(
        "repo: Path  effects { execute repo }  argv { /usr/bin/git -c core.pager=cat -c core.fsmonitor=false -C $repo log }",
        ["git  start"],
        id="settings that switch programs off",
    ),
    pytest.param(
        "repo: Path  pager: String  effects { execute repo }  argv { /usr/bin/git -c core.pager=$pager -C $repo log -p }",
        ["git  start", "git -c core.pager start"],
        id="a setting that names a program, and an option that is the command's own",
    ),
    pytest.param(
        "repo: Path  out: String  effects { execute repo }  argv { /usr/bin/git -C $repo log --output=$out --ext-diff }",
        ["git  start", "git log --output write", "git log --ext-diff start"],
        id="options of a command",
    ),
    pytest.param(
        "to: Path  effects { write to }  argv { /usr/lib/governance/fs write $to }",
        ["/usr/lib/governance/fs write operands write"],
        id="a tool of the sandbox's own",
    ),
    pytest.param(
        "path: Path  effects { }  argv { /opt/tool $path }", [], id="a program of which nothing is known"
    ),
]


@pytest.mark.parametrize(("declared", "expected"), DECLARED)
def test_what_a_capability_can_do_is_found(declared: str, expected: list[str]) -> None:
    assert found(declared) == expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("", ["any program  code,network,read,write"]),
        ('when argv == ["/usr/bin/wc", "-l", "/workspace/a"]', []),
        ('when argv == ["/usr/bin/sort", "-o", "/workspace/a"]', ["sort -o write"]),
        ('when argv starts ["/usr/bin/wc"]', ["wc --files0-from read"]),
        (
            'when argv starts ["/usr/bin/wc"] or argv == ["/usr/bin/tee", "/workspace/a"]',
            ["wc --files0-from read", "tee operands write"],
        ),
        ('when argv starts ["/usr/bin/wc", "--"] and not argv contains "x"', []),
        ('when argv starts ["/usr/bin/wc"] or argv contains "x"', ["any program  code,network,read,write"]),
        ('when argv starts ["/usr/bin/git", "blame"]', ["git  start", "git blame --contents read", "git blame --ignore-revs-file read"]),
        ('when argv starts ["/usr/bin/timeout", "9"]', ["timeout any program  code,network,read,write"]),
        ('when argv != ["/usr/bin/wc"]', ["any program  code,network,read,write"]),
    ],
)  # fmt: skip
def test_constants_in_a_permit_say_which_programs_run(when: str, expected: list[str]) -> None:
    assert executed(when) == expected


def test_a_program_with_commands_may_be_given_any() -> None:
    what = executed('when argv starts ["/usr/bin/git"]')
    for expected in (
        "git -c alias.* start",
        "git log --output write",
        "git clone network,write",
        "git --exec-path start",
    ):
        assert expected in what, expected


def test_constants_of_another_parameter_are_taken_up() -> None:
    declared = "tool: Path  path: Path  effects { read path  execute tool }  argv { $tool $path }"
    assert found(declared) == ["any program  code,network,read,write"]
    assert found(declared, 'when tool in ["/usr/bin/tee", "/usr/bin/wc"]') == ["tee operands write"]


def test_a_text_that_begins_so_is_no_option() -> None:
    declared = "what: String  effects { }  argv { /usr/bin/find -- $what }"
    assert found(declared, 'when what starts "a"') == []


def test_an_unknown_program_is_named_and_nothing_is_said_of_it() -> None:
    rules = """
    capability a.b "Do" { path: Path  effects { read path }  argv { /opt/tool $path } }
    permit p { agent in coders  call a.b  sandbox reader  because "work" }
    """
    (audited,) = audit(bundle_of(rules), known_programs())
    assert (audited.programs, audited.unknown, audited.findings) == (("/opt/tool",), ("/opt/tool",), ())


def test_only_what_may_be_permitted_is_looked_at() -> None:
    rules = """
    permit a { agent in coders  call any that reads  sandbox reader  because "work" }
    forbid b { call fs.delete  because "no" }
    """
    names = {each.capability for each in audit(bundle_of(rules), known_programs())}
    assert {"fs.read", "fs.search", "text.cat"} <= names
    assert not {"fs.delete", "fs.edit", "git.log", "proc.exec"} & names


def test_bounds_say_what_each_sandbox_lets_a_call_reach() -> None:
    rules = """
    sandbox online { mount workspace at "/workspace" read-only  image "governance/base"  network hosts "b.example.org", "a.example.org" port 443  scratch "/tmp" 1MiB }
    permit a { agent in coders  call proc.exec  sandbox editor  because "work" }
    permit b { agent in coders  call proc.exec  sandbox online  because "work" }
    permit c { agent in coders  call fs.read  sandbox editor  because "work" }
    """
    run, read = sorted(audit(bundle_of(rules), known_programs()), key=lambda each: not each.opaque)
    assert [(each.mount, each.writable, each.hosts, each.scratch) for each in run.bounds] == [
        ("/workspace", True, (), ()),
        ("/workspace", False, ("a.example.org:443", "b.example.org:443"), ("/tmp",)),
    ]
    assert [each.writable for each in read.bounds] == [False]


def test_the_standard_library_declares_all_that_its_programs_can_do() -> None:
    names = sorted({each.name for each in bundle_of("").capabilities.values()})
    rules = f'permit all {{ agent in coders  call {", ".join(names)}  sandbox bare  because "work" }}'
    audited = audit(bundle_of(rules), known_programs())
    assert [each.capability for each in audited] == names
    assert len(names) >= sum(text.count("\ncapability ") for text in library().values())
    assert [
        (each.capability, finding) for each in audited for finding in each.findings if finding.undeclared
    ] == []
    assert [each.unknown for each in audited if each.unknown] == []


OWN = {
    "coder": set(),
    "data-analyst": {"report-publish", "report-save", "warehouse-query"},
    "release-engineer": {"release-publish", "release-tag"},
    "research-agent": {"note-write", "probe"},
    "support-agent": {"desk-read", "mail-send", "pay-refund"},
}
"""The programs that an example would bring with it, of which nothing is known."""


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda path: path.name)
def test_examples_declare_all_that_is_known_of_their_programs(place: Path) -> None:
    audited = audit(load_policies(place), known_programs())
    assert [
        (each.capability, finding) for each in audited for finding in each.findings if finding.undeclared
    ] == []
    assert {name.removeprefix("/usr/bin/") for each in audited for name in each.unknown} == OWN[place.name]
