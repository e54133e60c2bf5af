"""The page of diagnostics: of each code of the checker the shortest chunk that gives just it, and what is said.

`python -m tests.diagnostics_page` writes the part of `docs/diagnostics.md` between its two marks.
"""

from __future__ import annotations

import re
from typing import Final

from tests.documents import ROOT
from tests.policy.test_chunks import chunks, diagnostics, expected

PAGE: Final = ROOT / "docs" / "diagnostics.md"
_BEGIN: Final = "<!-- examples: written by tests/diagnostics_page.py -->\n"
_END: Final = "<!-- end of examples -->\n"
_COMMENT: Final = re.compile(r"  # (?:ERROR|WARNING) .*")


def examples() -> dict[str, str]:
    """Return for each code the chunk that is its example."""
    found: dict[str, str] = {}
    for _, chunk in chunks():
        codes = [code for _, code, _ in expected(chunk)]
        if len(codes) == 1 and (codes[0] not in found or len(chunk) < len(found[codes[0]])):
            found[codes[0]] = chunk
    return found


def section() -> str:
    """Return the part of the page that is written here."""
    parts = []
    for code, chunk in sorted(examples().items()):
        (diagnostic,) = diagnostics(chunk)
        policy = "\n".join(_COMMENT.sub("", line) for line in chunk.strip("\n").split("\n"))
        said = " ".join(f"{text[:1].upper()}{text[1:]}." for text in (diagnostic.message, diagnostic.help))
        kind = "warning" if diagnostic.warning else "error"
        parts.append(f"### `{code}` ({kind})\n\n```\n{policy}\n```\n\n{said}\n\n")
    return "".join(parts)


def page() -> str:
    """Return the page as it should be."""
    text = PAGE.read_text()
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{section()}{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page())
