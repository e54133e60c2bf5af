"""The file of facts about programs: its form, its order, and that no fact in it is out of reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from governance import resources
from governance.library import known_programs
from governance.policy.audit import Can
from governance.policy.audit.programs import read_programs
from governance.policy.audit.reading import read_line
from governance.policy.audit.words import Piece
from governance.request.programs import SHELLS, STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.policy.audit.programs import Fact, Program

FILE = resources.folder("policies") / "facts" / "programs.json"
WHOLE = json.loads(FILE.read_text())

WANTED = """
awk sed grep rg find xargs env timeout nice tee dd sort split diff patch file tail watch uniq shuf cp mv rm mkdir touch ln
chmod install truncate csplit wc head cat cut tr nl du ls tree stat
git tar zip unzip rsync curl wget ssh scp sftp nc python3 perl ruby node npm npx pip make gcc vim vi ed less more man
openssl sqlite3 psql docker systemctl crontab at cpio gdb strace jq yq busybox chroot su sudo bash sh dash zsh fish
nohup setsid stdbuf flock script parallel cargo go java php lua apt-get dpkg gpg pytest cmake
"""


def scopes(program: Program) -> Iterator[tuple[tuple[str, ...], Program]]:
    """Yield the words that lead to a place where options stand, and what is known there."""
    yield (), program
    for name, command in program.commands.items():
        yield (name,), command


def entries() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in WHOLE["programs"].items():
        yield name, entry
        for word, command in entry.get("commands", {}).items():
            yield f"{name} {word}", command


def test_what_is_on_debian_and_in_the_work_of_agents_is_known() -> None:
    known = known_programs().by_name
    assert len(WHOLE["programs"]) >= 120
    assert [name for name in WANTED.split() if name not in known] == []
    assert known.keys() >= SHELLS
    programs = {name for name, (reason, _) in STOPPED.items() if "the shell's own" not in reason}
    assert programs - known.keys() <= {"catchsegv"}


def test_every_part_is_in_order() -> None:
    assert list(WHOLE["programs"]) == sorted(WHOLE["programs"])
    for name, entry in entries():
        assert list(entry.get("commands", {})) == sorted(entry.get("commands", {})), name
        assert entry.get("also", []) == sorted(entry.get("also", [])), name
        assert entry.get("valued", []) == sorted(entry.get("valued", [])), name
        for part in ("options", "operands", "environment"):
            keys = [order(fact) for fact in entry.get(part, [])]
            assert keys == sorted(keys), (name, part)
        for fact in (*entry.get("always", []), *entry.get("options", []), *entry.get("operands", [])):
            assert fact["can"] == sorted(fact["can"]) != [], name
            assert fact.get("harmless", []) == sorted(fact.get("harmless", [])), name


def order(fact: dict[str, Any]) -> tuple[str, str]:
    first = fact["names"][0] if "names" in fact else fact["at"]
    return first.lstrip("-").lower(), first


def test_no_option_is_said_twice() -> None:
    for name, entry in entries():
        said = [option for fact in entry.get("options", []) for option in fact["names"]] + entry.get(
            "valued", []
        )
        assert sorted(said) == sorted(set(said)), name


def test_interpreters_say_how_code_is_given_to_them() -> None:
    for name, program in known_programs().by_name.items():
        if program.interpreter:
            facts = (
                fact for _, each in scopes(program) for fact in (*each.always, *each.options, *each.operands)
            )
            assert any(Can.CODE in fact.can for fact in facts) or name in ("busybox", "toybox"), name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "no object"),
        ('{"format": 2, "environment": [], "programs": {}}', "format"),
        ('{"format": 1, "format": 1, "environment": [], "programs": {}}', "twice"),
        ('{"format": 1, "environment": [], "programs": {}, "more": []}', "no field"),
        ('{"format": 1.0, "environment": [], "programs": {}}', "no whole number"),
        ('{"format": NaN, "environment": [], "programs": {}}', "no whole number"),
        ('{"format": 1, "environment": {}, "programs": {}}', "no list"),
        ('{"format": 1, "environment": [{"names": [], "can": ["code"], "why": "So."}], "programs": {}}', "of what it is"),
    ],
)  # fmt: skip
def test_a_file_of_another_form_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_programs(text)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('{"says": "So"}', "sentence"),
        ('{"says": "So.", "also": "a"}', "list of different texts"),
        ('{"says": "So.", "also": ["a", "a"]}', "list of different texts"),
        ('{"says": "So.", "also": ["x"]}', "known twice"),
        ('{"says": "So.", "interpreter": false}', "left out"),
        ('{"says": "So.", "valued": ["o"]}', "no option"),
        ('{"says": "So.", "does": []}', "no field"),
        ('{"says": "So.", "options": [{"names": ["o"], "can": ["read"], "why": "So."}]}', "no option"),
        ('{"says": "So.", "options": [{"names": ["--o=x"], "can": ["read"], "why": "So."}]}', "no option"),
        ('{"says": "So.", "options": [{"names": ["-o"], "can": ["eat"], "why": "So."}]}', "eat"),
        ('{"says": "So.", "options": [{"names": ["-o"], "can": ["read"]}]}', "sentence"),
        ('{"says": "So.", "options": [{"names": ["-o"], "value": "maybe", "can": ["read"], "why": "So."}]}', "none of"),
        ('{"says": "So.", "operands": [{"at": "third", "can": ["read"], "why": "So."}]}', "of what it is"),
        ('{"says": "So.", "operands": [{"at": "words", "after": "1", "can": ["read"], "why": "So."}]}', "no number"),
    ],
)  # fmt: skip
def test_an_entry_of_another_form_is_refused(entry: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_programs(f'{{"format": 1, "environment": [], "programs": {{"x": {entry}}}}}')


def spellings(fact: Fact, option: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways to write an option with a value."""
    if fact.keys:
        return
    value = f"{fact.begins}value"
    if fact.value in ("none", "attached"):
        yield (option,)
    if fact.value in ("attached", "either"):
        yield (f"{option}={value}",) if len(option) > 2 else (f"{option}{value}",)
    if fact.value in ("separate", "either"):
        yield (option, value)


def test_every_option_is_found_as_it_is_spelled_and_where_words_are_free() -> None:
    programs = known_programs()
    for name, program in programs.by_name.items():
        free = {
            (found.by, found.why)
            for found in read_line(programs, (Piece((name,)), Piece(kind="Argv", many=True)))
        }
        for before, scope in scopes(program):
            for fact in scope.options:
                for option in fact.names:
                    shown = " ".join((*before, option))
                    for words in spellings(fact, option):
                        line = [Piece((word,)) for word in (name, *before, *words)]
                        found = {(each.by, each.can) for each in read_line(programs, line)}
                        assert (shown, fact.can) in found, (name, words)
                assert fact.keys or fact.why in {why for _, why in free}, (name, fact)
            for fact in scope.always:
                assert fact.why in {why for _, why in free}, (name, fact)


def test_every_key_is_found_as_it_is_spelled_and_where_its_option_is_free() -> None:
    programs = known_programs()
    for name, program in programs.by_name.items():
        for fact in (fact for fact in program.options if fact.keys):
            option = fact.names[0]
            free = {
                found.why
                for found in read_line(programs, (Piece((name,)), Piece((option,)), Piece(kind="String")))
            }
            for key in fact.keys:
                assert key.why in free
                for spelling in key.names:
                    text = f"{spelling.replace('*', 'x')}=value"
                    found = {
                        (each.can, each.why)
                        for each in read_line(programs, map(Piece, ((name,), (option,), (text,))))
                    }
                    assert (key.can, key.why) in found, text


def test_every_variable_is_found() -> None:
    programs = known_programs()
    for name, program in programs.by_name.items():
        for fact in (*program.environment, *programs.environment):
            for variable in fact.names:
                line = [Piece((word,)) for word in ("env", f"{variable.replace('*', 'x')}=value", name)]
                assert fact.why in {each.why for each in read_line(programs, line)}, (name, variable)


def test_operands_are_found_where_words_are_free() -> None:
    programs = known_programs()
    for name, program in programs.by_name.items():
        free = {
            found.why
            for found in read_line(programs, (Piece((name,)), Piece(kind="Argv", many=True, optional=True)))
        }
        for _, scope in scopes(program):
            for fact in scope.operands:
                assert fact.at == "words" or fact.why in free, (name, fact)
