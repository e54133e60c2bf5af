"""How each protocol writes a call of a tool: one module a protocol, over one reader that all of them share.

Which protocol it is has been decided before, by shape; nothing here is tried one after the other.
"""

__all__: list[str] = []
