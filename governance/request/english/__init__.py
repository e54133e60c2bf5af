"""Controlled English: the phrases of capabilities as one grammar, in which a sentence has one reading or none."""

from governance.request.english.phrasebook import phrasebook_of
from governance.request.english.sentence import parse_sentence

__all__ = ["parse_sentence", "phrasebook_of"]
