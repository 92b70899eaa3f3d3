"""What is promised of whoever knows the mail addresses that names stand for."""

from collections.abc import Callable, Sequence

from scheduler.core.sentences import Sentence

AddressBook = Callable[[str], Sequence[str]]
"""Returns the addresses that a name stands for. Raises UnfitNameError for none or several that may be meant."""


class UnfitNameError(ValueError):
    """A name stands for no address, or for several, the `candidates`; `said` tells a person which and what to do.

    `labels` are the candidates as people know them.
    """

    def __init__(
        self, said: Sentence, *, name: str = "", candidates: Sequence[str] = (), labels: Sequence[str] = ()
    ) -> None:
        super().__init__(said.en)
        self.said = said
        self.name = name
        self.candidates = tuple(candidates)
        self.labels = tuple(labels) or self.candidates


def nobody_known(name: str) -> Sequence[str]:
    """Be the address book of whoever has none."""
    raise UnfitNameError(
        Sentence(
            f"„{name[:200]}“ ist keine Mailadresse; erwartet wird zum Beispiel anna@example.com",
            f"“{name[:200]}” is no mail address; expected is for example anna@example.com",
        )
    )
