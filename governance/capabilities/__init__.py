"""Capabilities and calls of them: typed values, sets of paths, declarations, bound calls. All pure."""

from governance.capabilities.call import Call
from governance.capabilities.declaration import Capability

__all__ = ["Call", "Capability"]
