"""Keeps what a request has spoken of so far, and puts it where a pronoun or nothing stands for it."""

from dataclasses import replace
from typing import Final

from scheduler.core.clauses import Clause
from scheduler.core.signs import signs_of
from scheduler.core.slot_finder import is_place
from scheduler.core.spoken_of import NOT_FOUND, Thing, end_of, kinds, names_nothing, plain_phrases, pronoun, with_place
from scheduler.core.words import Words

_IT: Final = frozenset({"it", "they", "that", "die", "der", "das", "sie", "er", "es", "which", "both"})


class SpokenOf:
    """What clauses told of, in their order."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._things: list[Thing] = []
        self._place = ""
        self._dated = False

    def filled(self, clause: Clause, words: Words, said: str) -> tuple[frozenset[str], str, bool]:
        """Return the kinds a pronoun stands for, the words with them in its place, and whether there is a pronoun."""
        token = pronoun(words)
        if token is None and not (names_nothing(words) or self._leaves_out(clause, words)):
            return frozenset(), said, False
        thing = self._things[-1] if self._things else None
        if thing is None:
            return frozenset({"dated"} if self._dated else ()), said, True
        extra = set(thing.kinds) | ({"dated"} if self._dated else set())
        if self._place and not thing.place:
            thing = replace(thing, place=self._place)
        offset = self._text.find(said, clause.start)
        at = token.start - offset if token is not None else -1
        length = len(token.text) if token is not None else 0
        filled = said
        if thing.ordered:
            return frozenset(extra - {"place"} | ({"place"} if thing.told_later else set())), said, True
        if token is None:
            filled = f"{thing.words} {said}"
        if token is not None and 0 <= at < len(said) and said[at : at + length] == token.text:
            filled = f"{said[:at]}{thing.words}{said[at + length :]}"
        if thing.place:
            filled = with_place(filled, thing)
            extra.add("place")
        return frozenset(extra), filled, True

    def _leaves_out(self, clause: Clause, words: Words) -> bool:
        """Whether an order leaves out what it is about, and something was spoken of: "an die Versicherung mailen"."""
        if not self._things or clause.told or not words.senses & {"send", "forward", "open", "convert", "extract"}:
            return False
        s = signs_of(words, told=False)
        return not (
            s.document
            or s.thing
            or s.name
            or s.app
            or s.nouns & {"portal", "appointment", "form", "table", "mail", "mailbox", "web"}
            or s.kinds & {"url", "file", "quoted"}
        )

    def remember(self, words: Words, *, ordered: bool = False, only_told: bool = False) -> None:
        """Keep what a clause speaks of, for the pronouns after it."""
        phrases = sorted(
            (one for one in plain_phrases(words) if one.tokens),
            key=lambda one: (not (kinds(one) - {"name"}), bool(one.before)),
        )
        place = next(
            (
                one
                for one in phrases
                if is_place(one) or (not words.verbs and one.noun("folder", "portal") and not one.noun("document"))
            ),
            None,
        )
        if only_told and place is not None:
            self._place = self._text[place.start : place.tokens[-1].end]
        if place is not None and self._things and words.content[0].key.partition("'")[0] in _IT:
            where = self._text[place.start : place.tokens[-1].end]
            self._things[-1] = replace(self._things[-1], place=where, told_later=True)
            return
        self._dated = self._dated or any(one.kind in {"date", "time"} for one in words.tokens)
        for phrase in phrases:
            found = kinds(phrase)
            if not found or (phrase is place and len(phrases) > 1):
                continue
            told = NOT_FOUND.sub("", self._text[phrase.tokens[0].start : end_of(phrase, phrases, place)])
            where = self._text[place.start : place.tokens[-1].end] if place is not None and place is not phrase else ""
            self._things.append(Thing(told, found, where, ordered))
            break
        else:
            if place is not None:
                told = self._text[place.tokens[0].start : place.tokens[-1].end]
                self._things.append(Thing(told, kinds(place), "", ordered))
