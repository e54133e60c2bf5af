"""Bundles as bytes: the same comes back, and nothing else is ever made of bytes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.capabilities import Capability
from governance.library import load_policies
from governance.policy.packed import pack, unpack
from tests.laws import language_strategies as language

if TYPE_CHECKING:
    from governance.capabilities import Call

EXAMPLES = sorted((Path(__file__).parents[2] / "policies" / "examples").iterdir())


def said(capability: Capability) -> dict[str, object]:
    """Return all that is said of a capability; its model follows from that."""
    return {
        name: value
        for name, value in vars(capability).items()
        if name in Capability.__match_args__ and name != "model"
    }


def call(of: Call) -> tuple[str, dict[str, object]]:
    return of.capability.name, dict(of.arguments)


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda place: place.name)
def test_what_comes_back_is_what_was_packed(place: Path) -> None:
    bundle = load_policies(place)
    again = unpack(pack(bundle), bundle.sources)
    assert dict(again.sources) == dict(bundle.sources)
    assert list(again.capabilities) == list(bundle.capabilities)
    assert list(map(said, again.capabilities.values())) == list(map(said, bundle.capabilities.values()))
    assert again.agents == bundle.agents
    assert again.protected == bundle.protected
    assert again.clearances == bundle.clearances
    assert again.proofs == bundle.proofs
    assert [(each.reference, each.key) for each in again.rules] == [
        (each.reference, each.key) for each in bundle.rules
    ]
    examples = (
        [call(each.call) for rule in each_bundle.rules for each in rule.examples]
        for each_bundle in (again, bundle)
    )
    assert next(examples) == next(examples)
    assert again.digest == bundle.digest
    del vars(again)["digest"]
    assert (again.stored, again.digest) == (bundle.stored, bundle.digest)
    assert pack(again) == pack(bundle)
    assert [each.reference for each in again.tests] == [each.reference for each in bundle.tests]


@given(
    st.one_of(
        st.binary(max_size=80),
        st.recursive(st.integers(-3, 80) | st.text(max_size=4) | st.none(), st.lists, max_leaves=20).map(
            lambda value: json.dumps(value).encode()
        ),
    )
)
@example(b"[" * 100_000)
@example(b'["a",[1,-1]]')
@example(b'["1e999999999",[5,0]]')
def test_no_other_bytes_are_a_bundle(data: bytes) -> None:
    with pytest.raises(ValueError, match="this is no packed bundle"):
        unpack(data, {})


def test_one_changed_byte_never_escapes_as_another_error() -> None:
    bundle = load_policies(EXAMPLES[0])
    data = pack(bundle)
    for place in range(0, len(data), 97):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with suppress(ValueError):
            unpack(changed, bundle.sources)


def test_what_occurs_often_is_written_once() -> None:
    rule = 'forbid r{} {{ call t.file  when path under "/a/b/{}"  because "why" }}\n'
    few, many = (
        len(pack(language.bundle_of("".join(rule.format(n, n) for n in range(count))))) for count in (10, 110)
    )
    assert (many - few) / 100 < 250
