"""Makes one order of each value of a slot that was said several times: "Schließ Excel und Word" closes both."""

from typing import Final

from scheduler.core.intents import RoutedIntent
from scheduler.core.slots import FILES, derive

_EACH: Final = ("application", "document", "file_name", "url")
MOST: Final = 20


def one_for_each(routed: RoutedIntent) -> list[RoutedIntent]:
    """Return the order once for each value, itself where there is one of each; several people get one mail."""
    slot = next((name for name in _EACH if isinstance(routed.words.get(name), list)), None)
    if slot is None:
        return [routed]
    values = [one for one in routed.said if one.slot == slot][:MOST]
    others = {name: words for name, words in routed.slots.items() if name not in {slot, *FILES}}
    return [
        routed.model_copy(
            update={
                "slots": others | derive({slot: one.words}),
                "said": (one, *(said for said in routed.said if said.slot in others)),
            }
        )
        for one in dict.fromkeys(values)
    ]
