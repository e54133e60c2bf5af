"""Grammars that hold a model to calls that can be read: written from declarations, for whoever decodes by them."""

from governance.request.constraint.generated import Style, lark_grammar, openai_tool

__all__ = ["Style", "lark_grammar", "openai_tool"]
