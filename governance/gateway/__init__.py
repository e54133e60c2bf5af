"""The gateway: where requests come in, and the one place where the pure core meets the log and the sandbox."""

from governance.gateway.pipeline import Decided, Engine
from governance.gateway.session import open_engine

__all__ = ["Decided", "Engine", "open_engine"]
