"""How well intents are learned from examples, on public data, beside plain methods; what a message costs.

The data are BANKING77 (Casanueva et al. 2020) and HWU64 (Liu et al. 2019), as TSV files `split, intent, text` in
folders of their names below CPA_INTENT_DATA. They are split as published; nothing is tuned on their tests.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scheduler.llm.one_thread import one_thread

one_thread()

import numpy as np  # noqa: E402 - after the threads are set
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402

from bench.calibration import check  # noqa: E402
from bench.report import Floor, Panel, draw, judge, save, show  # noqa: E402
from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.llm.intent_examples import examples_of  # noqa: E402
from scheduler.llm.intent_learning import learn as learn_intents  # noqa: E402
from scheduler.llm.intent_model import IntentModel, Numbers  # noqa: E402
from scheduler.llm.office_model import OfficeModel  # noqa: E402
from scheduler.llm.sentence_encoder import UniversalSentenceEncoder, Vectors  # noqa: E402

FEW = 10  # examples of an intent
SEEDS = (0, 1, 2)
FLOORS = {("hwu64", FEW): 0.80, ("banking77", FEW): 0.80, ("hwu64", 0): 0.90, ("banking77", 0): 0.92}


@dataclass(frozen=True)
class Part:
    """Sentences with their vectors and intents."""

    sentences: list[str]
    vectors: Vectors
    intents: np.ndarray

    def take(self, places: Sequence[int] | np.ndarray) -> "Part":
        return Part([self.sentences[place] for place in places], self.vectors[places], self.intents[places])


Method = Callable[[Part, Part], tuple[Numbers, Numbers, np.ndarray]]
"""Learns from the first part; gives class scores of the second, how far the best is believed, and the classes."""


def ours(learn: Part, ask: Part) -> tuple[Numbers, Numbers, np.ndarray]:
    """Learn as the router does."""
    encoder = _Known(learn)
    model = IntentModel(encoder, learn_intents(encoder, learn.sentences, learn.intents.tolist()))
    logits, nearest = model.weigh(ask.sentences, ask.vectors)
    return logits, model.scores(logits, nearest), model.classes


def regression(learn: Part, ask: Part) -> tuple[Numbers, Numbers, np.ndarray]:
    """Logistic regression on the vectors, believed as far as sqrt(p) x cosine."""
    model = LogisticRegression(C=30, max_iter=300).fit(learn.vectors, learn.intents)
    shares = model.predict_proba(ask.vectors)
    nearest = (ask.vectors @ learn.vectors.T).max(axis=1)
    return shares, np.sqrt(shares.max(axis=1)) * nearest, model.classes_


def neighbours(learn: Part, ask: Part) -> tuple[Numbers, Numbers, np.ndarray]:
    """The 10 nearest examples vote with their cosines."""
    classes = np.unique(learn.intents)
    cosines = ask.vectors @ learn.vectors.T
    nearest = np.argsort(-cosines, axis=1)[:, : min(10, len(learn.sentences))]
    votes = np.zeros((len(ask.sentences), len(classes)))
    rows = np.arange(len(votes))
    for column in nearest.T:
        votes[rows, np.searchsorted(classes, learn.intents[column])] += cosines[rows, column]
    return votes, cosines.max(axis=1), classes


def centroids(learn: Part, ask: Part) -> tuple[Numbers, Numbers, np.ndarray]:
    """The cosine to the mean of each intent's examples."""
    classes = np.unique(learn.intents)
    means = np.stack([learn.vectors[learn.intents == name].mean(axis=0) for name in classes])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    cosines = ask.vectors @ means.T
    return cosines, cosines.max(axis=1), classes


def words(learn: Part, ask: Part) -> tuple[Numbers, Numbers, np.ndarray]:
    """Logistic regression on TF-IDF of words."""
    seen = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    model = LogisticRegression(C=30, max_iter=300).fit(seen.fit_transform(learn.sentences), learn.intents)
    shares = model.predict_proba(seen.transform(ask.sentences))
    return shares, shares.max(axis=1), model.classes_


METHODS: dict[str, Method] = {
    "ours": ours,
    "regression x cosine": regression,
    "10 nearest": neighbours,
    "centroid": centroids,
    "TF-IDF": words,
}
PLAIN = ("10 nearest", "centroid", "TF-IDF")


class _Known:
    """Gives the vectors that were made before."""

    name = "known"

    def __init__(self, part: Part) -> None:
        self._vectors = part.vectors

    def encode(self, sentences: Sequence[str]) -> Vectors:  # noqa: ARG002 - the port's
        return self._vectors


def read(folder: Path, encoder: UniversalSentenceEncoder) -> tuple[Part, Part]:
    """Return what is learned from, and what is asked."""
    with next(folder.glob("*.tsv")).open(encoding="utf-8") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if len(row) == 3][1:]
    parts = []
    for split in ("train", "test"):
        found = [(intent, text) for name, intent, text in rows if name == split]
        sentences = [text for _, text in found]
        parts.append(Part(sentences, encoder.encode(sentences), np.asarray([intent for intent, _ in found])))
    return parts[0], parts[1]


def few(part: Part, count: int, seed: int) -> Part:
    """Return `count` examples of each intent; 0: all."""
    if not count:
        return part
    chance = np.random.default_rng(seed)
    places = [chance.permutation(np.flatnonzero(part.intents == name))[:count] for name in np.unique(part.intents)]
    return part.take(np.concatenate(places))


def accuracy(method: Method, learn: Part, ask: Part) -> float:
    scores, _, classes = method(learn, ask)
    return float((classes[np.argmax(scores, axis=1)] == ask.intents).mean())


def out_of_scope(method: Method, learn: Part, ask: Part, seed: int) -> tuple[float, float, float]:
    """Leave a fifth of the intents out of what is learned: accuracy in scope, recall of the rest, AUROC.

    The threshold lets nine of ten in-scope sentences pass; it is set on a tenth of what could have been learned from.
    """
    names = np.unique(learn.intents)
    left_out = np.random.default_rng(seed).permutation(names)[: len(names) // 5]
    kept = np.flatnonzero(~np.isin(learn.intents, left_out))
    held = np.random.default_rng(seed).permutation(kept)
    validation, training = learn.take(held[: len(held) // 10]), learn.take(np.sort(held[len(held) // 10 :]))
    both = Part(
        validation.sentences + ask.sentences,
        np.concatenate([validation.vectors, ask.vectors]),
        np.concatenate([validation.intents, ask.intents]),
    )
    scores, believed, classes = method(training, both)
    threshold = np.quantile(believed[: len(validation.sentences)], 0.1)
    scores, believed = scores[len(validation.sentences) :], believed[len(validation.sentences) :]
    inside = ~np.isin(ask.intents, left_out)
    right = (classes[np.argmax(scores, axis=1)] == ask.intents) & (believed >= threshold)
    recall = (believed[~inside] < threshold).mean()
    return float(right[inside].mean()), float(recall), float(roc_auc_score(inside, believed))


def cold_start() -> dict[str, float]:
    """Return what a process of its own pays until its first answer; see `bench.cold_start`."""
    command = [sys.executable, "-m", "bench.cold_start"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    return dict(json.loads(printed))


def median_of(ask: Callable[[str], object], sentences: Sequence[str]) -> float:
    """Return milliseconds of CPU a sentence, the median."""
    times = []
    for sentence in sentences:
        before = time.process_time_ns()
        ask(sentence)
        times.append((time.process_time_ns() - before) / 1e6)
    return float(np.median(times))


class _Results:
    """What was measured so far: figures, floors, lines of the table, bars of the picture."""

    def __init__(self) -> None:
        self.figures: dict[str, object] = {}
        self.floors: list[Floor] = []
        self.table: list[list[str]] = []
        self.bars: dict[str, list[float]] = {name: [] for name in METHODS}

    def line(self, title: str, values: Sequence[float]) -> None:
        self.table.append([title, *(f"{value:.3f}" for value in values)])

    def in_scope(self, name: str, count: int, learn: Part, ask: Part) -> None:
        """Measure accuracy with `count` examples of an intent, of three samples; 0: with all."""
        samples = [few(learn, count, seed) for seed in (SEEDS if count else SEEDS[:1])]
        reached = {
            method: float(np.mean([accuracy(run, sample, ask) for sample in samples]))
            for method, run in METHODS.items()
        }
        title = f"{name}-{count or 'all'}"
        self.figures[title] = reached
        self.line(title, list(reached.values()))
        best = max(reached[plain] for plain in PLAIN)
        self.floors.append(Floor(f"accuracy-{title}", reached["ours"], FLOORS[name, count]))
        self.floors.append(Floor(f"points-above-plain-{title}", 100 * (reached["ours"] - best), 2))
        for method, value in reached.items():
            self.bars[method].append(value)

    def out_of_scope(self, name: str, learn: Part, ask: Part) -> None:
        """Measure with a fifth of the intents left out, three times."""
        rows = {
            method: [float(one) for one in np.mean([out_of_scope(run, learn, ask, seed) for seed in SEEDS], axis=0)]
            for method, run in METHODS.items()
        }
        self.figures[f"{name}-out-of-scope"] = rows
        for place, what in enumerate(("in scope", "recall", "AUROC")):
            self.line(f"{name} {what}", [row[place] for row in rows.values()])
        self.floors.append(Floor(f"auroc-{name}", rows["ours"][2], rows["regression x cosine"][2]))

    def costs(self, sentences: Sequence[str]) -> None:
        """Measure in CPU what a message costs on the model of office requests, and what a process does at its start.

        By rules alone: the whole answer of `IntentRouter.route`, the orders of a message and the words of their slots,
        each message read once, so that no answer is remembered.
        """
        self.figures["cold-start"] = cold = cold_start()
        rows = [[what, f"{value:.2f}"] for what, value in cold.items()]
        show("From nothing to the first answer", ["", "as shipped"], rows)
        router = IntentRouter.default()
        model = OfficeModel(router.intents)
        model.guess(sentences[0])
        office = [text for text, _ in examples_of(router.intents)]
        self.floors += [
            Floor("ms-a-message", median_of(model.guess, sentences[:300]), 3, at_most=True),
            Floor("ms-by-rules", median_of(router.route, office), 0.05, at_most=True),
            Floor("cold-start-s", cold["import_s"] + cold["first_answer_s"], 2, at_most=True),
        ]


def main() -> int:
    where = os.environ.pop("CPA_INTENT_DATA", "")
    if not where or not Path(where).is_dir():
        print("CPA_INTENT_DATA must name the folder that holds banking77/ and hwu64/", file=sys.stderr)
        return 2
    encoder, results = UniversalSentenceEncoder(), _Results()
    for name in ("hwu64", "banking77"):
        learn, ask = read(Path(where) / name, encoder)
        for count in (FEW, 0):
            results.in_scope(name, count, learn, ask)
        results.out_of_scope(name, learn, ask)
    results.costs(ask.sentences)
    results.figures["confidence"], floors = check()
    results.floors += floors
    show("Intents learned from examples: accuracy", ["data", *METHODS], results.table)
    save("intent", results.figures, results.floors)
    groups = ["HWU64, 10", "HWU64, all", "BANKING77, 10", "BANKING77, all"]
    panel = Panel("Accuracy by examples of an intent", "share right", groups, results.bars)
    draw("intent", "Intents learned from examples", [panel])
    return judge(results.floors)


if __name__ == "__main__":
    raise SystemExit(main())
