"""Bundles: one digest for one meaning, the stored form, and what is never loaded."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from governance.canonical import canonical, digest
from governance.errors import PolicyError
from governance.policy.stored import load_bundle, make_bundle
from tests.policy.build import WORLD, bundle_of, imported, library, outcome

READ = 'permit read { agent in coders  call fs.read  when path under "/workspace"  sandbox reader  because "x" }\n'
FORBID = 'forbid env { call fs.read  when path matches "**/.env"  because "y" }\n'


def test_the_order_in_which_files_are_read_changes_nothing() -> None:
    files = [("world.policy", WORLD), ("a.policy", imported(READ)), ("deep/b.policy", FORBID)]
    digests = {make_bundle(library(), dict(order)).digest for order in permutations(files)}
    assert len(digests) == 1


@pytest.mark.parametrize(
    "change",
    [
        ("/workspace", "/workspaces"),
        ('"x"', '"X"'),
        ("reader", "editor"),
        ("in coders", "any"),
        ("permit read", "permit reads"),
        ("fs.read", "fs.list"),
        ("}\n", "}\n# a comment\n"),
        ("}\n", "}\r\n"),
    ],
)
def test_any_change_changes_the_digest(change: tuple[str, str]) -> None:
    assert bundle_of(READ).digest != bundle_of(READ.replace(*change)).digest


def test_the_name_of_a_file_is_part_of_the_digest() -> None:
    first = make_bundle(library(), {"a.policy": WORLD + READ})
    assert first.digest != make_bundle(library(), {"b.policy": WORLD + READ}).digest


def test_the_standard_library_is_part_of_the_digest() -> None:
    other = {**library(), "protected.policy": library()["protected.policy"] + "# x\n"}
    assert (
        make_bundle(other, {"a.policy": WORLD}).digest != make_bundle(library(), {"a.policy": WORLD}).digest
    )


def test_the_stored_form_is_loaded_as_the_same_bundle() -> None:
    bundle = bundle_of(READ + FORBID)
    again = load_bundle(bundle.stored, bundle.digest)
    assert again.stored == bundle.stored
    assert outcome(again, 'fs.read(path="/workspace/a")') == "permitted read"
    assert outcome(again, 'fs.read(path="/workspace/.env")') == "forbidden env"


def test_stored_bytes_are_canonical_and_named_by_their_digest() -> None:
    bundle = bundle_of(READ)
    assert canonical(json.loads(bundle.stored)) == bundle.stored
    assert digest(bundle.stored) == bundle.digest


def test_a_changed_byte_is_noticed() -> None:
    bundle = bundle_of(READ)
    edited = bundle.stored.replace(b"/workspace", b"/workspacf", 1)
    with pytest.raises(PolicyError) as caught:
        load_bundle(edited, bundle.digest)
    assert caught.value.code == "bundle-edited"


@pytest.mark.parametrize("part", ["typed", "format"])
def test_a_stored_meaning_that_is_not_that_of_the_sources_is_refused(part: str) -> None:
    data = json.loads(bundle_of(READ).stored)
    data[part] = {} if part == "typed" else 1
    edited = canonical(data)
    with pytest.raises(PolicyError) as caught:
        load_bundle(edited, digest(edited))
    assert caught.value.code == "other-meaning"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"sources":[]}',
        b'{"sources":{"a":1}}',
        b"\xff",
        b"[" * 9999,
        b'{"sources":{"a":"\\ud800"}}',
        b'{"sources":{"\\ud800":""}}',
    ],
)
def test_bytes_that_are_no_bundle_are_refused(data: bytes) -> None:
    with pytest.raises(PolicyError) as caught:
        load_bundle(data, digest(data))
    assert caught.value.code == "no-bundle"


def test_a_bundle_without_files_is_none() -> None:
    with pytest.raises(PolicyError) as caught:
        make_bundle(library(), {})
    assert caught.value.code == "no-policies"


def test_nobody_stands_in_for_the_standard_library() -> None:
    with pytest.raises(PolicyError) as caught:
        make_bundle(library(), {"std/fs.policy": ""})
    assert caught.value.code == "reserved-name"


def test_a_second_declaration_is_reported_where_the_operator_wrote_it() -> None:
    own = 'capability fs.read "s" { path: Path  effects { read path }  argv { /bin/x $path } }\n'
    with pytest.raises(PolicyError) as caught:
        make_bundle(library(), {"a.policy": own})
    assert [each.span.place for each in caught.value.diagnostics if each.span] == ["a.policy:1:12"]


def test_rules_of_one_name_in_different_files_are_told_apart() -> None:
    bundle = bundle_of(READ, other=READ, **{"deep/other": READ})
    names = [rule.reference.name for rule in bundle.rules]
    assert names == ["deep/other/read", "other/read", "x/read"]


def test_agents_of_one_name_in_different_files_are_refused() -> None:
    with pytest.raises(PolicyError, match="`ann` is declared twice"):
        bundle_of("", other='agent "ann" { groups admins }\n')


def test_no_policy_folder_can_be_half_loaded() -> None:
    with pytest.raises(PolicyError):
        bundle_of(READ, other="forbid env {\n")


def test_limits_of_one_name_in_different_files_would_count_twice() -> None:
    limit = "limit l { call fs.read  at most 2 per 1h }\n"
    with pytest.raises(PolicyError, match=r"limit `l` is declared in a\.policy too"):
        bundle_of(limit, a=limit)
