"""One command line of a shell: its text to a typed tree, and back. Pure; nothing here is ever run.

Every word of the tree is exactly what bash would pass to the program. What is not certain is refused, with
the place, the construct's name, and what to write instead.
"""

from governance.request.shell.parse import parse_shell
from governance.request.shell.tree import Script
from governance.request.shell.write import print_shell

__all__ = ["Script", "parse_shell", "print_shell"]
