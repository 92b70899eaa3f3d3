"""The tagger is the Hanover Tagger's, only quicker: every tag must be the same."""

import pytest
from HanTa.HanoverTagger import HanoverTagger

from scheduler.core.word_tagger import WordTagger
from tests.support.routers import the_router

pytestmark = pytest.mark.component

MADE_UP = [
    "Krumpfelungsverordnung",
    "zwunkelte",
    "blorpish",
    "RE-2024/0815",
    "x",
    "ß",
    "Ωmega",
    "''",
    "4711",
    "anberaumen",
    "!",
    "a" * 60,
]


@pytest.mark.parametrize("model", ["morphmodel_ger.pgz", "morphmodel_en.pgz"])
def test_an_endless_word_is_looked_at_by_its_end(model: str) -> None:
    tagger = WordTagger(model)

    assert tagger.tag(["x" * 2000 + "ung"]) == tagger.tag(["x" * 77 + "ung"])


@pytest.mark.parametrize("model", ["morphmodel_ger.pgz", "morphmodel_en.pgz"])
def test_tags_are_those_of_the_library(model: str) -> None:
    texts = [text for one in the_router().intents for many in one.examples.values() for text in many]
    sentences = [text.split() for text in texts[::6]] + [[word] for word in MADE_UP] + [MADE_UP]
    library, ours = HanoverTagger(model), WordTagger(model)

    tagged = [ours.tag(words) for words in sentences]

    assert tagged == [library.tag_sent(words, taglevel=0) for words in sentences]
    assert [ours.tag(words) for words in sentences] == tagged
