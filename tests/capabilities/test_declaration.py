"""From one declaration: the command line, what the program reads, the effects, and the call's one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from governance.capabilities import Call, Capability
from governance.capabilities.call import make_model
from governance.capabilities.declaration import ArgvGroup, ArgvWord, EffectForm, Parameter, Verb
from governance.capabilities.glob import PathSet
from governance.capabilities.values import Type

if TYPE_CHECKING:
    from governance.capabilities.declaration import ArgvItem

PARAMETERS = (
    Parameter("path", Type("Path")),
    Parameter("glob", Type("Glob"), "**"),
    Parameter("most", Type("Int", 0), 10),
    Parameter("all", Type("Bool"), default=False),
    Parameter("more", Type("List", item=Type("String")), ()),
    Parameter("after", Type("Path", optional=True)),
    Parameter("mode", Type("Enum", names=("fast", "slow"), optional=True)),
    Parameter("argv", Type("Argv", optional=True)),
    Parameter("host", Type("Host", optional=True)),
)


def capability(
    *argv: ArgvItem, effects: tuple[EffectForm, ...] = (), stdin: tuple[str, ...] = ()
) -> Capability:
    return Capability("x.y", "", PARAMETERS, effects, argv, stdin, make_model("x.y", PARAMETERS))


def call(declared: Capability, **given: object) -> Call:
    return Call(declared, declared.model.model_validate({"path": "/w", **given}))


@pytest.mark.parametrize(
    ("item", "given", "words"),
    [
        (ArgvWord("--"), {}, ("--",)),
        (ArgvWord("", "path"), {}, ("/w",)),
        (ArgvWord("--in=", "path"), {}, ("--in=/w",)),
        (ArgvWord("", "most"), {}, ("10",)),
        (ArgvWord("-n", "most"), {"most": 0}, ("-n0",)),
        (ArgvWord("", "all"), {}, ("false",)),
        (ArgvWord("--all=", "all"), {"all": True}, ("--all=true",)),
        (ArgvWord("", "more"), {}, ()),
        (ArgvWord("", "more"), {"more": ("", "a b", "$(x)")}, ("", "a b", "$(x)")),
        (ArgvWord("", "argv"), {"argv": ("ls", "-l")}, ("ls", "-l")),
        (ArgvWord("", "after"), {}, ()),
        (ArgvWord("--after=", "after"), {}, ()),
        (ArgvWord("--after=", "after"), {"after": "/x"}, ("--after=/x",)),
        (ArgvWord("", "mode"), {"mode": "slow"}, ("slow",)),
        (ArgvGroup((ArgvWord("--"), ArgvWord("", "after"))), {}, ()),
        (ArgvGroup((ArgvWord("--"), ArgvWord("", "after"))), {"after": "/x"}, ("--", "/x")),
        (ArgvGroup((ArgvWord("", "mode"), ArgvWord("", "after"))), {"after": "/x"}, ()),
        (ArgvGroup((ArgvWord("-m"), ArgvWord("", "most"))), {}, ("-m", "10")),
    ],
)
def test_command_line_is_rendered_word_for_word(
    item: ArgvItem, given: dict[str, object], words: tuple[str, ...]
) -> None:
    assert call(capability(ArgvWord("/bin/p"), item), **given).argv == ("/bin/p", *words)


@pytest.mark.parametrize(
    ("stdin", "given", "read"),
    [
        ((), {}, None),
        (("path",), {}, b'{"path":"/w"}'),
        (
            ("path", "all", "more"),
            {"more": ("\u00e9",)},
            '{"all":false,"more":["\u00e9"],"path":"/w"}'.encode(),
        ),
        (("after",), {}, b"{}"),
    ],
)
def test_program_reads_one_canonical_object(
    stdin: tuple[str, ...], given: dict[str, object], read: bytes | None
) -> None:
    assert call(capability(ArgvWord("/bin/p"), stdin=stdin), **given).stdin == read


@pytest.mark.parametrize(
    ("form", "given", "effects"),
    [
        (EffectForm(Verb.READ, "path"), {}, ["read /w"]),
        (EffectForm(Verb.DELETE, "path", "**"), {}, ["delete /w/**"]),
        (EffectForm(Verb.READ, "path", "glob"), {"glob": "*.py"}, ["read /w/*.py"]),
        (EffectForm(Verb.WRITE, "after"), {}, []),
        (EffectForm(Verb.CREATE, "after"), {"after": "/x"}, ["create /x"]),
        (EffectForm(Verb.EXECUTE, "argv"), {"argv": ("ls", "-l")}, ["execute ls"]),
        (EffectForm(Verb.EXECUTE, "mode"), {"mode": "fast"}, ["execute fast"]),
        (EffectForm(Verb.SEND, "host"), {"host": "example.org"}, ["send example.org"]),
    ],
)
def test_effects_are_those_of_the_values_given(
    form: EffectForm, given: dict[str, object], effects: list[str]
) -> None:
    made = call(capability(ArgvWord("/bin/p"), effects=(form,)), **given)
    assert [str(effect) for effect in made.effects] == effects


def test_what_runs_code_is_opaque() -> None:
    assert capability(effects=(EffectForm(Verb.READ, "path"), EffectForm(Verb.EXECUTE, "argv"))).opaque
    assert not capability(effects=(EffectForm(Verb.WRITE, "path"),)).opaque


def test_path_speaks_of_one_path_or_of_what_its_widest_effect_reaches() -> None:
    one = call(capability(effects=(EffectForm(Verb.READ, "path"),)), path="/w/*")
    assert one.paths("path") == ("w", "*")
    wide = call(capability(effects=(EffectForm(Verb.READ, "path"), EffectForm(Verb.WRITE, "path", "**"))))
    assert wide.paths("path") == PathSet.tree("/w")
    found = call(capability(effects=(EffectForm(Verb.READ, "path", "glob"),)), glob="a/*")
    assert found.paths("path") == PathSet.glob("/w/a/*")
    plain = call(capability(effects=(EffectForm(Verb.READ, "path", "glob"),)), glob="a/b")
    assert plain.paths("path") == ("w", "a", "b")


def test_defaults_are_filled_in_and_absent_optional_ones_left_out() -> None:
    made = call(capability())
    assert dict(made.arguments) == {"path": "/w", "glob": "**", "most": 10, "all": False, "more": ()}
    assert list(made.arguments) == [each.name for each in PARAMETERS[:5]]
    assert str(made) == 'x.y(path="/w", glob="**", most=10, all=false, more=[])'


@pytest.mark.parametrize(
    "given",
    [
        {"other": 1},
        {"most": "1"},
        {"most": True},
        {"all": 1},
        {"mode": "quick"},
        {"more": ["a"]},
        {"path": None},
    ],
)
def test_model_takes_nothing_that_does_not_fit(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        call(capability(), **given)


def test_model_is_frozen() -> None:
    made = capability().model.model_validate({"path": "/w"})
    with pytest.raises(ValidationError):
        made.path = "/etc"  # type: ignore[attr-defined]


def test_calls_are_equal_when_their_canonical_data_are() -> None:
    assert call(capability()) == call(capability(), most=10)
    assert hash(call(capability())) == hash(call(capability(), most=10))
    assert call(capability()) != call(capability(), most=11)
    assert call(capability()) != "x.y"


def test_true_and_one_are_never_equal_arguments() -> None:
    parameters = (Parameter("a", Type("Bool"))), (Parameter("a", Type("Int")))
    made = [
        Call(declared, declared.model.model_validate({"a": value}))
        for each, value in zip(parameters, (True, 1), strict=True)
        for declared in [Capability("x", "", (each,), (), (), (), make_model("x", (each,)))]
    ]
    assert made[0] != made[1]


def test_parameter_without_default_must_be_given_unless_optional() -> None:
    declared = capability()
    assert [each.name for each in PARAMETERS if each.required] == ["path"]
    assert declared.parameter("most") is PARAMETERS[2]
    assert declared.parameter("none") is None
