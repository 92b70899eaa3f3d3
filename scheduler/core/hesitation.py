"""The sounds that people make while they think, after which something else may be meant."""

from typing import Final

from scheduler.core.letters import word_set

_SOUNDS: Final = "äh ähm ähem uh uhm um hm hmm"
HESITATIONS: Final = word_set(_SOUNDS)
HESITATION: Final = rf"(?:{'|'.join(_SOUNDS.replace('h', 'h+').split())})"
"""Any of them, however long."""
SET_OFF: Final = rf"(?:{HESITATION}|erm?)"
"""Any of them where marks set it off; elsewhere "er" is a pronoun."""
