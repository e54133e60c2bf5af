"""The one reader that all JSON surfaces share: objects of a shape, names, arguments, and where each of them stands.

Values are read here; where one of them stands is looked up only when something is to be shown.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from governance.errors import Diagnostic, RequestError
from governance.request.surfaces.shape import OBJECT
from governance.request.syntax import Argument, CallSyntax, Object, Places, parse_json, parse_values
from governance.text import Source, excerpt

if TYPE_CHECKING:
    from governance.request.surfaces.shape import Kind, Shape
    from governance.request.syntax import Member, Node, Plain
    from governance.request.wire import Origin, Request
    from governance.text import Span

__all__ = ["Path", "Reader"]

Path: TypeAlias = tuple[str, ...]
"""The keys that lead to a value of the body."""

_LONGEST_NAME: Final = 128


class Reader:
    """Reads the JSON body of one request."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.body = request.body

    @property
    def origin(self) -> Origin:
        """Whose request it is."""
        return self._request.origin

    def members(self, value: object, path: Path, what: str) -> dict[str, Plain]:
        """Return `value`, which stands at `path` and must be an object."""
        if not isinstance(value, dict):
            raise self.refusal(path, f"{what} must be an object", OBJECT.mend)
        return value

    def keys(self, value: object, path: Path, shape: Shape) -> dict[str, Plain]:
        """Return the members of the object at `path`, which has just the keys of `shape`, each of its kind."""
        members = self.members(value, path, shape.what)
        for key in shape.required:
            if key not in members:
                raise self.refusal(path, f"{shape.what} lacks `{key}`", shape.mend)
        kinds = shape.kinds
        for key in members:
            if key not in kinds:
                raise self.stranger(path, key, shape)
        for key, each in members.items():
            if not kinds[key].fits(each):
                raise self.misfit(path, key, kinds[key])
        return members

    def call(self, members: dict[str, Plain], path: Path, key: str) -> CallSyntax:
        """Return the call whose name and arguments, under `key`, are members of the object at `path`."""
        values = members.get(key, {})
        assert isinstance(values, dict)  # noqa: S101 - the shape says so
        return CallSyntax(
            self.name(members, path),
            values,
            "request",
            self._request.text,
            partial(_placed, self._request, path, key),
        )

    def embedded(self, members: dict[str, Plain], path: Path) -> CallSyntax:
        """Return the call whose arguments are a string that holds an object, in a source of its own."""
        text = str(members["arguments"])
        values = parse_values("arguments", text)
        if not isinstance(values, dict):
            inner = Source("arguments", text)
            node = parse_json(inner)
            raise _unfit(inner.span(node.start, node.end), "the arguments must be an object", OBJECT.mend)
        places = partial(_placed, self._request, path, "arguments")
        return CallSyntax(self.name(members, path), values, "arguments", text, places)

    def mapped(self, name: str, values: dict[str, Plain], fields: dict[str, str]) -> CallSyntax:
        """Return the call of `name` that a hook's tool means, with the fields of its input that arguments came from."""
        return CallSyntax(
            name, values, "request", self._request.text, partial(_native, self._request, fields)
        )

    def name(self, members: dict[str, Plain], path: Path) -> str:
        """Return the name of the tool that the object at `path` names."""
        name = str(members["name"])
        if not 0 < len(name) <= _LONGEST_NAME:
            message = f"a name has 1 to {_LONGEST_NAME} characters"
            raise self.refusal((*path, "name"), message, "name the capability")
        return name

    def span(self, path: Path) -> Span:
        """Return the place of what stands at `path`."""
        node = self._request.node(*path)
        return self._request.source.span(node.start, node.end)

    def refusal(self, path: Path, message: str, mend: str, code: str = "shape") -> RequestError:
        """Return the error about what stands at `path`."""
        return _unfit(self.span(path), message, mend, code)

    def misfit(self, path: Path, key: str, kind: Kind) -> RequestError:
        """Return the error that the value of `key` is of another kind."""
        return self.refusal((*path, key), f"`{key}` must be {kind.said}", kind.mend)

    def stranger(self, path: Path, key: str, shape: Shape) -> RequestError:
        """Return the error that the object at `path` has no such key."""
        node = next(member.key for member in _members(self._request.node(*path)) if member.key.value == key)
        span = self._request.source.span(node.start, node.end)
        return _unfit(span, f"{shape.what} has no key `{excerpt(key)}`", shape.mend)


def _unfit(span: Span, message: str, mend: str, code: str = "shape") -> RequestError:
    return RequestError(Diagnostic(code, message, span, mend))


def _members(node: Node) -> tuple[Member, ...]:
    return node.members if isinstance(node, Object) else ()


def _placed(request: Request, path: Path, key: str, syntax: CallSyntax) -> Places:
    """Return the places of a call whose name and arguments are members of the object at `path`."""
    members = {str(member.key.value): member.value for member in _members(request.node(*path))}
    name = members["name"]
    arguments = members.get(key)
    if arguments is not None and not isinstance(arguments, Object):
        arguments = parse_json(syntax.source)
    given = () if arguments is None else _members(arguments)
    return Places(
        request.source.span(name.start, name.end),
        tuple(Argument(str(each.value), each.start, each.end, value) for each, value in given),
    )


def _native(request: Request, fields: dict[str, str], syntax: CallSyntax) -> Places:
    """Return the places of a call that a hook's tool means: of an argument, the field that it came from."""
    name = request.node("tool_name")
    given = {str(each.value): (each, value) for each, value in _members(request.node("tool_input"))}
    found = [
        (parameter, given[fields[parameter]]) for parameter in syntax.values if fields.get(parameter) in given
    ]
    return Places(
        request.source.span(name.start, name.end),
        tuple(Argument(parameter, key.start, key.end, value) for parameter, (key, value) in found),
    )
