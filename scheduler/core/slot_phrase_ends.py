"""Says where a phrase of an order ends, and which words begin none."""

import re
from typing import Final

from scheduler.core.phrases import Token
from scheduler.core.slot_tokens import TITLES, Chunk
from scheduler.core.slot_word_kinds import WordKinds
from scheduler.core.slot_words import JOINS, slot_words
from scheduler.core.word_classes import ADJECTIVE, SMALL
from scheduler.core.word_forms import INFINITIVE

_RELATIVE: Final = slot_words("relative")
_FINITE: Final = slot_words("finite")
_PARTICIPLE: Final = re.compile(r"(?:[a-zäöü]{2,6})?ge[a-zäöüß]{3,}(?:t|en)$")
_POSSESSIVE: Final = re.compile(r"\w{2}(?:['’]s|s['’])$")
_PARTICLES_AFTER: Final = slot_words("particles")
_HINTS: Final = frozenset({"mal", "ma", "bitte", "doch", "kurz", "eben", "schnell"})
_PARTED: Final = slot_words("parted")
_GERMAN_ADJECTIVE: Final = re.compile(r".{2,}e[nrms]?$")
_WITH_DIGIT: Final = re.compile(r".*\d")
_ALL: Final = slot_words("all")
_WHOLE: Final = frozenset({"file", "url", "address", "quoted"})
_FOR_A_FILE: Final = slot_words("for_a_file")


class PhraseEnds(WordKinds):
    """Knows whether the next word still belongs to the phrase that is open."""

    def _goes_on(self, place: int, token: Token) -> bool:
        """Whether the word belongs to the phrase that is open."""
        chunk, last = self._open, self._tokens[place - 1]
        if chunk is None:
            return False
        if last.key in JOINS or last.text == "," or last.key in _ALL or (last.key.strip(".") in {"hd", "attn", "c/o"}):
            return not token.has("prepositions")
        only_det = not chunk.content
        if (
            last.key.strip(".") in TITLES
            and (self._german or last.key != "hr")
            and token.kind == "word"
            and not self._plain_break(place, token)
            and token.key not in _PARTED
        ):
            return not token.has("determiners") and not token.has("self")
        if token.kind in _WHOLE:
            whole = not only_det and all(one.key in _FOR_A_FILE or token.kind == "quoted" for one in chunk.content)
            return only_det or whole or (token.kind == "file" and last.key in _FOR_A_FILE)
        if last.kind in _WHOLE and last.kind != "quoted":
            return False
        if (
            _POSSESSIVE.search(last.text)
            and token.kind == "word"
            and not self._plain_break(place, token)
            and not token.has("determiners")
        ):
            return token.key not in _PARTICLES_AFTER
        if token.has("determiners") and token.key != "s":
            return (
                only_det
                and token.key in {"my", "meine", "unsere", "our", "meiner", "diese", "dieser", "the", "neue"}
                and last.key in {"alle", "all", "both", "beide"}
            )
        if _WITH_DIGIT.match(token.text) or (len(token.text) == 1 and token.text.isupper() and token.text != "I"):
            return True
        if self._is_pronoun(place, token) or token.has("self"):
            return False
        if only_det:
            return not token.has("prepositions") or token.key == "till"
        return not self._ends_np(place, token)

    def _ends_np(self, place: int, token: Token) -> bool:
        if self._plain_break(place, token):
            return True
        chunk, last = self._open, self._at(place - 1)
        headless = chunk is not None and bool(chunk.det) and not self._has_head(chunk)
        if chunk is not None and chunk.content and not headless and self._falls_out(place, token):
            return True
        if self._begins_writer(place, token):
            return True
        if self._is_verb(place, token):
            return not (headless and token.has("noun"))
        if self._is_particle(place, token):
            return not (headless and self._attributes(place))
        if chunk is None or last is None:
            return False
        return self._begins_thing(chunk, last, place, token)

    def _begins_writer(self, place: int, token: Token) -> bool:
        """Whether a mail ends here and who wrote it begins: "the email Oliver sent", "the message Dr Osei wrote"."""
        last, after = self._tokens[place - 1], self._at(place + 1)
        if self._german or not last.has("noun", "mail") or last.text[:1].isupper() or after is None:
            return False
        return token.key.strip(".") in TITLES or (token.is_name and after.kind == "word")

    def _falls_out(self, place: int, token: Token) -> bool:
        """Whether a word after the noun is a verb of nobody's list: "der Vertrag liegt", "die Post reingekommen"."""
        if token.key in _RELATIVE or token.key in _FINITE or (token.key in _PARTED and not token.text[:1].isupper()):
            return True
        after = self._at(place + 1)
        last = after is None or after.kind == "mark" or after.key in JOINS or after.has("auxiliary")
        late = self._german and last and token.text.islower() and not token.has("noun")
        if late and (
            _PARTICIPLE.match(token.key)
            or (not _WITH_DIGIT.match(token.text) and self._classes[place] in {ADJECTIVE, SMALL})
        ):
            return True
        return self._is_small(place, token)

    def _is_small(self, place: int, token: Token) -> bool:
        """Whether a lower-case word stands after a capital one in German that writes nouns with capitals."""
        before = self._at(place - 1)
        if (
            not (self._german and self._cased)
            or before is None
            or before.key == "jour"
            or not token.text[:1].islower()
            or _WITH_DIGIT.match(token.text)
        ):
            return False
        return before.text[:1].isupper() and before.text.isalpha() and not token.has("noun") and len(token.text) > 1

    def _begins_thing(self, chunk: Chunk, last: Token, place: int, token: Token) -> bool:
        """Whether a person ends here and what they get begins: "schick petra die", "send Priya seating plans"."""
        if chunk.prep or chunk.kind != "np":
            return False
        person = chunk.noun("person_title") or any(one.key.strip(".") in TITLES for one in chunk.tokens)
        if any(one.text.endswith(("'s", "’s")) for one in chunk.tokens):
            return False
        if not token.has("noun", "document") or token.has("noun", "person_title") or last.has("noun", "document"):
            return False
        alone = len(chunk.content) == 1 and last.is_name and not last.text.isupper()
        lower = (
            self._german
            and len(chunk.tokens) == 1
            and not last.meanings
            and not _GERMAN_ADJECTIVE.match(last.key)
            and self._after_verb(place - 1)
        )
        if self._german:
            return person or alone or lower
        return (alone and self._after_verb(place - 1) and not last.text.endswith("s")) or (
            person and bool(chunk.tokens[0].key.strip(".") in TITLES)
        )

    def _after_verb(self, place: int) -> bool:
        before = self._at(place - 1)
        return before is not None and (before.is_verb or before.has("adverbs"))

    def _is_unknown_verb(self, place: int, token: Token) -> bool:
        """Whether a word that nobody knows orders here by its place: "Transmit the lease", "Fertigen Sie …"."""
        before, after = self._at(place - 1), self._at(place + 1)
        if (before is not None and before.kind != "mark" and before.key not in JOINS) or after is None:
            return False
        if self._german:
            return (after.text == "Sie" and token.key.endswith("n")) or (
                after.key in _HINTS
                and not self._verb_follows(place + 2)
                and not token.has("noun")
                and token.text.islower()
                and not _WITH_DIGIT.match(token.text)
            )
        later = self._at(place + 2)
        parted = after.key in _PARTED and later is not None and later.has("determiners")
        return (
            not token.has("noun") and (after.has("determiners") or after.has("self") or parted) and token.key.isalpha()
        )

    def _verb_follows(self, place: int) -> bool:
        """Whether a verb that orders by its infinitive is the next word that counts: "kassenbuch bitte zumachen"."""
        token = self._at(place)
        return token is not None and any(one.kind == "verb" and one.form == INFINITIVE for one in token.meanings)

    def _is_no_noun(self, place: int, token: Token) -> bool:
        """Whether a small German word among capitals is a verb or the like: no noun follows that it could describe."""
        if not (self._german and self._cased) or token.kind != "word" or not token.text[:1].islower() or self._prep:
            return False
        if token.has("noun") or _WITH_DIGIT.match(token.text):
            return False
        ahead = place + 1
        while (
            (after := self._at(ahead)) is not None
            and after.kind == "word"
            and after.text[:1].islower()
            and not after.has("prepositions")
        ):
            if after.has("determiners") or after.has("adverbs") or after.has("noun"):
                return not after.has("noun")
            ahead += 1
        return (
            after is None
            or after.kind != "word"
            or not after.text[:1].isupper()
            or not _GERMAN_ADJECTIVE.match(token.key)
        )
