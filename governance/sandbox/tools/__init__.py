"""Programs that run inside the sandbox: standard library only, one file each, nothing of this package."""

__all__: list[str] = []
