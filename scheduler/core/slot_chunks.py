"""Cuts an order into chunks: a noun phrase with its preposition, a time, a verb; each with its place in the text.

Unlike `phrases`, which asks what an order is about, this asks where the words of a slot begin and end: it looks at the
words around a word that may be two things ("order", "mail", "an") before it takes it for one.
"""

import functools
import itertools
import re
from typing import Final

from scheduler.core.phrases import Token
from scheduler.core.slot_phrase_ends import PhraseEnds
from scheduler.core.slot_times import is_period
from scheduler.core.slot_tokens import Chunk, is_abbreviated, language_of
from scheduler.core.slot_words import JOINS, slot_words

_TIMES: Final = frozenset({"zeitraum", "zeit", "monat", "woche", "period", "month", "monats"})
_ENDS: Final = frozenset({".", "!", "?", ";", ":"})
_BEFORE_DAYS: Final = slot_words("before_days")
_MARKS_WITHIN: Final = frozenset({"-", "–"})
_TAKEN_BACK: Final = re.compile(
    r"[\s,.;–-]*\b(?:nein|nee|ne|no|quatsch|sorry|halt|ach was|i mean|ich meine?|besser gesagt|or rather|sondern)\b[\s,.;–-]*(?:(?:sorry|halt|wait|doch|i mean|ich meine?|lieber|am|um|on|at|bitte mal auf)\b[\s,.;–-]*)*",
    re.IGNORECASE,
)
_AS_WELL: Final = re.compile(r"(?<= )(?:as well as|along with|together with|und auch|and also)(?= )", re.IGNORECASE)
_PLUS: Final = re.compile(r"(?<= )\+(?= )")
_APPOSED: Final = re.compile(
    r",? (?:z\. ?hd?\.?v?\.?|zu händen|attn\.?|attention|c/o|für die aufmerksamkeit)(?: von)? ", re.IGNORECASE
)


@functools.lru_cache(maxsize=16)
def chunks_of(text: str) -> list[Chunk]:
    """Return the chunks of an order, in order; the list and its chunks are shared, so they must not be changed."""
    text = text.replace(" / ", " ; ").replace("->", "an" if language_of(text) == "de" else "to")
    text = _AS_WELL.sub(lambda match: "and".ljust(len(match[0])), text)
    found = _Chunker(_PLUS.sub("&", text)).chunks()
    wrong = {
        id(one)
        for one, after in itertools.pairwise(found)
        if one.kind == after.kind and _TAKEN_BACK.fullmatch(text[one.end : after.start])
    }
    return [one for one in found if id(one) not in wrong]


class _Chunker(PhraseEnds):
    """Takes the tokens one by one."""

    def chunks(self) -> list[Chunk]:
        for place, token in enumerate(self._tokens):
            self._take(place, token)
        self._close()
        return self._found

    def _take(self, place: int, token: Token) -> None:
        if token.kind == "mark":
            self._mark(place, token)
        elif token.kind in {"date", "time", "length", "amount"}:
            self._take_time(place, token)
        elif self._open is not None and self._goes_on(place, token):
            self._open.tokens.append(token)
        elif token.key in JOINS and token.kind == "word":
            self._join(place)
        elif token.has("self"):
            prep = self._prep
            self._close()
            self._add(Chunk("self", prep, [token]))
            self._near = True
        elif token.key == "out" and (after := self._at(place + 1)) is not None and after.key == "of":
            self._close()
        elif self._is_pronoun(place, token):
            self._break()
        elif self._is_prep(place, token):
            self._close()
            before = self._at(place - 1)
            self._prep = "out of" if token.key == "of" and before is not None and before.key == "out" else token.key
        elif self._is_verb(place, token):
            prep = self._prep
            self._close()
            self._add(Chunk("verb", "" if prep not in {"to", "zu"} else prep, [token]))
        elif token.has("determiners"):
            self._start(token)
        elif self._is_particle(place, token):
            self._break()
        elif self._is_unknown_verb(place, token):
            self._close()
            self._add(Chunk("verb", "", [token]))
        elif self._is_no_noun(place, token):
            self._break()
        else:
            self._start(token)

    def _mark(self, place: int, token: Token) -> None:
        within = token.text in _MARKS_WITHIN and 0 < place < len(self._tokens) - 1
        if within and self._tokens[place - 1].end == token.start and self._tokens[place + 1].start == token.end:
            return
        before = self._at(place - 1)
        if token.text == "." and before is not None and is_abbreviated(before):
            return
        if self._open is not None and _APPOSED.match(self._text, token.start):
            self._open.tokens.append(token)
            return
        if token.text == "," and self._lists_on(place):
            self._open.tokens.append(token)  # type: ignore[union-attr]
            return
        self._break()
        self._clause += 1
        self._sentence += token.text in _ENDS

    def _take_time(self, place: int, token: Token) -> None:
        chunk, after = self._open, self._at(place + 1)
        if chunk is not None and token.kind == "date":
            bare = all(
                one.has("determiners") or one.key in {"neue", "letzte", "alle", "last", "all"} for one in chunk.tokens
            )
            noun_after = after is not None and after.kind == "word" and not self._ends_np(place + 1, after)
            if all(one.key in _TIMES or one.has("determiners") for one in chunk.tokens) and not bare:
                bare, noun_after = True, False
            if (bare and chunk.tokens and noun_after) or (
                not bare and chunk.kind == "np" and is_period(token.text) and chunk.tokens[-1].key not in _BEFORE_DAYS
            ):
                chunk.tokens.append(token)
                return
            if bare:
                self._open = None
        if (
            chunk is None and token.kind == "date" and is_period(token.text) and after is not None and after.kind == "word"
            and (after.has("noun", "document") or (not self._ends_np(place + 1, after) and not self._german))
            and after.start - token.end == 1
        ):  # fmt: skip
            self._start(token)
            return
        prep = self._prep or (chunk.prep if chunk is not None and self._open is None else "")
        self._close()
        self._add(Chunk(token.kind, prep, [token]))
        self._near = True

    def _start(self, token: Token) -> None:
        prep = self._prep
        self._close()
        self._open = Chunk("np", prep, [token])

    def _join(self, place: int) -> None:
        after, chunk = self._at(place + 1), self._open
        if chunk is not None and after is not None and self._joins(place, after):
            chunk.tokens.append(self._tokens[place])
            return
        self._break()
        self._joined = True

    def _joins(self, place: int, after: Token) -> bool:
        """Whether "and" joins two of a kind ("an Anna und den Chef") rather than two orders."""
        chunk = self._open
        if chunk is None or not chunk.content or after.kind == "mark" or after.has("prepositions"):
            return False
        if after.has("self"):
            return chunk.prep in {"mit", "with", "zwischen", "between"}
        if after.kind in {"date", "time"} or self._is_particle(place + 1, after) or self._is_pronoun(place + 1, after):
            return False
        if self._is_verb(place + 1, after) or (after.is_verb and not after.has("noun") and not self._noun_like(after)):
            return False
        end = self._end_of_np(place + 1)
        beyond = self._at(end)
        if (
            beyond is not None
            and beyond.has("prepositions")
            and beyond.key == chunk.prep
            and chunk.prep in {"an", "to", "mit", "with"}
        ):
            return False
        return not (
            beyond is not None and beyond.has("auxiliary") and not beyond.has("modal") and self._german is False
        )

    def _noun_like(self, token: Token) -> bool:
        return self._german and self._cased and token.text[:1].isupper()

    def _lists_on(self, place: int) -> bool:
        """Whether a comma stands between two of a list: "an Anna, Bob und Carla"."""
        chunk, after = self._open, self._at(place + 1)
        if chunk is None or after is None or not chunk.content or chunk.kind != "np":
            return False
        if chunk.tokens[-1].text.isdigit() and after.text.isdigit() and len(chunk.content) > 1:
            return True
        if after.kind not in {"word", "address"} or after.is_verb or after.has("prepositions") or after.key in JOINS:
            return False
        if self._is_particle(place + 1, after) or after.has("self") or self._is_pronoun(place + 1, after):
            return False
        end = self._end_of_np(place + 1)
        beyond = self._at(end)
        last = chunk.tokens[-1]
        names = (after.is_name or after.kind == "address" or after.has("noun", "person_title")) and (
            last.is_name or last.kind == "address" or chunk.noun("person_title") or last.text[:1].isupper()
        )
        return (
            names
            and beyond is not None
            and (beyond.key in JOINS or beyond.text == ",")
            and end - place <= 5
            and self._later_join(end)
        )

    def _later_join(self, place: int) -> bool:
        """Whether "and" and one more of the list follow."""
        for ahead in range(place, min(place + 8, len(self._tokens))):
            token = self._tokens[ahead]
            if token.key in JOINS:
                after = self._at(ahead + 1)
                return after is not None and not after.is_verb and not after.has("prepositions")
            if token.is_verb or token.has("prepositions") or token.has("auxiliary"):
                return False
        return False

    def _end_of_np(self, place: int) -> int:
        """Return where the phrase that begins here ends, roughly."""
        end = place
        while (token := self._at(end)) is not None and not (
            token.kind in {"mark", "date", "time"}
            or token.key in JOINS
            or (end > place and token.has("determiners"))
            or token.has("prepositions")
            or (token.is_verb and end > place and not token.has("noun"))
            or token.has("auxiliary")
        ):
            end += 1
        return end

    def _add(self, chunk: Chunk) -> None:
        chunk.near, chunk.joined = self._near, self._joined
        chunk.clause, chunk.sentence = self._clause, self._sentence
        self._found.append(chunk)
        self._near, self._joined = False, False

    def _close(self) -> None:
        chunk, self._open, self._prep = self._open, None, ""
        if chunk is None:
            return
        while chunk.tokens and (chunk.tokens[-1].key in JOINS or chunk.tokens[-1].kind == "mark"):
            chunk.tokens.pop()
        if chunk.tokens and chunk.content:
            self._add(chunk)
            self._near = True

    def _break(self) -> None:
        self._close()
        self._near, self._joined = False, False
