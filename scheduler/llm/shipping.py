"""Learns the examples that come with CPA and writes what is shipped of them: `python -m scheduler.llm.shipping`."""

from scheduler.core.intent_router import IntentRouter
from scheduler.llm import known_vectors, shipped_knowledge
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.office_model import key_and_more, learned_of
from scheduler.llm.sentence_encoder import UniversalSentenceEncoder


def main() -> None:
    encoder = UniversalSentenceEncoder()
    pairs = tuple(examples_of(IntentRouter.default().intents))
    known_vectors.write(encoder, [text for text, _ in pairs])
    key, more = key_and_more(pairs, encoder.name)
    known = learned_of(pairs, more, known_vectors.KnownVectors(encoder))
    shipped_knowledge.write(key, known, shipped_knowledge.DEFAULT_FILE)


if __name__ == "__main__":
    main()
