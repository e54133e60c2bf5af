"""The command line. Each module is one command or a few that belong together; `app` puts them together."""

from governance.cli.app import app, main

__all__ = ["app", "main"]
