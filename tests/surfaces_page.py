"""The page of surfaces: the table of native tools, as the program has it.

`python -m tests.surfaces_page` writes the part of `docs/surfaces.md` between its two marks.
"""

from __future__ import annotations

from typing import Final

from governance.request.native import TOOLS, Command, Mapped, Patch, Refused, Tool
from tests.documents import ROOT

PAGE: Final = ROOT / "docs" / "surfaces.md"
_BEGIN: Final = "<!-- tools: written by tests/surfaces_page.py -->\n"
_END: Final = "<!-- end of tools -->\n"


def section() -> str:
    """Return the part of the page that is written here."""
    parts = []
    for syntax, tools in TOOLS.items():
        rows = "".join(f"| `{name}` | {meaning(tool)} |\n" for name, tool in tools.items())
        parts.append(f"### `{syntax}`\n\n| tool | what it means |\n|---|---|\n{rows}\n")
    return "".join(parts)


def meaning(tool: Tool) -> str:
    """Return what a tool means, field by field."""
    match tool:
        case Mapped():
            fixed = [
                f"`{name}` is always `{value}`".replace("True", "true") for name, value in tool.fixed.items()
            ]
            return f"`{tool.capability}`: {'; '.join([*_fields(tool), *fixed])}"
        case Command():
            return f"a command line in `{tool.field}`; {'; '.join(_fields(tool)[1:])}".rstrip("; ")
        case Patch():
            return f"the patch in `{tool.field}`, below"
        case Refused():
            return f"refused: {tool.instead}"


def _fields(tool: Mapped | Command | Patch) -> list[str]:
    found = []
    for name, field in tool.fields.items():
        to = f" → `{field.parameter}`" if field.parameter else ""
        default = "" if field.default is None else f" (else `{str(field.default).replace('False', 'false')}`)"
        found.append(f"`{name}`{default}{to}, {field.convert.says}")
    return found


def page() -> str:
    """Return the page as it should be."""
    text = PAGE.read_text()
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{section()}{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page())
