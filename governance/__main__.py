"""`python -m governance`: the same as the console script."""

from governance.cli.app import main

main()
