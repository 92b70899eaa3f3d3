"""How far the learned router's probabilities can be believed: held-out guesses about CPA's own examples.

Each tenth of the examples is asked of a model that learned from the other nine. The bands are judged on what the router
is asked for: sentences that rules neither know nor refuse. `python -m bench.calibration` prints what to put into
`scheduler/llm/intent_model.py`.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from scheduler.llm.sentence_encoder import one_thread

one_thread()

import numpy as np  # noqa: E402 - after the threads are set
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402

from bench.report import Floor, show  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.core.intents import UNKNOWN  # noqa: E402
from scheduler.llm.intent_examples import examples_of  # noqa: E402
from scheduler.llm.intent_model import OFFICE, Calibration, IntentModel, Numbers, lead_of  # noqa: E402
from scheduler.llm.learned_intent_router import Bands  # noqa: E402
from scheduler.llm.sentence_encoder import SentenceEncoder, UniversalSentenceEncoder, Vectors  # noqa: E402

FOLDS = 10
BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
PRECISION, ERROR = 0.97, 0.05


class Known:
    """Gives the vectors that were made before."""

    name = "known"

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def encode(self, sentences: Sequence[str]) -> Vectors:  # noqa: ARG002 - the port's
        return self._vectors


class HeldOut(NamedTuple):
    """Guesses about sentences that were not learned: one row a sentence."""

    logits: Numbers
    nearest: Numbers
    right: np.ndarray
    in_scope: np.ndarray  # the guess is an intent, so it might act
    wanted: np.ndarray  # the sentence has an intent
    passed: np.ndarray  # rules neither know nor refuse it

    def take(self, rows: np.ndarray) -> "HeldOut":
        return HeldOut(*(one[rows] for one in self))


def held_out(encoder: SentenceEncoder) -> HeldOut:
    """Guess each example by a model that learned from the other folds."""
    rules = IntentRouter.default()
    pairs = examples_of(rules.intents)
    sentences, intents = [text for text, _ in pairs], np.asarray([name for _, name in pairs])
    vectors = encoder.encode(sentences)
    logits = np.zeros((len(pairs), len(np.unique(intents))))
    nearest, guessed = np.zeros(len(pairs)), np.empty(len(pairs), dtype=object)
    for learn, ask in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(vectors, intents):
        texts = [sentences[row] for row in learn]
        model = IntentModel(Known(vectors[learn]), texts, intents[learn].tolist())
        logits[ask], nearest[ask] = model.weigh([sentences[row] for row in ask], vectors[ask])
        guessed[ask] = model.classes[logits[ask].argmax(axis=1)]
    routed = [rules.route(text) for text in sentences]
    passed = np.asarray([one.name == UNKNOWN and not one.refused for one in routed])
    return HeldOut(logits, nearest, guessed == intents, guessed != UNKNOWN, intents != UNKNOWN, passed)


def fitted(seen: HeldOut) -> Calibration:
    """Fit the calibration to guesses that name an intent."""
    acting = seen.take(seen.in_scope)
    model = LogisticRegression(C=100).fit(lead_of(acting.logits)[:, None], acting.right)
    return Calibration(*(round(float(one), 3) for one in (*model.coef_[0], model.intercept_[0])))


def reliability(seen: HeldOut) -> tuple[list[list[str]], float]:
    """Return for each bin of probability how many there are, what was believed, what was right; and the ECE."""
    believed = OFFICE.believe(seen.logits, seen.nearest)
    rows, error = [], 0.0
    for low, high in itertools.pairwise(BINS):
        inside = (believed >= low) & ((believed < high) | (high == BINS[-1]))
        if inside.any():
            mean, right = believed[inside].mean(), seen.right[inside].mean()
            rows.append([f"{low:.2f} to {high:.2f}", str(inside.sum()), f"{mean:.3f}", f"{right:.3f}"])
            error += inside.mean() * abs(mean - right)
    return rows, float(error)


def check(encoder: SentenceEncoder) -> tuple[dict[str, float], list[Floor]]:
    """Print how far the bands hold, and return figures and floors."""
    everything = held_out(encoder)
    figures, bands = dict[str, float](), Bands()
    for title, seen in (("all", everything), ("asked", everything.take(everything.passed))):
        acting = seen.take(seen.in_scope)
        rows, error = reliability(acting)
        heading = "all examples" if title == "all" else "examples that rules do not know"
        show(f"Reliability on {heading}, held out", ["believed", "sentences", "mean", "right"], rows)
        believed = OFFICE.believe(seen.logits, seen.nearest)
        acts, asks = seen.in_scope & (believed >= bands.act), seen.in_scope & (believed >= bands.ask)
        figures |= {
            f"{title}-ece": error,
            f"{title}-precision": float(seen.right[acts].mean()),
            f"{title}-acts": float((acts & seen.right).sum() / seen.wanted.sum()),
            f"{title}-acts-or-asks": float((asks & seen.wanted).sum() / seen.wanted.sum()),
            f"{title}-unknown-acts": float(acts[~seen.wanted].mean()),
            f"{title}-unknown-asks": float(asks[~seen.wanted].mean()),
        }
    show("Bands", ["figure", "value"], [[name, f"{value:.3f}"] for name, value in figures.items()])
    floors = [
        Floor("precision-where-it-acts", figures["asked-precision"], PRECISION),
        Floor("ece-office", figures["all-ece"], ERROR, at_most=True),
    ]
    return figures, floors


def main() -> None:
    encoder = UniversalSentenceEncoder()
    seen = held_out(encoder)
    print(fitted(seen))
    check(encoder)


if __name__ == "__main__":
    main()
