"""Says what a word of an order is where it stands: a verb, a pronoun, a preposition, a small word."""

import functools
import re
from typing import Final

from scheduler.core.lexicon import lexicon
from scheduler.core.phrases import Token
from scheduler.core.slot_tokens import TITLES, Chunk, classes_of, is_cased, language_of, tokens_with_times
from scheduler.core.slot_words import JOINS, slot_words
from scheduler.core.word_classes import ADJECTIVE, NOUN, SMALL, VERB

_PARTICLES: Final = slot_words("particles")
_WITH_ZU: Final = re.compile(
    r"(?:an|auf|aus|ab|ein|zu|vor|nach|bei|mit|um|durch|weiter|herunter|runter|heraus|raus|herbei|fest|bereit|zurück)zu[a-zäöüß]{3,}n$"
)
_PHRASAL: Final = frozenset({"up", "out", "off", "down", "back", "away", "over"})
_MORE_PREPOSITIONS: Final = slot_words("more_prepositions")
_OF_NOUNS: Final = frozenset({"of", "von", "vom", "fuer", "ueber", "about", "zum", "zur"})
_SITES: Final = slot_words("sites")
_PRONOUNS: Final = slot_words("pronouns")
_PARTED: Final = slot_words("parted")
_LETTERS_DIGITS: Final = re.compile(r"[^\W\d_]+\d")
_WITH_DIGIT: Final = re.compile(r".*\d")
_CONTRACTED: Final = re.compile(
    r"(?:\w+n['’]t|(?:i|you|we|they|he|she|it|there|that|who|what|here|where|how)['’](?:m|s|ve|re|d|ll)|ive|theres|whats|hasnt|doesnt|dont|didnt|havent|isnt|cant|wont|youll|weve|theyre|youre|theyve)$",
    re.IGNORECASE,
)
_BEFORE_ORDERS: Final = frozenset({"please", "pls", "then", "now", ","})
_ALL: Final = slot_words("all")


class WordKinds:
    """The words of one order, and the chunk that is open; says what a word is at its place."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_with_times(text)
        self._german = language_of(text) == "de"
        self._cased = is_cased(self._tokens[1:])
        self._found: list[Chunk] = []
        self._open: Chunk | None = None
        self._prep = ""
        self._clause, self._sentence, self._near, self._joined = 0, 0, False, False

    @functools.cached_property
    def _classes(self) -> list[str]:
        return classes_of(self._tokens, "de" if self._german else "en")

    @functools.cached_property
    def _by_start(self) -> dict[int, str]:
        return {token.start: kind for token, kind in zip(self._tokens, self._classes, strict=True)}

    def _at(self, place: int) -> Token | None:
        return self._tokens[place] if 0 <= place < len(self._tokens) else None

    def _has_head(self, chunk: Chunk) -> bool:
        if self._german and self._cased:
            return any(
                token.text[:1].isupper() or token.kind != "word" or _LETTERS_DIGITS.match(token.text)
                for token in chunk.content
            )
        return any(
            token.has("noun") or token.kind != "word" or _LETTERS_DIGITS.match(token.text)
            or (self._german and "-" in token.text) or self._class_of(token) == NOUN
            for token in chunk.content
        )  # fmt: skip

    def _class_of(self, token: Token) -> str:
        return self._by_start.get(token.start, "")

    def _attributes(self, place: int) -> bool:
        """Whether a small word stands inside a phrase: "die noch offene Rechnung"."""
        after = self._at(place + 1)
        return (
            after is not None
            and after.kind == "word"
            and not self._plain_break(place + 1, after)
            and after.key not in _PARTICLES
        )

    def _noun_ahead(self, place: int) -> bool:
        for ahead in range(place, place + 2):
            one = self._at(ahead)
            if one is None or one.kind == "mark" or one.has("prepositions"):
                return False
            if one.has("noun") or (self._cased and one.text[:1].isupper()):
                return True
        return False

    def _plain_break(self, place: int, token: Token) -> bool:
        if (
            token.key == "will"
            and self._open is not None
            and (after := self._at(place + 1)) is not None
            and after.key == "of"
        ):
            return False
        if token.key == "will" and self._open is not None and self._open.det and not self._has_head(self._open):
            return False
        return (
            token.kind == "mark" or token.key in JOINS or self._is_prep(place, token)
            or token.has("modal") or (token.has("auxiliary") and not token.text[:1].isupper())
        )  # fmt: skip

    def _is_pronoun(self, place: int, token: Token) -> bool:
        if token.key not in _PRONOUNS:
            return token.key in {"ich", "du", "wir", "er", "man", "i", "you", "we", "he", "she", "they"}
        if not token.has("determiners"):
            return True
        after = self._at(place + 1)
        if after is None or after.kind == "mark":
            return True
        if after.has("determiners") and after.key not in {"beiden", "both"}:
            return True
        if after.kind in {"date", "time", "amount", "length"}:
            return False
        if after.has("modal") or after.has("auxiliary") or after.has("self"):
            return True
        if token.key in {"her", "this", "that", "these", "those"} or not self._german:
            return (
                self._is_prep(place + 1, after)
                or after.key in _PARTICLES
                or (after.is_verb and not after.has("noun") and not self._noun_ahead(place + 2))
            )
        if after.key in _PARTICLES or after.has("adverbs"):
            later = self._at(place + 2)
            return (
                later is None
                or later.kind == "mark"
                or not self._attributes(place + 1)
                or later.is_verb
                or later.has("prepositions")
                or not self._noun_ahead(place + 2)
            )
        if after.has("prepositions"):
            return True
        return (
            after.is_verb
            and not (self._cased and after.text[:1].isupper())
            and not after.has("noun")
            and not self._noun_ahead(place + 2)
        )

    def _is_prep(self, place: int, token: Token) -> bool:
        """Whether it governs what follows; else it is a part of the verb ("mach Word auf")."""
        if token.key in _MORE_PREPOSITIONS and not token.text.isupper():
            after = self._at(place + 1)
            return after is not None and after.kind != "mark" and not after.is_verb
        if not token.has("prepositions") or token.has("determiners"):
            return False
        if token.key == "till" and place and self._tokens[place - 1].has("determiners"):
            return False  # "the till program"
        ahead = place + 1
        while (
            (after := self._at(ahead)) is not None
            and after.kind == "word"
            and ((after.has("adverbs") and not after.has("determiners")) or after.key in {"bitte", "please"})
            and not after.text[:1].isupper()
        ):
            ahead += 1
        if after is None or (after.kind == "mark" and after.text not in "(-–") or after.key in JOINS:
            return False
        if after.key == "zu" or (after.has("prepositions") and token.key in _PARTED and not after.has("determiners")):
            return False
        if token.key in {"zu", "to"} and self._is_infinitive(ahead, after):
            return False
        if token.key == "re":
            return True
        before = self._at(place - 1)
        if (
            before is not None
            and before.is_verb
            and not self._german
            and self._found
            and self._found[-1].tokens[-1] is before
            and (
                (
                    token.key in _PHRASAL
                    and not (token.key in {"off", "over"} and after is not None and after.has("determiners"))
                )
                or (token.key == "in" and before.has("verb", "fill"))
            )
        ):
            return False
        is_verb = after.is_verb and not (after.has("noun") or after.has("determiners") or after.text[:1].isupper())
        return not (is_verb and token.key in _PARTED)

    def _is_infinitive(self, place: int, after: Token) -> bool:
        if not after.is_verb or after.has("noun", "person_title"):
            return False
        if self._german:
            return not after.text[:1].isupper()
        later = self._at(place + 1)
        if not after.has("noun"):
            return True
        return later is not None and (
            later.has("determiners") or later.has("self") or later.key in _PRONOUNS or later.is_name
        )

    def _is_verb(self, place: int, token: Token) -> bool:
        if token.kind != "word" or token.key == "bitte":
            return False
        if self._german and token.has("nominal") and self._is_nominal(token):
            return True
        if not lexicon().lists(token.text):
            before = self._at(place - 1)
            if (
                token.is_verb
                and (before is None or before.kind == "mark")
                and not token.has("noun")
                and not token.text.isupper()
                and self._classes[place] != NOUN
            ) or (token.is_verb and before is None and token.text.islower() and not token.has("noun")):
                return True
            return self._may_be_verb(place, token) and (
                _WITH_ZU.match(token.key) is not None or self._classes[place] == VERB
            )
        if not token.is_verb or (
            place
            and self._noun_ahead(place + 1)
            and self._tokens[place - 1].key not in _BEFORE_ORDERS
            and self._classes[place] == ADJECTIVE
        ):
            return False
        before, after = self._at(place - 1), self._at(place + 1)
        if self._heads_compound(token, before, after):
            return False
        first = before is None or before.kind == "mark" or before.key in JOINS
        if token.has("determiners") or (
            self._cased and token.text[:1].isupper() and not first and not self._is_nominal(token)
        ):
            return False
        if not self._german and self._classes[place] == NOUN and self._within_compound(before, after):
            return False
        if before is not None and before.has("determiners") and self._open is not None:
            return False
        if self._is_nominal(token):
            return True
        if before is not None and before.has("prepositions") and before.key not in {"to", "zu"} and self._prep:
            return False
        if token.has("noun"):
            if after is not None and after.key in _OF_NOUNS:
                return False
            if before is None or before.kind == "mark" or before.key in JOINS or before.has("modal"):
                return not (
                    after is None or after.kind == "mark" or after.key in JOINS or self._names_mail(place, token)
                )
            return before.has("adverbs") or before.key in {"to", "zu", "you", "du", "sie"}
        return True

    def _within_compound(self, before: Token | None, after: Token | None) -> bool:
        """Whether what stands before makes a noun of a word that may be a verb: "the site visit", "open work order 7"."""
        follows = before is not None and before.is_verb and after is not None and after.has("noun")
        return follows or (self._open is not None and bool(self._open.content))

    def _heads_compound(self, token: Token, before: Token | None, after: Token | None) -> bool:
        """Whether a word is one with the noun beside it: "the meter reading since May", "Google Maps"."""
        if after is not None and after.key in _SITES and token.key == "google":
            return True
        if (
            not token.key.endswith("ing")
            or self._german
            or self._open is None
            or not self._open.content
            or before is None
            or before.is_verb
        ):
            return False
        ends = after is None or after.kind in {"mark", "date", "time"} or after.has("prepositions")
        return ends and not self._open.of_kind("file", "url") and not before.has("noun", "mail")

    def _is_nominal(self, token: Token) -> bool:
        """Whether it is a noun of doing that orders: "um Zusendung", "zum Herunterladen"."""
        if not self._german or (self._open is not None and self._open.content):
            return False
        return token.has("nominal") or (
            token.is_verb and token.key.endswith("n") and self._prep in {"um", "zum", "zur", "beim"}
        )

    def _may_be_verb(self, place: int, token: Token) -> bool:
        """Whether a word of no list of ours that looks like a verb may be one here."""
        before = self._at(place - 1)
        first = before is None or before.kind == "mark" or before.key in JOINS
        if (
            _WITH_DIGIT.match(token.text)
            or "-" in token.text
            or token.text.isupper()
            or (token.text[:1].isupper() and not first)
        ):
            return False
        if self._is_plural(place, token) or (self._german and token.key.endswith("ing")):
            return False
        headless = self._open is not None and bool(self._open.det) and not self._has_head(self._open)
        if headless or (before is not None and before.has("determiners")):
            return False
        following = self._at(place + 1)
        if following is not None and following.key in _OF_NOUNS:
            return False
        governed = before is not None and before.has("prepositions") and self._prep not in {"", "to", "zu"}
        after = self._at(place + 1)
        if governed or (
            not self._german
            and before is not None
            and before.is_verb
            and self._open is None
            and not token.key.endswith("ed")
        ):
            return False
        return not (
            not self._german
            and token.key.endswith(("ing", "ed"))
            and after is not None
            and self._classes[place + 1] == NOUN
            and self._open is None
        )

    def _is_plural(self, place: int, token: Token) -> bool:
        """Whether an English -s is a plural here, not a verb: the clause has its verb ("forward … the parking permits to")."""
        if self._german or self._open is None or not token.key.endswith("s") or token.key.endswith("ss"):
            return False
        after = self._at(place + 1)
        ends = after is None or after.kind == "mark" or after.has("prepositions")
        return ends and any(one.kind == "verb" and one.clause == self._clause for one in self._found)

    def _names_mail(self, place: int, token: Token) -> bool:
        """Whether "Mail an Bob" begins with a noun."""
        after = self._at(place + 1)
        return token.has("noun", "mail") and after is not None and (after.has("prepositions") and after.key != "to")

    def _by_the_next(self, place: int, token: Token) -> bool | None:
        """Whether a word is a particle, where the one after it tells."""
        after = self._at(place + 1)
        if after is None:
            return None
        if token.key == "any" and after.key in {"more", "longer"}:
            return True
        within = self._open is not None or bool(self._prep)
        if token.key == "online" and not self._german and after.has("noun") and within:
            return False
        whole = token.key in _ALL and after.kind == "word" and not self._plain_break(place + 1, after)
        return False if whole or (token.key == "will" and after.key == "of") else None

    def _is_particle(self, place: int, token: Token) -> bool:
        if token.kind != "word":
            return False
        before = self._at(place - 1)
        if before is not None and before.key.strip(".") in TITLES and token.text[:1].isupper():
            return False
        if _CONTRACTED.match(token.text):
            return True
        if token.key == "bescheid":
            return self._open is None or not self._open.det
        if (said := self._by_the_next(place, token)) is not None:
            return said
        if (
            not token.meanings
            and "-" not in token.text
            and (not token.text[:1].isupper() or before is None or before.kind == "mark")
            and not _WITH_DIGIT.match(token.text)
            and self._classes[place] == SMALL
        ):
            return not (self._open is not None and bool(self._open.det) and not self._has_head(self._open))
        if (
            token.key in _PARTICLES
            or token.has("question")
            or token.has("subordinate")
            or token.has("auxiliary")
            or token.has("modal")
        ):
            return not (
                token.text[:1].isupper()
                and self._german
                and place
                and before is not None
                and before.kind != "mark"
                and token.has("noun")
            )
        if token.has("adverbs"):
            return not (
                self._german
                and self._cased
                and token.text[:1].isupper()
                and place
                and before is not None
                and before.kind != "mark"
            )
        if token.key in _PARTED and token.text[:1].isupper() and place:
            return False
        return (token.has("prepositions") or token.key in _PARTED) and not self._is_prep(place, token)
