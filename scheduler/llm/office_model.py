"""What is learned of office requests when it is first needed; processes that rules suffice never pay for it.

This module must stay cheap to import: numpy, scikit-learn and the encoder are loaded with the first question.
"""

import functools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from scheduler.core.intents import Intent
from scheduler.core.lexicon import lexicon_version
from scheduler.llm.intent_examples import examples_of, joined_at_random, orders_of, several_of

if TYPE_CHECKING:
    from scheduler.llm.guess import Guess
    from scheduler.llm.intent_model import IntentModel, Knowledge
    from scheduler.llm.order_look import LookModel
    from scheduler.llm.order_model import OrderModel, Ways
    from scheduler.llm.sentence_encoder import SentenceEncoder

log = structlog.get_logger(__name__)

Pairs = tuple[tuple[str, str], ...]

_TOLERANCE: Final = 3e-3
_MOST_MODELS: Final = 2
_learning = threading.Lock()
_models: "dict[Pairs, IntentModel]" = {}  # of this process: the same examples are learned once


class OfficeModel:
    """Knows what the examples of the configured intents teach from the first question on.

    Of the intents that come with CPA it is shipped; of others it is learned then, in some seconds of CPU. With a folder
    what was learned is kept there, and read by the next process.
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


class OfficeRequests:
    """Knows what the requests that come with CPA teach of orders, from the first question on."""

    def __init__(self) -> None:
        self._model: OrderModel | None = None

    @property
    def intents(self) -> tuple[str, ...]:
        """The intents that it knows."""
        return self._learned().intents

    def read(self, text: str) -> "Ways":
        """Return how a request may be read, as OrderModel does. Safe to call from many threads."""
        return self._learned().read(text)

    def shape(self, text: str) -> float:
        """Return how far its shape is that of an order, as OrderModel does."""
        return self._learned().shape(text)

    def _learned(self) -> "OrderModel":
        if self._model is None:
            with _learning:
                self._model = _orders()
        return self._model


@functools.cache
def _orders() -> "OrderModel":
    from scheduler.llm import order_model  # noqa: PLC0415 - dear to import

    return order_model.load()


def first_look(text: str) -> float:
    """Return how far a request looks like an order, as LookModel does; for this little is loaded."""
    return _looks().belief(text)


@functools.cache
def _looks() -> "LookModel":
    from scheduler.llm import order_look  # noqa: PLC0415 - imports numpy, which a start can do without

    return order_look.load()


def _model(pairs: Pairs, folder: Path | None) -> "IntentModel":
    if pairs not in _models:
        from scheduler.llm.intent_model import IntentModel  # noqa: PLC0415 - dear to import
        from scheduler.llm.known_vectors import KnownVectors  # noqa: PLC0415
        from scheduler.llm.sentence_encoder import UniversalSentenceEncoder  # noqa: PLC0415

        encoder = UniversalSentenceEncoder()
        model = IntentModel(encoder, _knowledge(pairs, folder, KnownVectors(encoder)))
        for oldest in list(_models)[: 1 - _MOST_MODELS]:
            del _models[oldest]
        _models[pairs] = model
    return _models[pairs]


def _knowledge(pairs: Pairs, folder: Path | None, encoder: "SentenceEncoder") -> "Knowledge":
    """Return what these examples teach: as it was shipped, from the folder, or learned now."""
    from scheduler.llm import shipped_knowledge  # noqa: PLC0415 - dear to import
    from scheduler.llm.learned_cache import LearnedCache  # noqa: PLC0415

    cache = None if folder is None else LearnedCache(folder)
    key, more = key_and_more(pairs, encoder.name)
    known = shipped_knowledge.load(key, encoder, pairs, shipped_knowledge.DEFAULT_FILE)
    known = cache.load(key) if known is None and cache is not None else known
    if known is None:
        known = learned_of(pairs, more, encoder)
        if cache is not None:
            cache.save(key, known)
    return known


class More(NamedTuple):
    """What teaches how requests are divided: those of several orders, and (words, intent) of orders among them."""

    several: list[str]
    orders: list[tuple[str, str]]


def key_and_more(pairs: Pairs, encoder: str) -> tuple[str, More]:
    """Return under which key stands what these examples teach, and what teaches beside them."""
    from scheduler.llm.learned_cache import key_of  # noqa: PLC0415 - dear to import

    more = More([*several_of(), *joined_at_random(pairs)], orders_of({name for _, name in pairs}))
    said = (*more.several, *(part for order in more.orders for part in order))
    return key_of(pairs, encoder, str(_TOLERANCE), lexicon_version(), *said), more


def learned_of(pairs: Pairs, more: More, encoder: "SentenceEncoder") -> "Knowledge":
    """Learn: seconds of CPU."""
    from scheduler.llm.intent_learning import learn  # noqa: PLC0415 - dear to import

    sentences, intents = [text for text, _ in pairs], [name for _, name in pairs]
    known = learn(encoder, sentences, intents, tolerance=_TOLERANCE, several=more.several, orders=more.orders)
    log.info("intents_learned", examples=len(pairs), intents=len(known.classes))
    return known
