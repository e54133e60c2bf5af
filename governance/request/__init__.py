"""Requests: bytes from an agent, every surface they come in, and their binding to typed calls. All pure."""

from governance.request.wire import Origin, Request, Syntax, parse_request

__all__ = ["Origin", "Request", "Syntax", "parse_request"]
