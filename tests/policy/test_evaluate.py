"""What the rules mean: who, which calls, in which order, and code that may do whatever its sandbox reaches."""

from __future__ import annotations

import pytest

from governance.policy.compiled import compiled
from governance.policy.decision import Code
from governance.policy.evaluate import evaluate
from tests.policy.build import FACTS, bundle_of, case_of, outcome, verdict_of

READ = 'permit read { agent in coders  call fs.read  when path under "/workspace"  sandbox reader  because "work" }\n'
EXEC = 'permit run { agent in coders  call proc.exec  sandbox SANDBOX  PROTECTED because "tests" }\n'
NO_WRITES = 'forbid writes { call any that writes under "/workspace/src"  because "sources" }\n'
RUN = 'proc.exec(argv=["/bin/x"])'


def run(sandbox: str, *, protected: bool = True) -> str:
    said = "including protected " if protected else ""
    return EXEC.replace("SANDBOX", sandbox).replace("PROTECTED ", said)


def test_without_rules_everything_is_denied() -> None:
    assert outcome(bundle_of(""), 'fs.read(path="/workspace/a")') == "no-permit"


def test_an_unknown_agent_comes_before_every_rule() -> None:
    bundle = bundle_of(READ + 'forbid all { call any  because "x" }\n')
    assert outcome(bundle, 'fs.read(path="/workspace/a")', None) == "unknown-agent"
    assert outcome(bundle, 'fs.read(path="/workspace/a")', "eve") == "unknown-agent"


def test_a_forbid_comes_before_permits_and_before_their_absence() -> None:
    bundle = bundle_of(READ + 'forbid env { call fs.*  when path matches "**/.env"  because "keys" }\n')
    assert outcome(bundle, 'fs.read(path="/workspace/.env")') == "forbidden env"
    assert outcome(bundle, 'fs.list(path="/workspace/.env")') == "forbidden env"
    assert outcome(bundle, 'fs.list(path="/workspace")') == "no-permit"


def test_all_rules_that_determine_a_decision_are_named_in_source_order() -> None:
    again = 'permit again { agent any  call fs.read  sandbox reader  because "too" }\n'
    verdict = verdict_of(bundle_of(READ + again, a=again), 'fs.read(path="/workspace/a")')
    assert [rule.name for rule in verdict.rules] == ["a/again", "x/read", "x/again"]
    assert verdict.reason == "too; work"


@pytest.mark.parametrize(
    ("audience", "included"),
    [
        ("agent any", {"ann", "bob"}),
        ("agent in coders", {"ann"}),
        ("agent in coders, reviewers", {"ann", "bob"}),
        ('agent "bob"', {"bob"}),
        ('agent "ann", "bob"', {"ann", "bob"}),
    ],
)
def test_a_permit_is_about_its_audience_and_nobody_else(audience: str, included: set[str]) -> None:
    bundle = bundle_of(f'permit r {{ {audience}  call fs.read  sandbox reader  because "x" }}\n')
    allowed = {
        name for name in ("ann", "bob") if outcome(bundle, 'fs.read(path="/a")', name) == "permitted r"
    }
    assert allowed == included


def test_a_group_is_no_agent_and_an_agent_no_group() -> None:
    bundle = bundle_of(
        'agent "coders" { groups ann  workspace "w" }\n'
        'permit r { agent in ann  call fs.read  sandbox reader  because "x" }\n'
        'permit s { agent "coders"  call fs.list  sandbox reader  because "x" }\n'
    )
    assert outcome(bundle, 'fs.read(path="/a")', "ann") == "no-permit"
    assert outcome(bundle, 'fs.list(path="/a")', "ann") == "no-permit"
    assert outcome(bundle, 'fs.read(path="/a")', "coders") == "permitted r"


@pytest.mark.parametrize(
    ("target", "text", "wanted"),
    [
        ("fs.read", 'fs.read(path="/a")', "permitted r"),
        ("fs.read", 'fs.list(path="/a")', "no-permit"),
        ("fs.*", 'fs.list(path="/a")', "permitted r"),
        ("git.*", 'fs.read(path="/a")', "no-permit"),
        ("any", 'fs.search(path="/a", text="x")', "permitted r"),
        ("any that reads", 'fs.read(path="/a")', "permitted r"),
        ("any that reads", 'fs.delete(path="/a")', "no-permit"),
        ("any that reads", 'fs.edit(path="/a", old="x", new="y")', "no-permit"),
        ("any that reads or writes", 'fs.edit(path="/a", old="x", new="y")', "permitted r"),
        ("any that reads, any that writes", 'fs.edit(path="/a", old="x", new="y")', "no-permit"),
        ('any that reads under "/a"', 'fs.read(path="/a/b")', "permitted r"),
        ('any that reads under "/a"', 'fs.read(path="/ab")', "no-permit"),
        ('any that reads under "/a"', 'fs.search(path="/a/b", text="x")', "permitted r"),
        ('any that reads under "/a/b"', 'fs.search(path="/a", text="x")', "no-permit"),
        ('any that reads under "/a"', 'fs.search(path="/", glob="a/*", text="x")', "permitted r"),
        ('any that reads under "/a"', 'fs.search(path="/", glob="*/b", text="x")', "no-permit"),
        (
            'any that reads matching "/a/**/*.py"',
            'fs.search(path="/a", glob="**/*.py", text="x")',
            "permitted r",
        ),
        ('any that reads matching "/a/**/*.py"', 'fs.search(path="/a", glob="**/*", text="x")', "no-permit"),
    ],
)
def test_a_permit_covers_all_that_a_call_does(target: str, text: str, wanted: str) -> None:
    bundle = bundle_of(f'permit r {{ agent any  call {target}  sandbox editor  because "x" }}\n')
    assert outcome(bundle, text) == wanted


@pytest.mark.parametrize(
    ("target", "text", "forbidden"),
    [
        ("any that writes", 'fs.edit(path="/a", old="x", new="y")', True),
        ("any that deletes or creates", 'fs.edit(path="/a", old="x", new="y")', False),
        ('any that reads under "/a/b"', 'fs.search(path="/a", text="x")', True),
        ('any that reads under "/a/b"', 'fs.search(path="/b", text="x")', False),
        ('any that reads matching "**/.env"', 'fs.search(path="/a", text="x")', True),
        ('any that reads matching "**/.env"', 'fs.search(path="/a", glob="**/*.py", text="x")', False),
    ],
)
def test_a_forbid_is_about_all_that_it_touches(target: str, text: str, forbidden: bool) -> None:
    bundle = bundle_of(
        f'permit r {{ agent any  call any  sandbox editor  because "x" }}\nforbid f {{ call {target}  because "x" }}\n'
    )
    assert outcome(bundle, text) == ("forbidden f" if forbidden else "permitted r")


@pytest.mark.parametrize(
    ("condition", "permit", "forbid"),
    [
        ('path matches "**/*.py"', "permitted p", "forbidden f"),
        ('path matches "**/.env"', "no-permit", "permitted p"),
        ('path == "/w/a.py"', "no-permit", "forbidden f"),
        ('path != "/w/a.py"', "no-permit", "forbidden f"),
        ('path in ["/w/a.py", "/w/b.py"]', "no-permit", "forbidden f"),
        ('not path matches "/w/src/**"', "no-permit", "forbidden f"),
        ('path under "/w" or path under "/v"', "permitted p", "forbidden f"),
        ('path under "/w/src" or path == "/w/a.py"', "no-permit", "forbidden f"),
        ('path under "/w" and not path under "/v"', "permitted p", "forbidden f"),
    ],
)
def test_a_set_of_paths_is_permitted_whole_and_forbidden_in_any_part(
    condition: str, permit: str, forbid: str
) -> None:
    text = 'fs.search(path="/w", glob="**/*.py", text="x")'
    rule = 'permit p { agent any  call fs.search  WHEN sandbox reader  because "x" }\n'
    assert outcome(bundle_of(rule.replace("WHEN", f"when {condition}")), text) == permit
    stop = f'forbid f {{ call fs.search  when {condition}  because "x" }}\n'
    assert outcome(bundle_of(rule.replace("WHEN", "") + stop), text) == forbid


def test_an_exception_holds_for_a_permit_in_any_part_and_for_a_forbid_only_whole() -> None:
    text = 'fs.search(path="/w", glob="**/*.py", text="x")'
    permit = 'permit p { agent any  call fs.search  EXCEPT sandbox reader  because "x" }\n'
    part, whole = 'unless path under "/w/src"', 'unless path under "/w"'
    assert outcome(bundle_of(permit.replace("EXCEPT", part)), text) == "no-permit"
    for said, wanted in ((part, "forbidden f"), (whole, "permitted p")):
        stop = f'forbid f {{ call fs.search  {said}  because "x" }}\n'
        assert outcome(bundle_of(permit.replace("EXCEPT", "") + stop), text) == wanted


def test_a_parameter_that_is_absent_satisfies_no_test() -> None:
    condition = 'path is present and path under "/w"'
    bundle = bundle_of(
        f'permit p {{ agent any  call git.log  when {condition}  sandbox reader  because "x" }}\n'
    )
    assert outcome(bundle, 'git.log(repo="/w")') == "no-permit"
    assert outcome(bundle, 'git.log(repo="/w", path="/v")') == "no-permit"
    assert outcome(bundle, 'git.log(repo="/w", path="/w/a")') == "permitted p"


def test_code_in_a_writable_sandbox_writes_wherever_that_is_mounted() -> None:
    assert outcome(bundle_of(run("editor") + NO_WRITES), RUN) == "forbidden writes"


def test_code_in_a_read_only_sandbox_writes_nothing() -> None:
    assert outcome(bundle_of(run("reader") + NO_WRITES), RUN) == "permitted run"


def test_code_reads_what_its_sandbox_mounts() -> None:
    bundle = bundle_of(run("reader") + 'forbid f { call any that reads matching "**/.env"  because "x" }\n')
    assert outcome(bundle, RUN) == "forbidden f"


def test_code_in_a_writable_sandbox_needs_a_permit_that_includes_protected_paths() -> None:
    assert outcome(bundle_of(run("editor", protected=False)), RUN) == "forbidden protected"
    assert outcome(bundle_of(run("editor")), RUN) == "permitted run"


def test_a_permit_by_effects_must_cover_all_that_code_can_reach() -> None:
    reads = 'permit reads { agent any  call any that reads or executes  sandbox SANDBOX  because "x" }\n'
    assert outcome(bundle_of(reads.replace("SANDBOX", "reader")), RUN) == "permitted reads"
    assert outcome(bundle_of(reads.replace("SANDBOX", "editor")), RUN) == "no-permit"


def test_a_permit_that_does_not_cover_the_code_lends_it_no_sandbox() -> None:
    """The read-only one is about reading alone, so code would run in the writable one, and is judged by that."""
    reads = 'permit reads { agent any  call any that reads  sandbox reader  because "x" }\n'
    assert outcome(bundle_of(run("editor") + reads), RUN) == "permitted run"
    assert outcome(bundle_of(run("editor") + reads + NO_WRITES), RUN) == "forbidden writes"


@pytest.mark.parametrize(
    "path", ["/workspace/.git/config", "/workspace/a/.github/workflows/x.yml", "/w/AGENTS.md"]
)
def test_protected_paths_are_read_but_not_changed(path: str) -> None:
    bundle = bundle_of('permit all { agent any  call fs.*  sandbox editor  because "x" }\n')
    assert outcome(bundle, f'fs.read(path="{path}")') == "permitted all"
    for change in ("write", "delete"):
        content = ', content=""' if change == "write" else ""
        assert outcome(bundle, f'fs.{change}(path="{path}"{content})') == "forbidden protected"


def test_only_the_permits_that_include_protected_paths_make_the_sandbox() -> None:
    bundle = bundle_of(
        'permit all { agent any  call fs.*  sandbox bare  because "x" }\n'
        'permit expert { agent any  call fs.delete  sandbox editor  including protected  because "y" }\n'
    )
    assert outcome(bundle, 'fs.delete(path="/workspace/.git/config")') == "permitted expert"
    assert outcome(bundle, 'fs.delete(path="/workspace/a")') == "permitted all expert"


def test_without_permits_a_protected_path_is_simply_not_permitted() -> None:
    assert outcome(bundle_of(""), 'fs.delete(path="/workspace/.git/config")') == "no-permit"


def test_an_operators_own_class_of_protected_paths() -> None:
    bundle = bundle_of(
        'permit all { agent any  call fs.*  sandbox editor  because "x" }\n'
        'protected { paths ["/workspace/release/**"]  because "releases are made by people" }\n'
    )
    verdict = verdict_of(bundle, 'fs.delete(path="/workspace/release/1")')
    assert verdict.reason == "releases are made by people"


def test_what_the_engine_lacks_is_denied_though_permitted() -> None:
    bundle = bundle_of(READ + 'permit b { agent in reviewers  call fs.read  sandbox bare  because "x" }\n')
    read = 'fs.read(path="/workspace/a")'
    found = {name: verdict_of(bundle, read, name, FACTS) for name in ("ann", "bob", "homeless")}
    assert {name: verdict.code.value for name, verdict in found.items()} == {
        "ann": "permitted",
        "bob": "fail-closed",
        "homeless": "fail-closed",
    }
    assert "gvisor" in found["bob"].reason
    assert "workspace" in found["homeless"].reason


ROWS = """
capability x.run "s" { rows: List<Json>(1..)  more: Set<Json>?  effects { }  argv { /bin/x }  stdin { rows more } }
permit r { agent any  call x.run  when CONDITION  sandbox reader  because "x" }
"""


@pytest.mark.parametrize(
    ("condition", "arguments", "holds"),
    [
        ("rows contains 1", "rows=[true]", False),
        ("rows contains 1", "rows=[0, 1]", True),
        ("rows contains [1]", "rows=[[true]]", False),
        ("rows contains [1]", "rows=[[1]]", True),
        ("rows starts [1]", "rows=[true, 2]", False),
        ("rows starts [1]", "rows=[1, 2]", True),
        ("rows ends [false]", "rows=[1, 0]", False),
        ("rows ends [false, 0]", "rows=[0]", False),
        ("rows ends [false]", "rows=[1, false]", True),
        ("more is present and more contains true", "rows=[1], more=[1]", False),
        ("more is present and more contains true", "rows=[1], more=[1, true]", True),
    ],
)
def test_within_json_a_number_is_no_truth_value(condition: str, arguments: str, *, holds: bool) -> None:
    bundle = bundle_of(ROWS.replace("CONDITION", condition))
    case = case_of(bundle, f"x.run({arguments})")
    assert evaluate(bundle, case) == compiled(bundle)(case)
    assert (evaluate(bundle, case).code is Code.PERMITTED) is holds
