"""Random policies of the core language, as data that says both how they are written and what they mean, and
calls near the constants that stand in them.

Meaning is by brute force over a finite universe of paths: a set of paths is the set of its members, so nothing
here knows of the algorithms under test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

from hypothesis import strategies as st

from governance import resources
from governance.policy.stored import make_bundle
from governance.request.bind import bind
from governance.request.syntax import parse_call
from governance.text import Source
from tests.policy.build import idle_rules

if TYPE_CHECKING:
    from governance.capabilities import Call
    from governance.policy import Bundle

Parts: TypeAlias = tuple[str, ...]
Paths: TypeAlias = frozenset[Parts]
Condition: TypeAlias = tuple[object, ...]

NAMES: Final = ("workspace", "src", ".env", "a.py", "prot", "zz")
UNIVERSE: Final[tuple[Parts, ...]] = tuple(
    parts for depth in range(5) for parts in product(NAMES, repeat=depth)
)
PLACES: Final = ("/workspace", "/workspace/src", "/workspace/prot", "/src", "/workspace/src/a.py")
GLOBS: Final = (
    "**/.env",
    "/workspace/**",
    "/workspace/*",
    "**/*.py",
    "/workspace/**/zz",
    "**/src/**",
    "/*/*.env",
)
AGENTS: Final = {
    "ann": ("coders",),
    "bob": ("reviewers",),
    "cy": ("coders", "reviewers"),
    "dee": ("coders",),
}
WITHOUT_WORKSPACE: Final = "dee"
WORLD: Final = """
agent "ann" { groups coders workspace "w/ann" }
agent "bob" { groups reviewers workspace "w/bob" }
agent "cy" { groups coders, reviewers workspace "w/cy" }
agent "dee" { groups coders }
sandbox reader { image "governance/base" mount workspace at "/workspace" read-only timeout 10s memory 64MiB }
sandbox editor { image "governance/base" mount workspace at "/workspace" writable memory 32MiB scratch "/tmp" 1MiB }
sandbox slow { image "governance/base" mount workspace at "/workspace" writable timeout 50s isolation gvisor }
"""
PROTECTED: Final = 'protected { paths ["**/prot/**"]  because "it decides what runs later" }\n'
WRITABLE: Final = {"reader": False, "editor": True, "slow": True}
EFFECTS: Final = {
    "fs.read": ("read",),
    "fs.list": ("read",),
    "fs.write": ("write", "create"),
    "fs.edit": ("read", "write"),
    "fs.delete": ("delete",),
}
VERBS: Final = {
    "read": "reads",
    "write": "writes",
    "create": "creates",
    "delete": "deletes",
    "execute": "executes",
}
CHANGES: Final = frozenset({"write", "create", "delete"})


def shown(parts: Parts) -> str:
    """Return a path as text."""
    return "/" + "/".join(parts)


def _component(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_component(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and text[0] == pattern[0] and _component(pattern[1:], text[1:])


def matches(pattern: Parts, parts: Parts) -> bool:
    """Whether a glob's components match a path's: the definition, by trying everything."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(matches(pattern[1:], parts[cut:]) for cut in range(len(parts) + 1))
    return bool(parts) and _component(pattern[0], parts[0]) and matches(pattern[1:], parts[1:])


@cache
def globbed(glob: str) -> Paths:
    """Return the paths of the universe that `glob` matches."""
    pattern = tuple(glob.removeprefix("/").split("/"))
    return frozenset(parts for parts in UNIVERSE if matches(pattern, parts))


@cache
def beneath(place: str) -> Paths:
    """Return the path `place` and everything beneath it."""
    head = tuple(part for part in place.split("/") if part)
    return frozenset(parts for parts in UNIVERSE if parts[: len(head)] == head)


@dataclass(frozen=True)
class Rule:
    """One rule. `audience` is None for any agent, a group, or an agent's name; a target is a tuple by its kind."""

    kind: str
    name: str
    audience: tuple[str, str] | None
    targets: tuple[Condition, ...]
    when: Condition | None
    unless: Condition | None
    sandbox: str
    protected: bool

    def text(self) -> str:
        """Return the rule as a policy writes it."""
        said = (
            "any"
            if self.audience is None
            else {"group": "in {}", "agent": '"{}"'}[self.audience[0]].format(self.audience[1])
        )
        lines = [
            f"{self.kind} {self.name} {{",
            f"  agent {said}",
            f"  call {', '.join(map(_target_text, self.targets))}",
        ]
        lines += [f"  when {written(self.when)}"] if self.when else []
        lines += [f"  unless {written(self.unless)}"] if self.unless else []
        lines += [f"  sandbox {self.sandbox}"] if self.kind == "permit" else []
        lines += ["  including protected"] if self.protected and self.kind == "permit" else []
        return "\n".join([*lines, f'  because "{self.name}"', "}", ""])


def _target_text(target: Condition) -> str:
    match target:
        case ("named", str(name)):
            return name
        case ("any",):
            return "any"
        case ("doing", tuple(verbs), str(reach), str(place)):
            said = " or ".join(VERBS[str(verb)] for verb in verbs)
            return f"any that {said}" + (f' {reach} "{place}"' if reach else "")
    raise AssertionError(target)


def written(condition: Condition) -> str:
    """Return a condition as a policy writes it."""
    match condition:
        case ("and" | "or") as word, *parts:
            return "(" + f" {word} ".join(written(part) for part in parts if isinstance(part, tuple)) + ")"
        case "not", tuple(inner):
            return f"not {written(inner)}"
        case "is", str(name), bool(present):
            return f"{name} is {'present' if present else 'absent'}"
        case str(operator), str(left), right:
            return f"{left} {operator} {_literal(right)}"
    raise AssertionError(condition)


def _literal(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    return str(value) if isinstance(value, int) else f'"{value}"'


_paths = st.sampled_from(PLACES)
_globs = st.sampled_from(GLOBS)


def _path_tests(name: str) -> st.SearchStrategy[Condition]:
    return st.one_of(
        st.tuples(st.just("under"), st.just(name), st.lists(_paths, min_size=1, max_size=2).map(tuple)),
        st.tuples(st.just("matches"), st.just(name), st.lists(_globs, min_size=1, max_size=2).map(tuple)),
        st.tuples(st.sampled_from(["==", "!="]), st.just(name), _paths),
        st.tuples(
            st.just("in"), st.just(name), st.lists(_paths, min_size=1, max_size=2, unique=True).map(tuple)
        ),
    )


def _joined(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def grow(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        return st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), inner, inner), st.tuples(st.just("not"), inner)
        )

    return st.recursive(leaves, grow, max_leaves=4)


path_conditions: Final = _joined(_path_tests("path"))
"""Conditions on the one parameter that all capabilities of files have."""

_offsets = st.tuples(
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.just("offset"), st.integers(0, 3)
)
_words = st.lists(st.sampled_from(["/bin/x", "-a", "b"]), min_size=1, max_size=2).map(tuple)
_argvs = st.tuples(st.sampled_from(["==", "!=", "starts", "ends"]), st.just("argv"), _words)
_optional = st.one_of(
    st.tuples(st.just("is"), st.just("path"), st.booleans()),
    st.tuples(st.just("and"), st.just(("is", "path", True)), _path_tests("path")),
)
_SPEAKS: Final = {
    ("fs.*",): path_conditions,
    ("fs.read", "fs.search"): path_conditions,
    ("fs.write", "fs.edit", "fs.delete"): path_conditions,
    ("fs.read",): _joined(st.one_of(_path_tests("path"), _offsets)),
    ("git.log",): _joined(st.one_of(_path_tests("repo"), _optional)),
    ("proc.exec",): _joined(_argvs),
}


@st.composite
def _doing(draw: st.DrawFn) -> Condition:
    verbs = tuple(sorted(draw(st.sets(st.sampled_from(sorted(VERBS)), min_size=1))))
    reach = "" if "execute" in verbs else draw(st.sampled_from(["", "under", "matching"]))
    place = {"": st.just(""), "under": _paths, "matching": _globs}[reach]
    return ("doing", verbs, reach, draw(place))


@st.composite
def rules(draw: st.DrawFn, kind: str | None = None) -> Rule:
    """Return a rule that the checker accepts; its name is given when it is put into a policy."""
    audience = draw(
        st.one_of(
            st.none(),
            st.tuples(st.just("group"), st.sampled_from(["coders", "reviewers"])),
            st.tuples(st.just("agent"), st.sampled_from(sorted(AGENTS))),
        )
    )
    when = unless = None
    if draw(st.integers(0, 3)):
        names = draw(st.sampled_from(sorted(_SPEAKS)))
        targets: tuple[Condition, ...] = tuple(("named", name) for name in names)
        when, unless = draw(st.none() | _SPEAKS[names]), draw(st.none() | _SPEAKS[names])
    else:
        targets = tuple(draw(st.lists(st.one_of(st.just(("any",)), _doing()), min_size=1, max_size=2)))
    return Rule(
        kind=kind or draw(st.sampled_from(["permit", "permit", "forbid"])),
        name="unnamed",
        audience=audience,
        targets=targets,
        when=when,
        unless=unless,
        sandbox=draw(st.sampled_from(sorted(WRITABLE))),
        protected=draw(st.booleans()),
    )


def _numbered(found: list[Rule]) -> tuple[Rule, ...]:
    return tuple(replace(rule, name=f"{rule.kind}-{number}") for number, rule in enumerate(found))


policies: Final = st.lists(rules(), min_size=1, max_size=6).map(_numbered)
"""A handful of rules with names of their own."""


@cache
def library() -> dict[str, str]:
    """Return the standard capabilities, and a class of protected paths that the universe has members of."""
    folder = resources.folder("policies") / "std"
    files = {path.name: path.read_text() for path in folder.glob("*.policy")}
    return {**files, "protected.policy": PROTECTED}


def bundle_of(*files: tuple[Rule, ...]) -> Bundle:
    """Return the bundle of these rules, one file for each tuple."""
    texts = {
        f"f{number}.policy": "".join(['import "world.policy"\n', *(rule.text() for rule in found)])
        for number, found in enumerate(files)
    }
    with idle_rules():
        return make_bundle(library(), {"world.policy": WORLD, **texts})


@dataclass(frozen=True)
class Asked:
    """A call as data: the capability and its arguments, paths as components."""

    capability: str
    path: Parts = ()
    offset: int = 0
    argv: tuple[str, ...] = ("/bin/x",)

    def text(self) -> str:
        """Return the call in the call syntax."""
        path = shown(self.path)
        match self.capability:
            case "proc.exec":
                return f"proc.exec(argv={_literal(self.argv)})"
            case "fs.read":
                return f'fs.read(path="{path}", offset={self.offset})'
            case "fs.write":
                return f'fs.write(path="{path}", content="")'
            case "fs.edit":
                return f'fs.edit(path="{path}", old="a", new="b")'
        return f'{self.capability}(path="{path}")'


_parts = st.one_of(
    st.sampled_from(PLACES).map(lambda place: tuple(place.split("/")[1:])),
    st.sampled_from(UNIVERSE[1:]),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(lambda names: ("workspace", *names)),
)
asked: Final = st.builds(
    Asked,
    st.sampled_from([*sorted(EFFECTS), "proc.exec", "proc.exec"]),
    _parts,
    st.integers(0, 4),
    st.lists(st.sampled_from(["/bin/x", "-a", "b"]), min_size=1, max_size=3).map(tuple),
)
"""Calls whose paths are single."""

RELATIVE: Final = ("**", "*", "*.py", "**/*.py", "src/**", "**/zz", ".env", "*/a.py", "a*")
"""Globs of searches."""

_set_calls = st.one_of(
    st.builds(
        lambda parts, glob: f'fs.search(path="{shown(parts)}", glob="{glob}", text="x")',
        _parts,
        st.sampled_from(RELATIVE),
    ),
    st.builds(lambda parts: f'git.log(repo="{shown(parts)}")', _parts),
    st.builds(lambda parts, other: f'git.log(repo="{shown(parts)}", path="{shown(other)}")', _parts, _parts),
)
call_texts: Final = st.one_of(asked.map(Asked.text), _set_calls)
"""Calls of every kind, about sets of paths too."""

agents: Final = st.sampled_from([*sorted(AGENTS), "eve"])


def call_of(bundle: Bundle, text: str) -> Call:
    """Return the call that `text` is."""
    return bind(parse_call(Source("call", text)), bundle.capabilities)
