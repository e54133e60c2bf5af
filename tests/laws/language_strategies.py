"""Policies over the whole language, and histories of calls under them, as texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from hypothesis import strategies as st

from governance.policy.stored import make_bundle
from tests.policy.build import idle_rules

if TYPE_CHECKING:
    from governance.policy import Bundle

__all__ = ["AGENTS", "Step", "bundle_of", "histories", "policies"]

WORLD: Final = """
agent "ann" { tenant "web" groups coders workspace "repos/web" }
agent "bob" { tenant "web" groups reviewers, coders workspace "repos/web" }
agent "cy" { tenant "ops" groups helpers narrows "ann" }
agent "dee" { groups coders narrows "cy" }
sandbox reader { image "governance/base" mount workspace at "/w" read-only  timeout 9s }
sandbox editor { image "governance/base" mount workspace at "/w" writable  memory 64MiB }
sandbox online { image "governance/base" mount workspace at "/w" writable
  network hosts "a.example.org", "*.example.net" port 443 methods GET, HEAD }
sandbox wide { image "governance/base" mount workspace at "/w" read-only  isolation gvisor
  network hosts "*.example.org", "b.example.net" port 443 }
sandbox loose { image "governance/base" mount workspace at "/w" writable
  root writable  waive "it builds" until 2026-11-24 }
let keys = ["**/.env", "**/*.pem", "/w/k/**"]
let friends = ["example.org", "b.example.net"]
capability t.file "s" { path: Path  mode: Enum(a, b, c) = "a"  bytes: Size(0..4096) = 0
  effects { read path } argv { /bin/x $path $mode $bytes } }
capability t.save "s" { path: Path  note: String(..20)?
  effects { write path  create path } argv { /bin/x $path } stdin { note } }
capability t.find "s" { path: Path  glob: Glob = "**"  effects { read path/$glob } argv { /bin/x -- $path $glob } }
capability t.drop "s" { path: Path  effects { delete path/**  irreversible } argv { /bin/x $path } }
capability t.show "s" { files: List<PathGlob>(1..3)  into: PathGlob?
  effects { read files  write into } argv { /bin/x $files $into } }
capability t.walk "s" { roots: List<Path>(1..2)  effects { read roots/** } argv { /bin/x $roots } }
capability t.get "s" { url: Url  wait: Duration = 1s  effects { send url  receive url } argv { /bin/x $url $wait } }
capability t.mail "s" { to: List<Email>(1..3)  body: String(..40) = ""
  effects { send to  irreversible } argv { /bin/x } stdin { to body } }
capability t.pay "s" { amount: Decimal(0..1000)  who: { name: String(1..9), email: Email, note: String(..9)? }
  count: Int(0..9) = 1  effects { spend amount eur  send who.email  irreversible } argv { /bin/x $amount $count }
  stdin { who } }
capability t.run "s" { argv: Argv  effects { execute argv } argv { $argv } }
capability t.conf "s" { on: Bool  since: Instant?  tags: Set<String(1..3)>(1..3)  ports: List<Int(0..9)>(0..3)
  net: Cidr  data: Json?  rows: List<Json>(0..3) = []  effects { receive net }
  argv { /bin/x -- $on $net } stdin { since tags ports data rows } }
protected { paths ["/w/**/prot/**", "**/lock"]  because "kept" }
label pii { call t.mail  when body contains "pii" }
label secret { call t.file  when path matches keys }
declassify clean { clears secret, pii  approver "dana"  because "checked" }
"""

AGENTS: Final = ("ann", "bob", "cy", "dee")
_PATHS: Final = (
    "/w",
    "/w/a.py",
    "/w/.env",
    "/w/k/x",
    "/w/src/b.pem",
    "/w/src/prot/c",
    "/w/lock",
    "/e/a.py",
    "/",
)
_TREES: Final = ("/w", "/w/src", "/w/k", "/e", "/")
_GLOBS: Final = ("**/.env", "/w/**", "/w/*.py", "**/prot/**", "/w/*/c*", "**/a*", "**/src/*/c", "/**")
_HOSTS: Final = ("a.example.org", "b.example.net", "x.b.example.net", "example.org", "evil.example")
_MAILS: Final = ("ann@example.org", "bob@b.example.net", "eve@evil.example")
_NETS: Final = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.168.0.0/24", "2001:db8::/32", "2001:db8::1")

_ATOMS: Final = {
    "t.file": (
        *(f'path under "{tree}"' for tree in _TREES),
        *(f'path matches "{glob}"' for glob in _GLOBS),
        "path matches keys",
        'path in ["/w/a.py", "/w/lock"]',
        'path == "/w/a.py"',
        'path != "/w/.env"',
        'mode == "a"',
        'mode in ["b", "c"]',
        'mode != "b"',
        "bytes < 1KiB",
        "bytes >= 1024",
        "bytes in [0, 4096]",
    ),
    "t.save": (
        'path under ["/w", "/e"]',
        'path matches "**/.env"',
        "note is absent",
        '(note is present and note contains "x")',
        "(note is present and size note > 2)",
        "(note is present and note from user)",
        "path from trusted",
    ),
    "t.find": (
        'path under "/w/src"',
        'path under "/w"',
        "path matches keys",
        'path matches "/w/*.py"',
        'not path matches "**/prot/**"',
        'glob == "**"',
        'glob in ["*.py", "**/*.pem"]',
    ),
    "t.show": (
        'files under "/w"',
        'files under "/w/src"',
        "files matches keys",
        'not files matches "/w/*/c*"',
        'files in ["/w/a.py", "/w/lock"]',
        "size files > 1",
        '(into is present and into under "/w/src")',
        '(into is present and into == "/w/a.py")',
        '(into is present and into != "/w/a.py")',
    ),
    "t.walk": (
        'roots under "/w"',
        "roots matches keys",
        'roots in ["/w/src"]',
        'not roots matches "**/lock"',
    ),
    "t.drop": ('path under "/w"', 'path matches "**/lock"', 'path == "/w/src"'),
    "t.get": (
        'url.host within "example.org"',
        "url.host within friends",
        "url within friends",
        'url.scheme == "https"',
        "url.port in [443, 8443]",
        'url.path starts "/api"',
        'url.query == ""',
        'url == "https://a.example.org/"',
        'url in ["https://a.example.org/", "http://example.org/x"]',
        "wait <= 2s",
        "url from user",
        "url from pii",
    ),
    "t.mail": (
        'to within "example.org"',
        "to within friends",
        'to contains "ann@example.org"',
        'to in ["ann@example.org", "bob@b.example.net"]',
        'to == ["ann@example.org"]',
        "size to > 1",
        'body contains "pii"',
        'body ends "!"',
        "size body == 0",
    ),
    "t.pay": (
        "amount < 10",
        "amount <= 99.50",
        "amount == 5.5",
        "amount in [5, 12.25]",
        'who.email within "example.org"',
        'who.email.local == "ann"',
        'who.name starts "A"',
        "who.note is present",
        '(who.note is present and who.note == "n")',
        "count > 1",
        "count == 3",
    ),
    "t.run": (
        'argv starts ["/bin/ls"]',
        'argv == ["/bin/ls", "-l"]',
        'argv contains "-l"',
        'argv ends ["x"]',
        "size argv < 2",
    ),
    "t.conf": (
        "on == true",
        "on != true",
        'tags contains "a"',
        'tags == ["b", "a"]',
        'tags in ["a", "b"]',
        "size ports == 0",
        "ports contains 3",
        "ports starts [1]",
        'net in cidr "10.0.0.0/8"',
        'net in cidr ["10.1.0.0/16", "2001:db8::/32"]',
        'net == "10.1.2.3"',
        "(since is present and since < 2026-11-23T12:00:00Z)",
        '(data is present and data == "x")',
        "rows contains 1",
        "rows starts [1]",
        "rows ends [true]",
        "rows == [1]",
    ),
}
_EVERYWHERE: Final = (
    "session carries secret",
    "session carries pii",
    "agent in coders",
    "agent in helpers",
    "time within 09:00..18:00 on mon..fri",
    "time within 22:00..06:00 utc+05:30",
    "earlier t.file within 10m",
    "earlier t.file where path matches keys within 30m",
    'earlier t.find where path under "/w/src" within 1h',
    "earlier asked t.pay within 1h",
    "earlier completed t.save, t.drop within 20m",
    "earlier failed any that sends within 20m",
    "earlier any that reads within 1m",
)
_VERBS: Final = (
    "reads",
    "writes",
    "creates",
    "deletes",
    "executes",
    "sends",
    "receives",
    "spends",
    "irreversible",
)


def _joined(atoms: tuple[str, ...]) -> st.SearchStrategy[str]:
    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("not ({})".format, inner),
        )

    return st.recursive(st.sampled_from(atoms), grow, max_leaves=3)


@st.composite
def _doing(draw: st.DrawFn) -> str:
    verbs = draw(st.lists(st.sampled_from(_VERBS), min_size=1, max_size=3, unique=True))
    said = f"any that {' or '.join(verbs)}"
    if set(verbs) <= {"reads", "writes", "creates", "deletes"}:
        reach = st.sampled_from(
            ["", *(f' under "{tree}"' for tree in _TREES), " matching keys", ' matching "/w/*.py"']
        )
        return said + draw(reach)
    if set(verbs) <= {"sends", "receives"}:
        return said + draw(st.sampled_from(["", ' within "example.org"', " within friends"]))
    return said


@st.composite
def _subject(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    """Return targets, and the conditions that can be asked of all of them."""
    names = sorted(_ATOMS)
    match draw(st.sampled_from(["one", "one", "one", "paths", "family", "doing"])):
        case "one":
            name = draw(st.sampled_from(names))
            return name, _ATOMS[name] + _EVERYWHERE
        case "paths":
            return "t.file, t.save, t.find", ('path under "/w"', "path matches keys", *_EVERYWHERE)
        case "family":
            return "t.*", _EVERYWHERE
        case _:
            return draw(_doing()), _EVERYWHERE


_QUOTAS: Final = {
    "t.file": ("2 per 10m", "3 per 1h, 1 per 1m", "4KiB of bytes per 1h"),
    "t.pay": ("20.50 of amount per 1h", "3 of count per 10m", "2 per 1d, 100 of amount per 1d"),
}


@st.composite
def _rules(draw: st.DrawFn, number: int) -> str:
    kind = draw(st.sampled_from(["permit"] * 4 + ["limit"] * 3 + ["forbid", "forbid", "ask", "label"]))
    targets, atoms = draw(_subject())
    audience = draw(st.sampled_from(["any", "in coders", "in reviewers, helpers", '"ann"', '"cy", "bob"']))
    name = draw(st.sampled_from(["pii", "secret", "odd"])) if kind == "label" else f"r{number}"
    parts = [f"{kind} {name} {{ agent {audience}"]
    if kind == "limit":
        named = draw(st.sampled_from([targets, *_QUOTAS]))
        quotas = _QUOTAS.get(named, ("1 per 1m", "2 per 1h"))
        targets, atoms = named, (_ATOMS.get(named, ()) + _EVERYWHERE if named in _QUOTAS else atoms)
        parts.append(f"at most {draw(st.sampled_from(quotas))}")
        parts.append(draw(st.sampled_from(["", "for each agent", "for each session", "for each tenant"])))
        parts.append(draw(st.sampled_from(["", "counting attempted", "counting completed"])))
    parts.append(f"call {targets}")
    conditions = _joined(atoms)
    parts.append(draw(st.just("") | conditions.map("when {}".format)))
    parts.append(draw(st.just("") | conditions.map("unless {}".format)))
    parts.append(draw(st.sampled_from(["", "", "", "until 2026-11-23T12:20:00Z"])))
    if kind == "permit":
        parts.append(f"sandbox {draw(st.sampled_from(['reader', 'editor', 'online', 'wide', 'loose']))}")
        parts.append(draw(st.sampled_from(["", "including protected"])))
    if kind == "ask":
        parts.append(draw(st.sampled_from(["", 'approver "dana"'])))
    return " ".join([*parts, f'because "{name}" }}\n'])


@st.composite
def _policies(draw: st.DrawFn) -> str:
    count = draw(st.integers(1, 9))
    broad = [
        f'permit base{number} {{ agent any  call {target}  sandbox reader  because "base" }}\n'
        for number, target in enumerate(
            draw(st.lists(st.sampled_from([*sorted(_ATOMS), "t.*", "t.*", "t.*"]), max_size=2))
        )
    ]
    return "".join([*broad, *(draw(_rules(number)) for number in range(count))])


policies: Final = _policies()
"""The text of a handful of rules."""


def _text(name: str, **arguments: str) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items() if value)})"


_path = st.sampled_from(_PATHS).map('"{}"'.format)
_pattern = _path | st.sampled_from(["/w/*", "/w/src/*.pem", "/*/*.py", "/w/**", "/w/*/c"]).map('"{}"'.format)
_url = st.builds(
    '"{}://{}{}{}"'.format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(_HOSTS),
    st.sampled_from(["", ":8443"]),
    st.sampled_from(["/", "/api/x", "/x?q=1"]),
)
_mail = st.sampled_from(_MAILS).map('"{}"'.format)
_note = st.sampled_from(["", '"x"', '"yes"', '"nnn"'])
_who = st.builds(
    lambda name, mail, note: f'{{"name": "{name}", "email": {mail}{note}}}',
    st.sampled_from(["Ann", "Bob"]),
    _mail,
    st.sampled_from(["", ', "note": "n"', ', "note": ""']),
)


def _listed(
    items: st.SearchStrategy[str], least: int, *, most: int = 3, unique: bool = False
) -> st.SearchStrategy[str]:
    found = st.lists(items, min_size=least, max_size=most, unique=unique)
    return found.map(lambda each: f"[{', '.join(each)}]")


calls: Final = st.one_of(
    st.builds(
        lambda path, mode, size: _text("t.file", path=path, mode=mode, bytes=size),
        _path,
        st.sampled_from(["", '"b"', '"c"']),
        st.sampled_from(["", "1024", '"4KiB"']),
    ),
    st.builds(lambda path, note: _text("t.save", path=path, note=note), _path, _note),
    st.builds(
        lambda path, glob: _text("t.find", path=path, glob=glob),
        _path,
        st.sampled_from(["", '"*.py"', '"**/*.pem"', '"src/**"', '"*"']),
    ),
    _path.map(lambda path: _text("t.drop", path=path)),
    st.builds(
        lambda files, into: _text("t.show", files=files, into=into),
        _listed(_pattern, 1),
        st.just("") | _pattern,
    ),
    _listed(_path, 1, most=2).map(lambda roots: _text("t.walk", roots=roots)),
    st.builds(
        lambda url, wait: _text("t.get", url=url, wait=wait), _url, st.sampled_from(["", "3000", '"2s"'])
    ),
    st.builds(
        lambda to, body: _text("t.mail", to=to, body=body),
        _listed(_mail, 1),
        st.sampled_from(["", '"pii!"', '"hello"']),
    ),
    st.builds(
        lambda amount, who, count: _text("t.pay", amount=amount, who=who, count=count),
        st.sampled_from(["5.5", "0", "12.25", "99.50", "1e2", '"5"']),
        _who,
        st.sampled_from(["", "0", "3"]),
    ),
    _listed(st.sampled_from(['"-l"', '"x"']), 0).map(
        lambda words: _text("t.run", argv=words.replace("[", '["/bin/ls", ').replace(", ]", "]"))
    ),
    st.builds(
        lambda on, since, tags, ports, net, data, rows: _text(
            "t.conf", on=on, since=since, tags=tags, ports=ports, net=f'"{net}"', data=data, rows=rows
        ),
        st.sampled_from(["true", "false"]),
        st.sampled_from(["", '"2026-11-23T11:00:00Z"', '"2027-01-01T00:00:00Z"']),
        _listed(st.sampled_from(['"a"', '"b"', '"c"']), 1, unique=True),
        _listed(st.sampled_from(["1", "3"]), 0),
        st.sampled_from(_NETS),
        st.sampled_from(["", '"x"', "[1]", '{"k": true}']),
        _listed(st.sampled_from(["1", "true", '"x"']), 0),
    ),
)
"""Calls of every capability."""


@dataclass(frozen=True)
class Step:
    """One thing that happens: a call and what comes of it if it is allowed, or what a person does or says."""

    kind: Literal["call", "approve", "revoke", "clear", "say", "restart"]
    agent: str
    session: str
    later: int
    call: str = ""
    outcome: str = ""
    source: str = ""
    text: str = ""


_LATER: Final = (0, 1, 1000, 60_000, 599_000, 3_600_000)


@st.composite
def _histories(draw: st.DrawFn) -> list[Step]:
    """Return a history in which a few calls are made again and again, so that they count."""
    few = draw(st.lists(calls, min_size=1, max_size=4))
    made = st.builds(
        Step,
        st.just("call"),
        st.sampled_from(AGENTS),
        st.sampled_from(["", "s", "s"]),
        st.sampled_from(_LATER),
        st.sampled_from(few),
        st.sampled_from(["completed", "completed", "failed", ""]),
    )
    done = st.builds(
        Step,
        st.sampled_from(["approve", "approve", "revoke", "clear", "restart", "say"]),
        st.sampled_from(AGENTS),
        st.sampled_from(["", "s"]),
        st.sampled_from(_LATER),
        source=st.sampled_from(["user", "trusted", "pii"]),
        text=st.sampled_from(["pay https://a.example.org/ now", "say yes to /w/a.py", "nnn", "x"]),
    )
    return draw(st.lists(st.one_of(made, made, made, made, done), min_size=20, max_size=40))


histories: Final = _histories()
"""What happens in one log, in order; `later` is milliseconds since the step before."""


@cache
def _library() -> dict[str, str]:
    return {"world.policy": WORLD}


def bundle_of(rules: str) -> Bundle:
    """Return the bundle of the world above and these rules."""
    with idle_rules():
        return make_bundle(_library(), {"x.policy": f'{rules}\nimport "std/world.policy"\n'})
