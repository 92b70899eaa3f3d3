"""Reads when it is imported what never changes, so that a process forked afterwards has it."""

import gc

from scheduler.core.lexicon import lexicon

lexicon()
gc.freeze()
