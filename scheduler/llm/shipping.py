"""Learns the examples that come with CPA and writes what is shipped of them: `python -m scheduler.llm.shipping`."""

import hashlib
from collections.abc import Sequence

from scheduler.core.intent_router import IntentRouter
from scheduler.core.lexicon import lexicon_version
from scheduler.llm import known_vectors, order_learning, order_look, order_model, shape_learning, shipped_knowledge
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.office_model import key_and_more, learned_of
from scheduler.llm.order_examples import Example, intents_of, sets, together
from scheduler.llm.sentence_encoder import UniversalSentenceEncoder


def main() -> None:
    encoder = UniversalSentenceEncoder()
    pairs = tuple(examples_of(IntentRouter.default().intents))
    known_vectors.write(encoder, [text for text, _ in pairs])
    key, more = key_and_more(pairs, encoder.name)
    known = learned_of(pairs, more, known_vectors.KnownVectors(encoder))
    shipped_knowledge.write(key, known, shipped_knowledge.DEFAULT_FILE)
    ship_orders()


def ship_orders() -> None:
    """Learn how requests are read as orders from the development sets, and write it."""
    requests = together((one for some in sets().values() for one in some), examples_of(IntentRouter.default().intents))
    learned = order_learning.learn(requests, intents_of(requests)), shape_learning.learn(requests)
    order_model.write(key_of_orders(requests), *learned)
    order_look.write(key_of_orders(requests), shape_learning.learn_look(requests))


def key_of_orders(requests: Sequence[Example]) -> str:
    """Return of what it is learned: the requests, and what words are."""
    said = "\n".join(f"{one.text}\t{' '.join(one.intents)}" for one in requests)
    return hashlib.sha256(f"{lexicon_version()}\n{said}".encode()).hexdigest()


if __name__ == "__main__":
    main()
