"""Which part of the package may import which: the layers, and what the pure parts must never touch."""

from __future__ import annotations

from typing import Final

LAYERS: Final = (
    ("text", "errors", "canonical", "instant", "regular", "resources"),
    ("grammar",),
    ("capabilities",),
    ("request", "policy"),
    ("decide", "cache", "library"),
    ("journal",),
    ("evidence", "replay", "writes"),
    ("sandbox",),
    ("gateway",),
    ("editor",),
    ("cli", "__main__"),
)
"""Lowest first. A part imports its own layer and those below it."""

PURE: Final = (
    "governance.text",
    "governance.errors",
    "governance.canonical",
    "governance.instant",
    "governance.capabilities",
    "governance.request",
    "governance.policy",
    "governance.decide",
    "governance.evidence",
    "governance.replay",
    "governance.writes",
    "governance.journal.record",
    "governance.journal.chain",
    "governance.sandbox.egress.fields",
    "governance.sandbox.egress.head",
    "governance.sandbox.egress.hello",
    "governance.sandbox.egress.link",
    "governance.sandbox.egress.network",
    "governance.sandbox.egress.sent",
    "governance.sandbox.plan",
    "governance.sandbox.attest",
    "governance.sandbox.controls",
    "governance.sandbox.outcome",
    "governance.sandbox.stream",
    "governance.sandbox.tools.frames",
)
"""Modules and packages whose values depend on their arguments alone."""

IMPURE_MODULES: Final = frozenset(
    {
        "asyncio",
        "docker",
        "locale",
        "os",
        "pathlib",
        "random",
        "secrets",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "structlog",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "uuid",
    }
)
"""What no pure part imports, not even inside a function; `open`, `print`, `input` it does not call either."""

MAKES_CODE: Final = "governance.policy.compiled"
"""The one module that runs what it wrote."""

ONLY_IN: Final = {
    "cryptography": ("governance.sandbox.egress.authority",),
    "docker": ("governance.sandbox.engine",),
    "h11": ("governance.sandbox.egress.carry", "governance.sandbox.egress.head"),
    "immutables": ("governance.policy.state",),
    "lark": ("governance.grammar",),
    "lsprotocol": ("governance.editor.server", "governance.editor.positions"),
    "pygls": ("governance.editor.server", "governance.editor.positions"),
    "publicsuffixlist": ("governance.policy.check.suffixes",),
    "pydantic": (
        "governance.capabilities.call",
        "governance.capabilities.declaration",
        "governance.request.bind",
    ),
    "subprocess": ("governance.sandbox", "governance.cli.demo"),
    "structlog": ("governance.gateway.service",),
    "typer": ("governance.cli",),
    "rich": ("governance.cli",),
}
"""Modules that have one door; a name stands for everything that begins with it."""
