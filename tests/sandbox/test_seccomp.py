"""The profile is an allow-list that lacks what a sandbox must not have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.sandbox.seccomp import REFUSED, profile


@pytest.fixture
def rules() -> list[dict[str, Any]]:
    return list(json.loads(profile())["syscalls"])


def test_what_is_not_listed_is_refused() -> None:
    assert json.loads(profile())["defaultAction"] == "SCMP_ACT_ERRNO"
    assert "architectures" not in json.loads(profile())


@pytest.mark.parametrize("name", REFUSED)
def test_no_rule_names_a_refused_call(name: str, rules: list[dict[str, Any]]) -> None:
    assert all(name not in rule["names"] for rule in rules)


def test_no_call_is_both_free_and_conditional(rules: list[dict[str, Any]]) -> None:
    free = set(rules[0]["names"])
    assert len(free) == len(rules[0]["names"])
    assert all(free.isdisjoint(rule["names"]) for rule in rules[1:])


def test_new_namespaces_cannot_be_made(rules: list[dict[str, Any]]) -> None:
    clone = [rule for rule in rules if rule["names"] == ["clone"]]
    assert [rule["args"] for rule in clone] == [
        [{"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    ]


def test_clone3_looks_as_if_the_kernel_lacked_it(rules: list[dict[str, Any]]) -> None:
    (clone3,) = [rule for rule in rules if rule["names"] == ["clone3"]]
    assert (clone3["action"], clone3["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def test_sockets_are_of_plain_families_only(rules: list[dict[str, Any]]) -> None:
    families = {rule["args"][0]["value"] for rule in rules if rule["names"] == ["socket"]}
    assert families == {1, 2, 10, 16}


def test_a_kernel_of_its_own_is_left_clone3_and_nothing_else() -> None:
    plain, own = (json.loads(profile(own_kernel=each)) for each in (False, True))
    clone = {"names": ["clone3"], "action": "SCMP_ACT_ALLOW"}
    assert own["syscalls"] == [rule if rule["names"] != ["clone3"] else clone for rule in plain["syscalls"]]
