"""Workspaces that are written to: a copy for each call, what changed in it, and its commit, whole or not at all.

`kernel` speaks to the kernel, by descriptor; `tree` looks at folders; `copying` and `overlay` make copies; `comparing`
finds what changed; `committing` puts it in place and can be cut off anywhere; `store` joins them for a dispatcher.
"""

from __future__ import annotations

from governance.sandbox.workspaces.store import Store
from governance.sandbox.workspaces.tree import Bounds

__all__ = ["Bounds", "Store"]
