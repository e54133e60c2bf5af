#!/usr/bin/python3 -IS
"""Starts the tool that has the name of this file, which lies in the image under the name of each."""

import sys
from importlib import import_module

_FOLDER, _, _NAME = __file__.rpartition("/")
_LIBRARY = f"{_FOLDER}/python"
if _LIBRARY not in sys.path:
    sys.path.insert(0, _LIBRARY)

sys.exit(import_module(f"governance.sandbox.tools.{_NAME}").start())
