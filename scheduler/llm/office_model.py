"""What is learned of office requests when it is first needed; processes that rules suffice never pay for it.

This module must stay cheap to import: numpy, scikit-learn and the encoder are loaded with the first question.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from scheduler.core.intents import Intent
from scheduler.core.lexicon import lexicon_version
from scheduler.llm.intent_examples import examples_of, joined_at_random, several_of

if TYPE_CHECKING:
    from scheduler.llm.guess import Guess
    from scheduler.llm.intent_model import IntentModel, Knowledge
    from scheduler.llm.sentence_encoder import SentenceEncoder

log = structlog.get_logger(__name__)

Pairs = tuple[tuple[str, str], ...]

_TOLERANCE: Final = 3e-3
_MOST_MODELS: Final = 2
_learning = threading.Lock()
_models: "dict[Pairs, IntentModel]" = {}  # of this process: the same examples are learned once


class OfficeModel:
    """Learns from the examples of the configured intents at the first question: 1 to 2 seconds of CPU, some 200 MB.

    With a folder what was learned is kept there, and read by the next process.
    """

    def __init__(self, intents: Sequence[Intent], folder: Path | None = None) -> None:
        self._intents = tuple(intents)
        self._folder = folder
        self._model: IntentModel | None = None

    def guess(self, sentence: str) -> "Guess":
        """Return what one sentence most likely wants. Safe to call from many threads."""
        return self._learned().guess(sentence)

    def glance(self, sentences: Sequence[str]) -> "list[Guess]":
        """Return what sentences most likely want by their words alone, as IntentModel does."""
        return self._learned().glance(sentences)

    def _learned(self) -> "IntentModel":
        if self._model is None:
            with _learning:
                self._model = _model(tuple(examples_of(self._intents)), self._folder)
        return self._model


def _model(pairs: Pairs, folder: Path | None) -> "IntentModel":
    if pairs not in _models:
        from scheduler.llm.intent_model import IntentModel  # noqa: PLC0415 - dear to import
        from scheduler.llm.known_vectors import KnownVectors  # noqa: PLC0415
        from scheduler.llm.sentence_encoder import UniversalSentenceEncoder  # noqa: PLC0415

        encoder = UniversalSentenceEncoder()
        encoder.encode(["."])  # its weights are loaded once, while the others wait
        model = IntentModel(encoder, _knowledge(pairs, folder, KnownVectors(encoder)))
        for oldest in list(_models)[: 1 - _MOST_MODELS]:
            del _models[oldest]
        _models[pairs] = model
    return _models[pairs]


def _knowledge(pairs: Pairs, folder: Path | None, encoder: "SentenceEncoder") -> "Knowledge":
    """Return what these examples teach, from the folder where it is there."""
    from scheduler.llm.learned_cache import LearnedCache, key_of  # noqa: PLC0415 - dear to import

    cache = None if folder is None else LearnedCache(folder)
    several = [*several_of(), *joined_at_random(pairs)]
    key = key_of(pairs, encoder.name, str(_TOLERANCE), lexicon_version(), *several)
    known = None if cache is None else cache.load(key)
    if known is not None:
        return known
    from scheduler.llm.intent_learning import learn  # noqa: PLC0415 - dear to import

    sentences, intents = [text for text, _ in pairs], [name for _, name in pairs]
    known = learn(encoder, sentences, intents, tolerance=_TOLERANCE, several=several)
    log.info("intents_learned", examples=len(pairs), intents=len(known.classes))
    if cache is not None:
        cache.save(key, known)
    return known
