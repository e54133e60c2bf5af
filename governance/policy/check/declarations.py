"""Checks what a policy declares: capabilities, agents, sandboxes, protected paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from governance.capabilities.call import make_model
from governance.capabilities.declaration import ArgvGroup, ArgvWord, Capability, EffectForm, Parameter, Verb
from governance.capabilities.glob import PathSet
from governance.capabilities.values import TYPE_NAMES, Type, check_glob, check_path, quantity
from governance.policy.bundle import Agent, Profile, Protected
from governance.policy.decision import ISOLATIONS, RuleReference, Scratch
from governance.policy.syntax import ArgvGroupSyntax, Field, LiteralSyntax, MountSyntax, ScratchSyntax, Word

if TYPE_CHECKING:
    from governance.capabilities.declaration import ArgvItem
    from governance.capabilities.values import Value
    from governance.policy.check.scope import FileScope
    from governance.policy.decision import Isolation
    from governance.policy.syntax import (
        AgentSyntax,
        CapabilitySyntax,
        Clause,
        ParameterSyntax,
        ProtectedSyntax,
        SandboxSyntax,
        TypeSyntax,
    )

__all__ = ["check_agent", "check_capability", "check_profile", "check_protected", "constant", "plain"]

_TARGETS: Final = {
    Verb.READ: ("Path",),
    Verb.WRITE: ("Path",),
    Verb.CREATE: ("Path",),
    Verb.DELETE: ("Path",),
    Verb.EXECUTE: ("Argv", "Enum", "Path"),
    Verb.SEND: ("Host",),
}
"""The types of parameter that each effect can be on."""

_ENDS_OPTIONS: Final = ("--", "--end-of-options")
_WORKSPACE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9._-]+)?(?:@sha256:[0-9a-f]{64})?")


def plain(literal: LiteralSyntax) -> object:
    """Return a literal as a plain value, tuples for lists."""
    if isinstance(literal.value, tuple):
        return tuple(plain(item) for item in literal.value)
    return literal.value


def constant(scope: FileScope, literal: LiteralSyntax, kind: Type) -> Value | None:
    """Return `literal` as a canonical value of `kind`; what is none is reported, and None."""
    try:
        return kind.check(plain(literal))
    except ValueError as error:
        scope.report("ill-typed", f"this is no {kind}: {error}", literal, f"write a {kind}")
        return None


def single(scope: FileScope, clauses: tuple[Clause, ...], keyword: str) -> Clause | None:
    """Return the one clause of that keyword; a second one is reported."""
    found = [clause for clause in clauses if clause.keyword == keyword]
    for extra in found[1:]:
        scope.report(
            "said-twice", f"`{keyword}` stands here twice", (extra.start, extra.end), "keep one of them"
        )
    return found[0] if found else None


def check_capability(scope: FileScope, syntax: CapabilitySyntax) -> Capability | None:
    """Return the capability that is declared, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    parameters: dict[str, Parameter] = {}
    for each in syntax.parameters:
        checked = _parameter(scope, each)
        if checked is not None:
            scope.declare("parameter", each.name, checked, parameters)
        else:
            scope.scope.broken.add(each.name.text)
    effects = _effects(scope, single(scope, syntax.clauses, "effects"), parameters, syntax.name)
    argv = _argv(scope, single(scope, syntax.clauses, "argv"), parameters, syntax.name)
    stdin = single(scope, syntax.clauses, "stdin")
    names = cast("tuple[Word, ...]", stdin.items if stdin else ())
    for name in names:
        scope.find("parameter", name, parameters)
    if len(scope.scope.diagnostics) > before:
        return None
    kept = tuple(parameters.values())
    read = tuple(name.text for name in names)
    model = make_model(syntax.name.text, kept)
    return Capability(syntax.name.text, syntax.summary.text, kept, effects, argv, read, model)


def _parameter(scope: FileScope, syntax: ParameterSyntax) -> Parameter | None:
    kind = _type(scope, syntax.type)
    if kind is None:
        return None
    if syntax.default is None:
        return Parameter(syntax.name.text, kind)
    default = constant(scope, syntax.default, kind)
    if kind.optional:
        scope.report(
            "optional-default", "an optional parameter has no default", syntax.default, "leave out the `?`"
        )
        return None
    return None if default is None else Parameter(syntax.name.text, kind, default)


def _type(scope: FileScope, syntax: TypeSyntax) -> Type | None:
    name = syntax.name.text
    if name not in TYPE_NAMES:
        scope.unknown("type", syntax.name, TYPE_NAMES)
        return None
    item = None if syntax.item is None else _type(scope, syntax.item)
    fits = {
        "bounds": syntax.bounds is None or name in ("Int", "Size", "Duration", "String", "List"),
        "names": (name == "Enum") == bool(syntax.names),
        "item": (name == "List") == (syntax.item is not None),
        "within": syntax.within is None or name in ("Path", "Host"),
    }
    for what, right in fits.items():
        if not right:
            help_ = 'Enum(a, b), List<T>, Int(1..9), String(..80), Path under "/a", Host within "example.org"'
            scope.report(
                "bad-refinement", f"{name} does not go with these {what}", syntax.name, f"like {help_}"
            )
    if not all(fits.values()) or (syntax.item is not None and item is None):
        return None
    names = tuple(word.text for word in syntax.names)
    low = _bound(scope, syntax.bounds.low, name) if syntax.bounds else None
    high = _bound(scope, syntax.bounds.high, name) if syntax.bounds else None
    within = syntax.within.text if syntax.within else None
    return Type(name, low, high, names, within, item, syntax.optional)


def _bound(scope: FileScope, word: Word | None, name: str) -> int | None:
    if word is None:
        return None
    return _quantity(scope, word, name if name in ("Size", "Duration") else "Int")


def _quantity(scope: FileScope, word: Word, name: str) -> int:
    """Return a number with or without a unit; what is none is reported, and 0."""
    try:
        return int(word.text) if word.text.lstrip("-").isdigit() else quantity(word.text, name)
    except (ValueError, KeyError):
        unit = {"Size": " like 64MiB", "Duration": " like 30s"}.get(name, "")
        scope.report("bad-number", f"`{word.text}` is no {name}", word, f"write a whole number{unit}")
        return 0


def _effects(
    scope: FileScope, clause: Clause | None, parameters: dict[str, Parameter], name: Word
) -> tuple[EffectForm, ...]:
    if clause is None:
        scope.report(
            "no-effects",
            f"`{name.text}` declares no effects",
            name,
            "add effects { read path } or effects { }",
        )
        return ()
    found = []
    for verb, target in cast("tuple[tuple[Word, Word], ...]", clause.items):
        parameter, _, spread = target.text.partition("/")
        word = Word(parameter, target.start, target.start + len(parameter))
        declared = scope.find("parameter", word, parameters)
        glob = Word(spread[1:], target.start + len(parameter) + 2, target.end)
        if spread.startswith("$"):
            globbed = scope.find("parameter", glob, parameters)
            if globbed is not None and globbed.type.name != "Glob":
                scope.report(
                    "bad-effect", f"`{glob.text}` is no Glob", glob, "spread an effect by a Glob or by /**"
                )
        if verb.text not in list(Verb):
            scope.unknown("effect", verb, list(Verb))
        elif declared is not None and declared.type.name not in _TARGETS[Verb(verb.text)]:
            kinds = " or ".join(_TARGETS[Verb(verb.text)])
            scope.report(
                "bad-effect", f"`{verb.text}` is not on a {declared.type.name}", target, f"name a {kinds}"
            )
        elif declared is not None:
            found.append(EffectForm(Verb(verb.text), parameter, (spread.removeprefix("$")) or None))
    return tuple(found)


def _argv(
    scope: FileScope, clause: Clause | None, parameters: dict[str, Parameter], name: Word
) -> tuple[ArgvItem, ...]:
    if clause is None or not clause.items:
        scope.report(
            "no-argv",
            f"`{name.text}` does not say what runs",
            name,
            "add argv { /usr/bin/program $parameter }",
        )
        return ()
    items: list[ArgvItem] = []
    ended = False
    for item in clause.items:
        if isinstance(item, ArgvGroupSyntax):
            group = tuple(_argv_word(scope, word, parameters, ended=ended) for word in item.words)
            ended = ended or any(word.text in _ENDS_OPTIONS for word in item.words)
            items.append(ArgvGroup(group))
        else:
            word = cast("Word", item)
            items.append(_argv_word(scope, word, parameters, ended=ended, first=not items))
            ended = ended or word.text in _ENDS_OPTIONS
    return tuple(items)


def _argv_word(
    scope: FileScope, word: Word, parameters: dict[str, Parameter], *, ended: bool, first: bool = False
) -> ArgvWord:
    text, sign, name = word.text.partition("$")
    if not sign:
        if first and not text.startswith("/"):
            scope.report(
                "relative-program", f"`{text}` is looked up by name", word, "write the program's whole path"
            )
        return ArgvWord(text)
    parameter = scope.find("parameter", Word(name, word.start + len(text) + 1, word.end), parameters)
    if parameter is not None:
        kind = parameter.type.name
        if text and kind in ("Argv", "List"):
            scope.report("bad-argv", "a list has no text before it", word, f"write ${name} alone")
        loose = kind in ("String", "List", "Glob") or (kind == "Argv" and not first)
        if not text and loose and not ended:
            mend = f"put -- before it, or write --option=${name}"
            scope.report("option-injection", f"`{name}` could be taken for an option", word, mend)
    return ArgvWord(text, name)


def check_agent(scope: FileScope, syntax: AgentSyntax) -> Agent:
    """Return the agent that is declared."""
    tenant = single(scope, syntax.clauses, "tenant")
    groups = single(scope, syntax.clauses, "groups")
    workspace = single(scope, syntax.clauses, "workspace")
    folder = cast("Word", workspace.items[0]) if workspace else None
    if folder is not None and not _WORKSPACE.fullmatch(folder.text):
        scope.report(
            "bad-workspace", "a workspace is a relative path of plain names", folder, 'like "repos/web"'
        )
    if groups is None:
        scope.report(
            "no-group", f"the agent `{syntax.name.text}` is in no group", syntax.name, "add groups NAME"
        )
    return Agent(
        syntax.name.text,
        cast("Word", tenant.items[0]).text if tenant else "",
        frozenset(cast("Word", word).text for word in groups.items) if groups else frozenset(),
        folder.text if folder else None,
    )


_QUANTITIES: Final = {
    "memory": ("Size", 256 << 20, 4 << 20, 1 << 40),
    "pids": ("Int", 64, 1, 4096),
    "timeout": ("Duration", 30_000, 1, 86_400_000),
    "output": ("Size", 1 << 20, 0, 1 << 26),
}
"""The type, default, least and most of each limit of a sandbox."""


def check_profile(scope: FileScope, syntax: SandboxSyntax) -> Profile | None:
    """Return the sandbox profile that is declared, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    fields: dict[str, Word] = {}
    mounts = [each for each in syntax.fields if isinstance(each, MountSyntax)]
    scratch = [each for each in syntax.fields if isinstance(each, ScratchSyntax)]
    for each in syntax.fields:
        if isinstance(each, Field):
            scope.declare("field", each.name, each.value, fields)
    for extra in mounts[1:]:
        scope.report("said-twice", "the workspace is mounted twice", extra.target, "keep one mount")
    limits = {name: _limit(scope, fields.get(name), name) for name in _QUANTITIES}
    profile = Profile(
        name=syntax.name.text,
        image=_image(scope, fields.get("image"), syntax.name),
        isolation=_isolation(scope, fields),
        mount=_path(scope, mounts[0].target) if mounts else None,
        writable=bool(mounts) and _mode(scope, mounts[0].mode),
        scratch=tuple(
            Scratch(_path(scope, each.target), _quantity(scope, each.size, "Size")) for each in scratch
        ),
        memory=limits["memory"],
        cpus=_thousandths(scope, fields.get("cpus")),
        pids=limits["pids"],
        timeout=limits["timeout"],
        output=limits["output"],
    )
    return profile if len(scope.scope.diagnostics) == before else None


def _limit(scope: FileScope, word: Word | None, name: str) -> int:
    kind, default, least, most = _QUANTITIES[name]
    if word is None:
        return default
    value = _quantity(scope, word, kind)
    if not least <= value <= most:
        scope.report(
            "out-of-range", f"{name} {word.text} is out of range", word, f"between {least} and {most}"
        )
    return value


def _image(scope: FileScope, word: Word | None, name: Word) -> str:
    if word is None:
        scope.report(
            "no-image", f"the sandbox `{name.text}` names no image", name, 'add image "governance/base"'
        )
        return ""
    if not _IMAGE.fullmatch(word.text):
        scope.report(
            "bad-image", "this is no image's name", word, 'like "governance/base" or "name@sha256:…"'
        )
    return word.text


def _isolation(scope: FileScope, fields: dict[str, Word]) -> Isolation:
    root, network = fields.get("root"), fields.get("network")
    if root is not None and root.text != "read-only":
        scope.report(
            "writable-root", "the root can only be read-only", root, "write root read-only, and use scratch"
        )
    if network is not None and network.text != "none":
        scope.report("network", "the network can only be none", network, "write network none")
    word = fields.get("isolation")
    if word is None:
        return "container"
    if word.text not in ISOLATIONS:
        scope.unknown("isolation", word, ISOLATIONS)
        return "container"
    return word.text


def _path(scope: FileScope, word: Word) -> str:
    try:
        path = check_path(word.text)
    except ValueError as error:
        scope.report("bad-path", f"this is no path: {error}", word, 'like "/workspace"')
        return "/"
    if path == "/":
        scope.report("bad-path", "nothing can be mounted over the root", word, 'like "/workspace"')
    return path


def _mode(scope: FileScope, word: Word) -> bool:
    if word.text not in ("read-only", "writable"):
        scope.report("bad-mode", f"`{word.text}` is no way to mount", word, "write read-only or writable")
    return word.text == "writable"


def _thousandths(scope: FileScope, word: Word | None) -> int:
    """Return processors as thousandths of one; `0.5` is 500."""
    if word is None:
        return 1000
    match = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,3}))?", word.text)
    value = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 0
    if not 10 <= value <= 256_000:
        scope.report("out-of-range", f"cpus {word.text} is out of range", word, "between 0.01 and 256")
    return value


def check_protected(scope: FileScope, syntax: ProtectedSyntax, reference: RuleReference) -> Protected:
    """Return the protected paths that are declared."""
    return Protected(reference, path_sets(scope, syntax.paths, tree=False), syntax.because.text)


def path_sets(scope: FileScope, literal: LiteralSyntax, *, tree: bool) -> tuple[PathSet, ...]:
    """Return a path or glob literal, or a list of them, as sets: of whole trees, or of what each glob matches."""
    items = literal.value if isinstance(literal.value, tuple) else (literal,)
    found = []
    for item in items:
        if not isinstance(item.value, str):
            scope.report("ill-typed", "this is no path", item, 'write paths as strings: "/workspace"')
            continue
        try:
            found.append(
                PathSet.tree(check_path(item.value))
                if tree
                else PathSet.glob(check_glob(item.value, rooted=True))
            )
        except ValueError as error:
            scope.report(
                "bad-path" if tree else "bad-glob", str(error), item, 'like "/workspace" or "**/.env"'
            )
    return tuple(found)
