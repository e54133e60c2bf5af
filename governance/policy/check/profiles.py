"""Checks sandbox profiles: the image, the mount, scratch folders and limits, each within what an engine can do."""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Final, TypeVar, cast

from governance.capabilities.glob import PathSet
from governance.capabilities.hosts import check_host
from governance.capabilities.urls import check_url
from governance.capabilities.values import check_path
from governance.policy.check.instants import check_moment
from governance.policy.check.literals import duration, number
from governance.policy.check.suffixes import is_suffix, registrable
from governance.policy.check.vocabulary import CHOICES
from governance.policy.decision import Scratch
from governance.policy.hosts import covers_host
from governance.policy.profile import Egress, Profile, Secret, Waiver
from governance.policy.syntax import (
    Field,
    HostsSyntax,
    MountSyntax,
    ScratchSyntax,
    SecretSyntax,
    WaiveSyntax,
    Word,
)

if TYPE_CHECKING:
    from governance.policy.check.scope import FileScope
    from governance.policy.decision import Isolation, Reuse
    from governance.policy.syntax import FieldSyntax, SandboxSyntax

__all__ = ["check_profile"]

_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9._/-]*(?::[A-Za-z0-9._-]+)?(?:@sha256:[0-9a-f]{64})?")

_QUANTITIES: Final = {
    "memory": ("Size", 256 << 20, 4 << 20, 1 << 40),
    "pids": ("Int", 64, 1, 4096),
    "timeout": ("Duration", 30_000, 1, 86_400_000),
    "output": ("Size", 1 << 20, 0, 1 << 26),
    "scratch": ("Size", 0, 4 << 10, 1 << 40),
}
"""The type, default, least and most of each quantity of a sandbox; a tmpfs of size 0 would have no limit."""

Each = TypeVar("Each", bound="FieldSyntax")

_SYSTEM: Final = tuple(
    PathSet.tree(f"/{name}")
    for name in ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "sys", "usr")
)
"""Folders that programs come from: what lies over one would change what an argv runs."""


def check_profile(scope: FileScope, syntax: SandboxSyntax) -> Profile | None:
    """Return the sandbox profile that is declared, None when something about it is wrong and reported."""
    before = len(scope.scope.diagnostics)
    fields: dict[str, Word] = {}
    mounts = _all(syntax, MountSyntax)
    scratch = _all(syntax, ScratchSyntax)
    egress = _egress(scope, _one(scope, _all(syntax, HostsSyntax), syntax.name, "network"))
    for each in syntax.fields:
        if isinstance(each, Field):
            scope.declare("field", each.name, each.value, fields)
    for extra in mounts[1:]:
        scope.report("said-twice", "the workspace is mounted twice", extra.target, "keep one mount")
    profile = Profile(
        name=syntax.name.text,
        image=_image(scope, fields.get("image"), syntax.name),
        isolation=cast("Isolation", _word(scope, fields, "isolation")),
        root=_word(scope, fields, "root") == "writable",
        mount=_path(scope, mounts[0].target) if mounts else None,
        writable=bool(mounts) and _mode(scope, mounts[0].mode),
        scratch=tuple(
            sorted(
                Scratch(_path(scope, each.target), _limit(scope, each.size, "scratch")) for each in scratch
            )
        ),
        egress=egress,
        secrets=_secrets(scope, _all(syntax, SecretSyntax), egress),
        reuse=cast("Reuse", _word(scope, fields, "reuse")),
        waiver=_waiver(scope, _one(scope, _all(syntax, WaiveSyntax), syntax.name, "waive")),
        memory=_limit(scope, fields.get("memory"), "memory"),
        cpus=_thousandths(scope, fields.get("cpus")),
        pids=_limit(scope, fields.get("pids"), "pids"),
        timeout=_limit(scope, fields.get("timeout"), "timeout"),
        output=_limit(scope, fields.get("output"), "output"),
    )
    _network(scope, fields, profile)
    _root(scope, fields, profile)
    _waived(scope, _all(syntax, WaiveSyntax)[:1], profile)
    _apart(scope, [*(each.target for each in mounts[:1]), *(each.target for each in scratch)])
    return profile if len(scope.scope.diagnostics) == before else None


def _limit(scope: FileScope, word: Word | None, name: str) -> int:
    kind, default, least, most = _QUANTITIES[name]
    if word is None:
        return default
    value = duration(scope, word) if kind == "Duration" else number(scope, word, kind)
    if value is None:
        return default
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


def _all(syntax: SandboxSyntax, kind: type[Each]) -> list[Each]:
    return [each for each in syntax.fields if isinstance(each, kind)]


def _one(scope: FileScope, found: list[Each], name: Word, what: str) -> Each | None:
    if len(found) > 1:
        scope.report("said-twice", f"`{what}` stands here twice", name, "keep one of them")
    return found[0] if found else None


def _word(scope: FileScope, fields: dict[str, Word], name: str) -> str:
    word = fields.get(name)
    if word is None:
        return CHOICES[name][0]
    if word.text not in CHOICES[name]:
        scope.unknown(name, word, CHOICES[name])
    return word.text


def _network(scope: FileScope, fields: dict[str, Word], profile: Profile) -> None:
    word = fields.get("network")
    if word is not None and word.text != "none":
        mend = 'write network none, or network hosts "data.example.org" port 443'
        scope.report("bad-network", f"`{word.text}` is no network", word, mend)
    elif word is not None and profile.egress is not None:
        scope.report("said-twice", "there is no network, and there are hosts", word, "keep one of them")


def _root(scope: FileScope, fields: dict[str, Word], profile: Profile) -> None:
    if profile.root and profile.isolation != "microvm" and profile.waiver is None:
        message = "a writable root needs a machine of its own, or someone who accepts the risk"
        mend = 'write isolation microvm, or waive "why" until 2027-01-31'
        scope.report("writable-root", message, fields["root"], mend)


def _waived(scope: FileScope, waivers: list[WaiveSyntax], profile: Profile) -> None:
    """Report a waiver of nothing: it would end its permits, and nobody has to accept a risk."""
    if waivers and not (profile.root and profile.isolation != "microvm"):
        message = "nothing here needs a waiver: that is for a writable root without isolation microvm"
        scope.report("needless-waiver", message, waivers[0].reason, "leave it out")


def _egress(scope: FileScope, syntax: HostsSyntax | None) -> Egress | None:
    if syntax is None:
        return None
    for word in syntax.hosts:
        _host(scope, word)
    port = 443 if syntax.port is None else number(scope, syntax.port, "Int")
    if syntax.port is not None and port is not None and not 1 <= port <= 65_535:
        scope.report("out-of-range", f"there is no port {port}", syntax.port, "between 1 and 65535")
    for word in syntax.methods:
        if word.text not in CHOICES["methods"]:
            scope.unknown("method", word, CHOICES["methods"])
    hosts, methods = (frozenset(word.text for word in words) for words in (syntax.hosts, syntax.methods))
    return Egress(hosts, port or 443, methods)


def _host(scope: FileScope, word: Word) -> None:
    """Report a host that is none, and one that would be a whole registry's."""
    name = word.text.removeprefix("*.")
    try:
        check_host(name)
    except ValueError as error:
        scope.report("bad-host", f"this is no host: {error}", word, 'like "data.example.org"')
        return
    if name == word.text and is_suffix(name):
        message = f"`{name}` is what a registry gives domains out under, and no host of its own"
        scope.report("suffix-host", message, word, f'name a host, like "data.example.{name}"')
    if name != word.text and not registrable(name):
        message = f"`{word.text}` holds hosts of people who have nothing to do with each other"
        scope.report("wide-host", message, word, f'name a domain that someone owns, like "*.example.{name}"')


def _secrets(scope: FileScope, syntax: list[SecretSyntax], egress: Egress | None) -> tuple[Secret, ...]:
    found: list[Secret] = []
    for each in syntax:
        secret = _secret(scope, each, egress)
        for other in found:
            if _meet(secret, other):
                message = (
                    f"`{secret.name}` and `{other.name}` would go into the same requests to {secret.host}"
                )
                same = f"`{secret.name}` goes to {each.place.text} twice"
                text = same if secret.name == other.name else message
                scope.report("said-twice", text, each.name, "keep one of them")
        found.append(secret)
    return tuple(sorted(found))


def _meet(one: Secret, other: Secret) -> bool:
    """Whether some request would take both secrets where it has room for one; a header names itself."""
    if one.host != other.host or (one.name != other.name and "header" in (one.form, other.form)):
        return False
    paths = [f"{each.path.rstrip('/')}/" for each in (one, other)]
    return paths[0].startswith(paths[1]) or paths[1].startswith(paths[0])


def _secret(scope: FileScope, syntax: SecretSyntax, egress: Egress | None) -> Secret:
    host, slash, rest = syntax.place.text.partition("/")
    path = f"/{rest}"
    try:
        check_host(host)
        check_url(f"https://{host}{path}")
        _check_beneath(rest if slash else None)
    except ValueError as error:
        mend = 'name one host, like "data.example.org", or a path of it, like "data.example.org/v1"'
        scope.report("bad-host", f"this is no host: {error}", syntax.place, mend)
    else:
        if egress is None or not any(covers_host(each, host) for each in egress.hosts):
            message = f"the sandbox cannot reach {host}, where the secret goes"
            mend = f'add network hosts "{host}", or leave the secret out'
            scope.report("lost-secret", message, syntax.place, mend)
    if syntax.form.text not in CHOICES["as"]:
        scope.unknown("form", syntax.form, CHOICES["as"])
    return Secret(syntax.name.text, host, syntax.form.text, path)


def _check_beneath(rest: str | None) -> None:
    """Refuse what stands behind a host and a slash, and is no path with a last name."""
    if rest is not None and (not rest or rest.endswith("/") or "?" in rest):
        raise ValueError("a path beneath it ends without a slash, and has no query")


def _waiver(scope: FileScope, syntax: WaiveSyntax | None) -> Waiver | None:
    if syntax is None:
        return None
    until = check_moment(scope, syntax.until)
    if not syntax.reason.text.strip():
        scope.report("no-reason", "a waiver gives its reason", syntax.reason, 'like waive "why" until …')
    return None if until is None else Waiver(syntax.reason.text, until)


def _path(scope: FileScope, word: Word) -> str:
    try:
        path = check_path(word.text)
    except ValueError as error:
        scope.report("bad-path", f"this is no path: {error}", word, 'like "/workspace"')
        return "/"
    if path == "/":
        scope.report("bad-path", "nothing can be mounted over the root", word, 'like "/workspace"')
    elif any(PathSet.one(path).within(folder) for folder in _SYSTEM):
        scope.report("bad-path", "this would lie over the system's own files", word, 'like "/workspace"')
    return path


def _apart(scope: FileScope, targets: list[Word]) -> None:
    """Report each target that lies in an earlier one, or holds it: one would hide the other."""
    for first, second in combinations(targets, 2):
        if PathSet.tree(first.text).meets(PathSet.tree(second.text)):
            scope.report("overlap", f"{second.text} and {first.text} overlap", second, "part them")


def _mode(scope: FileScope, word: Word) -> bool:
    if word.text not in CHOICES["at"]:
        scope.report("bad-mode", f"`{word.text}` is no way to mount", word, "write read-only or writable")
    return word.text == "writable"


def _thousandths(scope: FileScope, word: Word | None) -> int:
    """Return processors as thousandths of one; `0.5` is 500."""
    if word is None:
        return 1000
    match = re.fullmatch(r"(0|[1-9][0-9]{0,2})(?:\.([0-9]{1,3}))?", word.text)
    value = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")) if match else 0
    if not 10 <= value <= 256_000:
        scope.report("out-of-range", f"cpus {word.text} is out of range", word, "between 0.01 and 256")
    return value
