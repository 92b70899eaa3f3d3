"""Says of each word of an order whether it is a verb, a noun, an adjective or a small word there, by the words around it.

The Hanover Tagger (HanTa) knows German and English words by their parts, so that words of no list of ours are told
apart too: "anberaumen", "the lease remains". Its models are read when the first order needs them.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scheduler.core.job import Locale

if TYPE_CHECKING:
    from scheduler.core.word_tagger import WordTagger

NOUN, VERB, ADJECTIVE, SMALL, OTHER = "noun", "verb", "adjective", "small", ""
_MODELS: Final[dict[Locale, str]] = {"de": "morphmodel_ger.pgz", "en": "morphmodel_en.pgz"}
_GERMAN: Final = {"N": NOUN, "FM": NOUN, "VV": VERB, "VA": VERB, "VM": VERB, "ADJ(A)": ADJECTIVE, "ADJ(D)": SMALL, "ADV": SMALL, "PT": SMALL, "PA": SMALL, "PW": SMALL, "KO": SMALL, "PI": SMALL}  # fmt: skip
_ENGLISH: Final = {"NN": NOUN, "NP": NOUN, "V": VERB, "AJ": ADJECTIVE, "AV": SMALL, "CJ": SMALL, "EX": SMALL, "TO": SMALL, "XX": SMALL, "ITJ": SMALL, "PN": SMALL, "DTQ": SMALL}  # fmt: skip
_MOST_WORDS: Final = 120


def word_classes(words: Sequence[str], locale: Locale) -> list[str]:
    """Return the class of each word: noun, verb, adjective, small, or nothing for what is none of these."""
    if not words:
        return []
    tags = tags_of(tuple(words[:_MOST_WORDS]), locale)
    classes = [_class_of(tag, locale) for tag in tags]
    return classes + [OTHER] * (len(words) - len(classes))


@functools.cache
def _class_of(tag: str, locale: Locale) -> str:
    table = _GERMAN if locale == "de" else _ENGLISH
    return next((name for start, name in table.items() if tag.startswith(start)), OTHER)


@functools.lru_cache(maxsize=256)
def tags_of(words: tuple[str, ...], locale: Locale) -> tuple[str, ...]:
    """Return the part of speech of each word, by the tagger's own names."""
    return tuple(_tagger(locale).tag(words))


@functools.cache
def _tagger(locale: Locale) -> "WordTagger":
    from scheduler.core.word_tagger import WordTagger  # noqa: PLC0415 - imports numpy, which a start can do without

    return WordTagger(_MODELS[locale])
