"""What is learned of office requests when it is first needed; processes that rules suffice never pay for it.

This module must stay cheap to import: scikit-learn and the encoder are loaded with the first question.
"""

import functools
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from scheduler.core.intents import Intent
from scheduler.llm.intent_examples import examples_of

if TYPE_CHECKING:
    from scheduler.llm.intent_model import IntentModel
    from scheduler.llm.learned_intent_router import Guess

log = structlog.get_logger(__name__)

_TOLERANCE: Final = 3e-3
_learning = threading.Lock()


class OfficeModel:
    """Learns from the examples of the configured intents at the first question: seconds of CPU, some 200 MB."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        self._intents = tuple(intents)
        self._model: IntentModel | None = None

    def guess(self, sentence: str) -> "Guess":
        """Return what one sentence most likely wants. Safe to call from many threads."""
        with _learning:
            if self._model is None:
                self._model = _learn(tuple(examples_of(self._intents)))
        return self._model.guess(sentence)


@functools.lru_cache(maxsize=2)
def _learn(pairs: tuple[tuple[str, str], ...]) -> "IntentModel":
    """Return what these examples teach; the same ones are learned once in a process."""
    from scheduler.llm.intent_model import OFFICE, IntentModel  # noqa: PLC0415 - dear to import
    from scheduler.llm.sentence_encoder import UniversalSentenceEncoder  # noqa: PLC0415

    model = IntentModel(
        UniversalSentenceEncoder(),
        [text for text, _ in pairs],
        [name for _, name in pairs],
        calibration=OFFICE,
        tolerance=_TOLERANCE,
    )
    log.info("intents_learned", examples=len(pairs), intents=len(model.classes))
    return model
