"""The facts about programs, held against those in the image: options that are known exist, and do what is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import docker
import pytest

from governance.library import known_programs
from tests.docker.effects import EFFECTS, PREPARED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from governance.policy.audit.programs import Fact, Program

pytestmark = pytest.mark.engine

REFUSED = re.compile(
    "unrecognized option|invalid option|unknown option|unrecognized argument|unknown predicate|unknown switch"
    "|illegal option|is ambiguous|no such option|bad option|not an option|unknown argument",
    re.IGNORECASE,
)
"""What programs say of an option that they do not have."""

OTHERS = frozenset({"cc", "pager", "view", "editor"})
"""Names that lead to another program from one installation to the next."""


ELSEWHERE = frozenset({"apt-get", "gawk", "less", "lz4", "setfacl", "xz"})
"""Programs that have more options than those they share an entry with; what these do not have is theirs."""

VALUES = {("sh", "-o"): "errexit"}
"""The value that an option takes where it does not take any."""


class Probe(NamedTuple):
    """An option of a program in the image, and the words to try it with."""

    name: str
    option: str
    words: tuple[str, ...]


def probes(name: str, program: Program) -> Iterator[Probe]:
    for before, scope in ((), program), *(((word,), command) for word, command in program.commands.items()):
        for fact in scope.options:
            for option in fact.names:
                yield Probe(name, option, (*before, *spelled(fact, option)))
        for option in scope.valued:
            yield Probe(name, option, (*before, option, VALUES.get((name, option), "1")))


def spelled(fact: Fact, option: str) -> tuple[str, ...]:
    match fact.value:
        case "words":
            return option, "true", ";"
        case "separate" | "either":
            return option, "value"
        case _:
            return (option,)


@pytest.fixture(scope="module")
def inside(engine_url: str, image: str) -> Iterator[Callable[[str], str]]:
    """Run a script of bash's in the image, as its own user and without a network; return what it prints."""
    client = docker.DockerClient(base_url=engine_url)

    def run(script: str) -> str:
        options = {"network_mode": "none", "remove": True, "read_only": True, "tmpfs": {"/tmp": "exec"}}
        words = ["/bin/bash", "-c", 'exec bash /dev/stdin <<<"$SCRIPT"']
        output = client.containers.run(
            image,
            words,
            working_dir="/tmp",
            environment={"SCRIPT": f"{script}\nexit 0", "HOME": "/tmp"},
            stderr=True,
            **options,
        )
        return bytes(output).decode(errors="replace")

    yield run
    client.close()


@pytest.fixture(scope="module")
def present(inside: Callable[[str], str]) -> frozenset[str]:
    """The programs of the image of which something is known."""
    names = sorted(name for name in known_programs().by_name if "/" not in name)
    return frozenset(
        inside(
            f"for each in {' '.join(map(quoted, names))}; do type -P $each >/dev/null && echo $each; done"
        ).split()
    )


def quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def test_programs_of_the_image_are_known(present: frozenset[str]) -> None:
    assert {
        "awk",
        "bash",
        "cp",
        "dd",
        "env",
        "find",
        "git",
        "grep",
        "python3",
        "sed",
        "sh",
        "sort",
        "tar",
        "xargs",
    } <= present


def test_options_that_are_known_exist(inside: Callable[[str], str], present: frozenset[str]) -> None:
    programs = known_programs().by_name
    asked = [probe for name in sorted(present - OTHERS) for probe in probes(name, programs[name])]
    assert len(asked) > 200
    script = [
        "cd /tmp; git init -q r && cd r",
        'ask() { echo "== $1"; shift; timeout 2 "$@" 2>&1 </dev/null | head -c 400; echo; }',
    ]
    for number, probe in enumerate(asked):
        script.append(" ".join(["ask", str(number), *map(quoted, (probe.name, *probe.words))]))
    helps = [
        'help() { echo "== help $1"; timeout 2 "$1" --help 2>&1 </dev/null; }',
        *(f"help {quoted(name)}" for name in sorted(present)),
    ]
    told = answers(inside("\n".join(script)))
    said = answers(inside("\n".join(helps)))
    had = {
        (programs[probe.name].says, probe.option)
        for number, probe in enumerate(asked)
        if not REFUSED.search(told[str(number)]) or stands_in(probe.option, said[f"help {probe.name}"])
    }
    missing = {
        (programs[probe.name].says, probe.option): (probe, told[str(number)][:120])
        for number, probe in enumerate(asked)
        if (programs[probe.name].says, probe.option) not in had
        and not any(programs[other] is programs[probe.name] for other in ELSEWHERE - present)
    }
    told_of = "\n".join(
        f"{probe.name} {probe.option}: {answer.splitlines()[0]}" for probe, answer in missing.values()
    )
    assert not missing, told_of


def answers(text: str) -> dict[str, str]:
    """Return what stands behind each line that begins with `== `, by what follows there."""
    parts = re.split(r"^== (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def stands_in(option: str, text: str) -> bool:
    return re.search(rf"(?<![-\w]){re.escape(option)}(?![-\w])", text) is not None


def test_effects_that_are_known_happen(inside: Callable[[str], str], present: frozenset[str]) -> None:
    script = [PREPARED]
    for number, effect in enumerate(EFFECTS):
        line = f"({effect.script}) >/dev/null 2>&1 </dev/null"
        script.append(
            f"rm -rf /tmp/w; mkdir /tmp/w; cd /tmp/w; prepare; {line}; [ -e hit ] && echo '== {number}'"
        )
    told = {int(number) for number in re.findall("== ([0-9]+)", inside("\n".join(script)))}
    tried = [(number, each) for number, each in enumerate(EFFECTS) if each.program in present]
    assert len(tried) > 60
    assert [each for number, each in tried if number not in told] == []


def test_effects_that_are_tried_are_those_that_are_known() -> None:
    programs = known_programs().by_name
    for effect in EFFECTS:
        program = programs[effect.program]
        scopes = [program, *program.commands.values()]
        facts = [
            fact
            for each in scopes
            for fact in (*each.always, *each.options, *each.operands, *each.environment)
        ]
        facts += [key for fact in facts for key in fact.keys]
        means = (
            {name.rstrip("*").lower() for fact in facts for name in fact.names}
            | {fact.at for fact in facts}
            | {"always"}
        )
        assert effect.by.lower() in means, effect
