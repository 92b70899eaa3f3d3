"""What was learned is kept on disk, never believed when damaged or foreign, and never in the way."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from structlog.testing import capture_logs

from scheduler.core.intent_router import IntentRouter
from scheduler.llm.intent_examples import examples_of
from scheduler.llm.intent_learning import learn
from scheduler.llm.intent_model import IntentModel, Knowledge
from scheduler.llm.known_vectors import KnownVectors, write
from scheduler.llm.learned_cache import LearnedCache, key_of
from scheduler.llm.letter_features import LetterFeatures
from scheduler.llm.office_model import OfficeModel
from scheduler.llm.sentence_encoder import UniversalSentenceEncoder, Vectors

pytestmark = pytest.mark.component

EXAMPLES = {
    "greet": ("Guten Tag", "Hallo Anna", "good morning"),
    "fetch": ("Hol die Rechnung", "fetch the invoice", "Rechnung 4711 holen"),
    "open": ("Öffne Word", "open the door"),
}
PAIRS = [(text, name) for name, texts in EXAMPLES.items() for text in texts]
SENTENCES = [text for text, _ in PAIRS]
KEY = key_of(PAIRS, "counting")
KEEP_OFTEN = """
import sys
from pathlib import Path
from scheduler.llm.learned_cache import LearnedCache
key, seed, folder = sys.argv[1], *(LearnedCache(Path(name)) for name in sys.argv[2:])
known = seed.load(key)
for _ in range(50):
    folder.save(key, known)
    assert folder.load(key) is not None
"""


class Counting:
    """Encodes by letters, and counts the sentences."""

    name = "counting"

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.encoded += len(sentences)
        rows = np.array([[text.casefold().count(letter) + 0.1 for letter in "aeinorst"] for text in sentences])
        vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return vectors


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return learn(Counting(), SENTENCES, [name for _, name in PAIRS])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "learned"


def test_what_was_kept_comes_back_and_guesses_the_same(folder: Path, knowledge: Knowledge) -> None:
    LearnedCache(folder).save(KEY, knowledge)

    back = LearnedCache(folder).load(KEY)

    assert back is not None
    assert back.features.places == knowledge.features.places
    for sentence in (*SENTENCES, "Rechnug hoolen", "", "etwas anderes"):
        assert IntentModel(Counting(), back).guess(sentence) == IntentModel(Counting(), knowledge).guess(sentence)


@pytest.mark.parametrize("damage", ["cut", "empty", "one bit", "other file", "no archive"])
def test_damaged_file_is_as_good_as_none_and_told_of(folder: Path, knowledge: Knowledge, damage: str) -> None:
    cache = LearnedCache(folder)
    cache.save(KEY, knowledge)
    (path,) = folder.iterdir()
    content = path.read_bytes()
    flipped = bytes([content[len(content) // 2] ^ 4])
    path.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "empty": b"",
            "one bit": content[: len(content) // 2] + flipped + content[len(content) // 2 + 1 :],
            "other file": b"PK\x03\x04" + b"\0" * 100,
            "no archive": b"cos\nsystem\n(S'true'\ntR.",
        }[damage]
    )

    with capture_logs() as logged:
        found = cache.load(KEY)

    assert found is None
    assert [(one["event"], one["log_level"]) for one in logged] == [("learned_intents_damaged", "warning")]
    cache.save(KEY, knowledge)
    assert cache.load(KEY) is not None


def test_file_of_another_version_encoder_or_examples_is_not_taken(folder: Path, knowledge: Knowledge) -> None:
    cache = LearnedCache(folder)
    cache.save(KEY, knowledge)
    (path,) = folder.iterdir()
    others = [
        key_of(PAIRS, "other"),
        key_of(PAIRS[1:], "counting"),
        key_of([*PAIRS[:-1], ("open the door", "fetch")], "counting"),
    ]
    path.rename(folder / f"{others[0][:32]}.npz")

    with capture_logs() as logged:
        found = [cache.load(other) for other in others]

    assert found == [None] * 3
    assert [one["event"] for one in logged] == ["learned_intents_of_another_key"]


def test_two_processes_that_keep_at_once_leave_one_sound_file(folder: Path, knowledge: Knowledge) -> None:
    LearnedCache(folder.parent).save(KEY, knowledge)
    command = [sys.executable, "-c", KEEP_OFTEN, KEY, str(folder.parent), str(folder)]
    both = [subprocess.Popen(command) for _ in range(2)]

    assert [one.wait(timeout=60) for one in both] == [0, 0]
    assert len(list(folder.iterdir())) == 1
    assert LearnedCache(folder).load(KEY) is not None


def test_only_the_newest_files_are_kept(folder: Path, knowledge: Knowledge) -> None:
    keys = [key_of(PAIRS, str(number)) for number in range(6)]
    for key in keys:
        LearnedCache(folder).save(key, knowledge)

    assert [LearnedCache(folder).load(key) is not None for key in keys] == [False, False, True, True, True, True]


def test_folder_that_cannot_be_written_is_only_told_of(tmp_path: Path, knowledge: Knowledge) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")

    with capture_logs() as logged:
        LearnedCache(tmp_path / "file").save(KEY, knowledge)

    assert [one["event"] for one in logged] == ["learned_intents_not_kept"]


def test_office_model_reads_what_another_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = IntentRouter.default().intents[:3]
    monkeypatch.setattr("scheduler.llm.sentence_encoder.UniversalSentenceEncoder", Counting)
    monkeypatch.setattr("scheduler.llm.office_model._models", {})
    first = OfficeModel(office, folder).guess("Schick Anna die Rechnung")
    monkeypatch.setattr("scheduler.llm.office_model._models", {})
    monkeypatch.setattr("scheduler.llm.intent_learning.learn", None)

    assert OfficeModel(office, folder).guess("Schick Anna die Rechnung") == first


def test_sentences_whose_vectors_are_known_are_not_encoded(tmp_path: Path) -> None:
    path, encoder = tmp_path / "known.npz", Counting()
    write(encoder, SENTENCES, path)
    encoder.encoded = 0
    known = KnownVectors(encoder, path)

    vectors = known.encode([*SENTENCES[::-1], "etwas Neues"])

    assert (encoder.encoded, known.name) == (1, "counting")
    assert (vectors * Counting().encode([*SENTENCES[::-1], "etwas Neues"])).sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_vectors_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    class Other(Counting):
        name = "other"

    write(Other(), SENTENCES, tmp_path / "known.npz")
    encoder = Counting()

    assert KnownVectors(encoder, tmp_path / "known.npz").knows(SENTENCES) == 0
    assert KnownVectors(encoder, tmp_path / "none.npz").encode(SENTENCES).shape == (8, 8)


def test_vectors_of_nearly_all_examples_come_with_the_package() -> None:
    examples = [text for text, _ in examples_of(IntentRouter.default().intents)]

    assert KnownVectors(UniversalSentenceEncoder()).knows(examples) > 0.8, "run `make vectors` and commit the file"


def test_features_are_those_of_scikit_learn() -> None:
    odd = ["ab a  c\u00a0d Straße I. I", "", "a", "ǅx İstanbul", "Rechnung Rechnung rechnung 4711"]
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), dtype=np.float32)
    letters = TfidfVectorizer(sublinear_tf=True, ngram_range=(2, 5), dtype=np.float32, analyzer="char_wb")
    learned = hstack([one.fit_transform(SENTENCES) for one in (words, letters)]).toarray()
    asked = hstack([one.transform(odd) for one in (words, letters)]).toarray()
    names = [*words.get_feature_names_out(), *letters.get_feature_names_out()]

    features, rows = LetterFeatures.learned(SENTENCES)

    ours = [*features.places[0], *features.places[1]]
    assert sorted(ours) == sorted(names)
    order = [*(ours.index(one) for one in words.get_feature_names_out())]
    order += [len(features.places[0]) + list(features.places[1]).index(one) for one in letters.get_feature_names_out()]
    for found, wanted in ((rows, learned), (features.rows(odd), asked)):
        dense = np.zeros((len(found), len(ours)), dtype=np.float32)
        for row, (places, weights) in enumerate(found):
            dense[row, places] = weights
        assert np.allclose(dense[:, order], wanted, atol=1e-6)
