"""Effects: what each form comes to for the arguments of a call, and what it is called."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from governance.capabilities import Call, Capability
from governance.capabilities.call import make_model
from governance.capabilities.declaration import ArgvWord, EffectForm, Parameter, Verb
from governance.capabilities.glob import PathSet
from governance.capabilities.networks import Network
from governance.capabilities.values import Type

if TYPE_CHECKING:
    from collections.abc import Mapping

URL, EMAIL, CIDR, PATH = Type("Url"), Type("Email"), Type("Cidr"), Type("Path")
EMAILS, URLS = Type("List", item=EMAIL, optional=True), Type("Set", item=URL)
PERSON = Type("Record", fields=(("email", Type("Email", optional=True)), ("home", PATH)))
MAYBE = Type("Record", optional=True, fields=PERSON.fields)


def effects(kind: Type, form: EffectForm, given: Mapping[str, object]) -> list[str]:
    parameters = (Parameter("x", kind), Parameter("glob", Type("Glob", optional=True)))
    declared = Capability("a.b", "", parameters, (form,), (), (), make_model("a.b", parameters))
    call = Call(declared, declared.model.model_validate(given))
    assert call.effects == call.effects
    return [str(effect) for effect in call.effects]


@pytest.mark.parametrize(
    ("kind", "form", "value", "expected"),
    [
        (
            URL,
            EffectForm(Verb.SEND, "x", kind=URL),
            "https://api.example.org:8443/a?b",
            ["send api.example.org"],
        ),
        (URL, EffectForm(Verb.RECEIVE, "x", kind=URL), "http://a/", ["receive a"]),
        (EMAIL, EffectForm(Verb.SEND, "x", kind=EMAIL), "ann@example.org", ["send example.org"]),
        (CIDR, EffectForm(Verb.SEND, "x", kind=CIDR), "10.0.0.0/8", ["send 10.0.0.0/8"]),
        (CIDR, EffectForm(Verb.SEND, "x", kind=CIDR), "::1", ["send ::1"]),
        (
            EMAILS,
            EffectForm(Verb.SEND, "x", kind=EMAILS),
            ("a@b.org", "a@c.org", "d@b.org"),
            ["send b.org", "send c.org"],
        ),
        (EMAILS, EffectForm(Verb.SEND, "x", kind=EMAILS), (), []),
        (
            URLS,
            EffectForm(Verb.RECEIVE, "x", kind=URLS),
            ("http://b/", "http://a/"),
            ["receive a", "receive b"],
        ),
        (
            Type("Decimal"),
            EffectForm(Verb.SPEND, "x", kind=Type("Decimal"), unit="eur"),
            Decimal("12.50"),
            ["spend 12.5 eur"],
        ),
        (
            Type("Decimal"),
            EffectForm(Verb.SPEND, "x", kind=Type("Decimal"), unit="btc"),
            "0.00000001",
            ["spend 0.00000001 btc"],
        ),
        (Type("Int"), EffectForm(Verb.SPEND, "x", kind=Type("Int"), unit="tokens"), 0, ["spend 0 tokens"]),
        (Type("Int"), EffectForm(Verb.IRREVERSIBLE), 1, ["irreversible"]),
        (
            PERSON,
            EffectForm(Verb.SEND, "x", steps=((PERSON, "email"),), kind=Type("Email", optional=True)),
            {"email": "ann@example.org", "home": "/a"},
            ["send example.org"],
        ),
        (
            PERSON,
            EffectForm(Verb.SEND, "x", steps=((PERSON, "email"),), kind=Type("Email", optional=True)),
            {"home": "/a"},
            [],
        ),
        (
            PERSON,
            EffectForm(Verb.SEND, "x", steps=((PERSON, "email"), (EMAIL, "domain")), kind=Type("Host")),
            {"email": "ann@example.org", "home": "/a"},
            ["send example.org"],
        ),
        (
            PERSON,
            EffectForm(Verb.WRITE, "x", steps=((PERSON, "home"),), kind=PATH),
            {"home": "/a/*"},
            ["write /a/*"],
        ),
    ],
)
def test_effects_are_on_what_the_value_leads_to(
    kind: Type, form: EffectForm, value: object, expected: list[str]
) -> None:
    assert effects(kind, form, {"x": value}) == expected


@pytest.mark.parametrize("verb", [Verb.READ, Verb.SEND])
def test_what_is_not_given_has_no_effect(verb: Verb) -> None:
    steps = ((PERSON, "email"),) if verb is Verb.SEND else ((PERSON, "home"),)
    assert effects(MAYBE, EffectForm(verb, "x", steps=steps, kind=EMAIL), {}) == []
    assert effects(EMAILS, EffectForm(Verb.SEND, "x", kind=EMAILS), {}) == []
    assert effects(Type("Path", optional=True), EffectForm(Verb.READ, "x", "**"), {}) == []


def test_what_is_irreversible_is_so_whatever_is_given() -> None:
    assert effects(Type("Int", optional=True), EffectForm(Verb.IRREVERSIBLE), {}) == ["irreversible"]


def test_networks_and_paths_are_sets_and_hosts_names() -> None:
    parameters = (
        Parameter("net", CIDR),
        Parameter("url", URL),
        Parameter("path", PATH),
        Parameter("glob", Type("Glob")),
    )
    forms = (
        EffectForm(Verb.SEND, "net", kind=CIDR),
        EffectForm(Verb.SEND, "url", kind=URL),
        EffectForm(Verb.READ, "path", kind=PATH),
        EffectForm(Verb.DELETE, "path", "glob", kind=PATH),
    )
    declared = Capability("a.b", "", parameters, forms, (), (), make_model("a.b", parameters))
    given = {"net": "10.0.0.0/8", "url": "https://a.org/", "path": "/w", "glob": "*.py"}
    call = Call(declared, declared.model.model_validate(given))
    targets = [effect.target for effect in call.effects]
    assert targets == [Network.of("10.0.0.0/8"), "a.org", PathSet.one("/w"), PathSet.glob("*.py", "/w")]


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Type("Decimal"), "0.0000001", ("0.0000001",)),
        (Type("List", item=Type("Int")), (1, 2), ("1", "2")),
        (Type("Set", item=Type("Decimal")), (10, "0.5"), ("0.5", "10")),
        (Type("List", item=Type("Bool")), (True, False), ("true", "false")),
        (URL, "https://a.org/?b", ("https://a.org/?b",)),
    ],
)
def test_words_of_a_command_line_are_texts(kind: Type, value: object, words: tuple[str, ...]) -> None:
    parameters = (Parameter("x", kind),)
    argv = (ArgvWord("/bin/p"), ArgvWord("", "x"))
    declared = Capability("a.b", "", parameters, (), argv, (), make_model("a.b", parameters))
    assert Call(declared, declared.model.model_validate({"x": value})).argv == ("/bin/p", *words)
