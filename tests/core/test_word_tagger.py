"""The tagger is the Hanover Tagger's, only quicker: every tag must be the same."""

import pytest
from HanTa.HanoverTagger import HanoverTagger

from scheduler.core.intent_router import IntentRouter
from scheduler.core.word_tagger import WordTagger

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
def test_tags_are_those_of_the_library(model: str) -> None:
    texts = [text for one in IntentRouter.default().intents for many in one.examples.values() for text in many]
    sentences = [text.split() for text in texts[::6]] + [[word] for word in MADE_UP] + [MADE_UP]
    library, ours = HanoverTagger(model), WordTagger(model)

    tagged = [ours.tag(words) for words in sentences]

    assert tagged == [library.tag_sent(words, taglevel=0) for words in sentences]
    assert [ours.tag(words) for words in sentences] == tagged
