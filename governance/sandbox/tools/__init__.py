"""Programs that run inside the sandbox: the standard library, and nothing of this package but each other.

Each is a module whose `start` does what the command line says; `launch.py` lies in the image under all their names.
"""

__all__: list[str] = []
