"""The command line. Each module is one command or a few that belong together; `app` puts them together."""

__all__: list[str] = []
