"""The sounds that people make while they think, after which something else may be meant."""

from typing import Final

from scheduler.core.letters import fold

_SOUNDS: Final = "äh ähm ähem uh uhm um hm hmm"
HESITATIONS: Final = frozenset(map(fold, _SOUNDS.split()))
"""Their keys as tokens have them."""
HESITATION: Final = rf"(?:{'|'.join(_SOUNDS.replace('h', 'h{1,9}').split())})"
"""Any of them, however long: "ähhh"."""
SET_OFF: Final = rf"(?:{HESITATION}|erm?)"
"""Any of them where marks set it off; elsewhere "er" is a pronoun."""
