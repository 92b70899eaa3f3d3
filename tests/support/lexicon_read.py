"""Reads the lexicon when it is imported, so that a process forked afterwards has it."""

from scheduler.core.lexicon import lexicon

lexicon()
