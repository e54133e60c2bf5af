"""The tools that agents have of their own, and what each means as a call: one table, field by field.

A tool that is not here is not known; a field that is not here is refused. What one of them leaves out by itself
(files that `.gitignore` names, lines beyond its own limit, another order) is not known before it runs: the call
covers all that it may read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from governance.request.surfaces.conversions import (
    AS_IS,
    GLOB,
    GREP_GLOB,
    HOST_PATH,
    HTTPS,
    LITERAL,
    NAMES_ONLY,
    NO_LITERAL,
    NOT_EMPTY,
    SAYS_NOTHING,
    SLASHED_GLOB,
    THROUGH_LINE,
    WHERE_NAMES_ONLY,
    Conversion,
    only,
)
from governance.request.surfaces.shape import LIST, OBJECT, TEXT, TRUTH, WHOLE, Kind, one_of
from governance.request.wire import Syntax

if TYPE_CHECKING:
    from collections.abc import Mapping

    from governance.request.syntax import Plain

__all__ = ["TOOLS", "Command", "Field", "Mapped", "Patch", "Refused", "Tool"]


class Field(NamedTuple):
    """A field of a tool's input: its kind, the parameter it becomes, and how.

    One without a parameter adds nothing. `default` is what the tool takes where the field is left out, None
    where that is nothing; a field that is `required` cannot be.
    """

    kind: Kind
    convert: Conversion
    parameter: str = ""
    default: Plain = None
    required: bool = False


class Mapped(NamedTuple):
    """A tool that means a call of `capability`; `fixed` are the parameters that it always gives."""

    capability: str
    fields: Mapping[str, Field]
    fixed: Mapping[str, Plain] = {}


class Command(NamedTuple):
    """A tool that runs a command line, the text or the words in `field`, in the folder that `folder` names."""

    field: str
    fields: Mapping[str, Field]
    folder: str = ""


class Patch(NamedTuple):
    """A tool that changes files as the patch in `field` says."""

    field: str
    fields: Mapping[str, Field]


class Refused(NamedTuple):
    """A tool that nothing here says exactly, and what to use instead."""

    instead: str


Tool: TypeAlias = Mapped | Command | Patch | Refused


def _must(kind: Kind, convert: Conversion, parameter: str = "") -> Field:
    return Field(kind, convert, parameter, required=True)


_WORDS: Final = Field(TEXT, SAYS_NOTHING)
_LINES_AROUND: Final = Field(WHOLE, only("no lines around a hit are shown here", value=0))
_ALONE: Final = Field(TRUTH, only("nothing is run in the background here", value=False))
_INSIDE: Final = Field(TRUTH, only("nothing is run outside the sandbox here", value=False))
_NO_SEARCH: Final = "nothing here searches the network; fetch a page that you know by its address"
_PAGES_IN_WORDS: Final = (
    "run `curl --silent URL` with run_shell_command: it names the one page that is fetched"
)
_COMMAND: Final = _must(TEXT, AS_IS)

_WRITE: Final = Mapped(
    "fs.write",
    {"file_path": _must(TEXT, HOST_PATH, "path"), "content": _must(TEXT, AS_IS, "content")},
    {"exists": "replace", "parents": True},
)


def _edit(every: str, more: Mapping[str, Field] | None = None) -> Mapped:
    """Return the tool that replaces a text in a file: everywhere where the field `every` says so."""
    return Mapped(
        "fs.edit",
        {
            "file_path": _must(TEXT, HOST_PATH, "path"),
            "old_string": _must(TEXT, NOT_EMPTY, "old"),
            "new_string": _must(TEXT, AS_IS, "new"),
            every: Field(TRUTH, AS_IS, "every"),
            **(more or {}),
        },
    )


_CLAUDE_CODE: Final[Mapping[str, Tool]] = {
    "Read": Mapped(
        "fs.read",
        {
            "file_path": _must(TEXT, HOST_PATH, "path"),
            "offset": Field(WHOLE, AS_IS, "first_line"),
            "limit": Field(WHOLE, AS_IS, "lines"),
        },
    ),
    "Write": _WRITE,
    "Edit": _edit("replace_all"),
    "Glob": Mapped(
        "fs.glob",
        {
            "pattern": _must(TEXT, SLASHED_GLOB, "glob"),
            "path": Field(TEXT, HOST_PATH, "path", default="."),
        },
    ),
    "Grep": Mapped(
        "fs.search",
        {
            "pattern": _must(TEXT, LITERAL, "text"),
            "path": Field(TEXT, HOST_PATH, "path", default="."),
            "glob": Field(TEXT, GREP_GLOB, "glob"),
            "output_mode": Field(
                one_of("content", "files_with_matches", "count"),
                NAMES_ONLY,
                "names_only",
                default="files_with_matches",
            ),
            "head_limit": Field(WHOLE, AS_IS, "most"),
            "offset": Field(WHOLE, only("hits are told from the first one on", value=0)),
            "-i": Field(TRUTH, only("capitals are told apart here", value=False)),
            "-n": Field(TRUTH, SAYS_NOTHING),
            "-A": _LINES_AROUND,
            "-B": _LINES_AROUND,
            "-C": _LINES_AROUND,
            "multiline": Field(TRUTH, only("a hit lies within one line here", value=False)),
        },
    ),
    "Bash": Command(
        "command",
        {
            "command": _COMMAND,
            "description": _WORDS,
            "timeout": Field(WHOLE, SAYS_NOTHING),
            "run_in_background": _ALONE,
            "dangerouslyDisableSandbox": _INSIDE,
        },
    ),
    "LS": Mapped(
        "fs.glob",
        {
            "path": _must(TEXT, HOST_PATH, "path"),
            "ignore": Field(LIST, only("all that is beneath a folder is listed here", value=())),
        },
        {"glob": "**"},
    ),
    "MultiEdit": Refused(
        "send each of its edits as an Edit, in their order: none is undone where a later one fails"
    ),
    "WebFetch": Mapped("http.get", {"url": _must(TEXT, HTTPS, "url"), "prompt": _must(TEXT, SAYS_NOTHING)}),
    "WebSearch": Refused(_NO_SEARCH),
}
_CODEX: Final[Mapping[str, Tool]] = {
    "apply_patch": Patch("command", {"command": _COMMAND}),
    "Bash": Command("command", {"command": _COMMAND}),
    "exec_command": Command(
        "cmd",
        {
            "cmd": _COMMAND,
            "workdir": Field(TEXT, HOST_PATH),
            "justification": _WORDS,
            "login": Field(TRUTH, SAYS_NOTHING),
            "tty": Field(TRUTH, only("nothing here has a terminal", value=False)),
            "yield_time_ms": Field(WHOLE, SAYS_NOTHING),
            "max_output_tokens": Field(WHOLE, SAYS_NOTHING),
        },
        "workdir",
    ),
    "shell": Command(
        "command",
        {
            "command": _must(LIST, AS_IS),
            "workdir": Field(TEXT, HOST_PATH),
            "justification": _WORDS,
            "timeout_ms": Field(WHOLE, SAYS_NOTHING),
        },
        "workdir",
    ),
}
_GEMINI: Final[Mapping[str, Tool]] = {
    "read_file": Mapped(
        "fs.read",
        {
            "file_path": _must(TEXT, HOST_PATH, "path"),
            "start_line": Field(WHOLE, AS_IS, "first_line"),
            "end_line": Field(WHOLE, THROUGH_LINE, "lines"),
        },
    ),
    "write_file": _WRITE,
    "replace": _edit("allow_multiple", {"instruction": _WORDS}),
    "list_directory": Mapped(
        "fs.list",
        {
            "dir_path": _must(TEXT, HOST_PATH, "path"),
            "ignore": Field(LIST, only("a folder is listed whole here", value=())),
            "file_filtering_options": Field(OBJECT, SAYS_NOTHING),
        },
    ),
    "glob": Mapped(
        "fs.glob",
        {
            "pattern": _must(TEXT, GLOB, "glob"),
            "dir_path": Field(TEXT, HOST_PATH, "path", default="."),
            "case_sensitive": Field(TRUTH, only("capitals are told apart here", value=True), default=False),
            "respect_git_ignore": Field(TRUTH, SAYS_NOTHING),
            "respect_gemini_ignore": Field(TRUTH, SAYS_NOTHING),
        },
    ),
    "run_shell_command": Command(
        "command",
        {
            "command": _COMMAND,
            "description": _WORDS,
            "dir_path": Field(TEXT, HOST_PATH),
            "is_background": _ALONE,
        },
        "dir_path",
    ),
    "web_fetch": Refused(_PAGES_IN_WORDS),
    "google_web_search": Refused(_NO_SEARCH),
}
_GEMINI_SEARCH: Final = Mapped(
    "fs.search",
    {
        "pattern": _must(TEXT, NO_LITERAL, "text"),
        "dir_path": Field(TEXT, HOST_PATH, "path", default="."),
        "include_pattern": Field(TEXT, GREP_GLOB, "glob"),
        "case_sensitive": Field(TRUTH, only("capitals are told apart here", value=True), default=False),
        "fixed_strings": Field(TRUTH, SAYS_NOTHING, default=False),
        "names_only": Field(TRUTH, WHERE_NAMES_ONLY, "names_only"),
        "total_max_matches": Field(WHOLE, AS_IS, "most"),
        "context": _LINES_AROUND,
        "before": _LINES_AROUND,
        "after": _LINES_AROUND,
        "no_ignore": Field(TRUTH, SAYS_NOTHING),
    },
)

TOOLS: Final[Mapping[Syntax, Mapping[str, Tool]]] = {
    Syntax.CLAUDE_CODE: _CLAUDE_CODE,
    Syntax.CODEX: _CODEX,
    Syntax.GEMINI: {**_GEMINI, "grep_search": _GEMINI_SEARCH, "search_file_content": _GEMINI_SEARCH},
}
"""The tools of each agent, by the names its hooks call them by."""
