"""Cuts a clause into phrases: a preposition and the words after it, verbs, dates, what is quoted; each with its place."""

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import re2

from scheduler.core.calendar_words import (
    MONTH,
    MONTH_NAMES,
    SHORT_MONTH,
    SHORT_MONTH_NAMES,
    WEEKDAY,
    WEEKDAY_NAMES,
)
from scheduler.core.file_endings import FILE_ENDING
from scheduler.core.letters import word_set
from scheduler.core.lexicon import Meaning, Meanings, fold, lexicon
from scheduler.core.money_words import SIGN, UNIT
from scheduler.core.quotation import OPENING, QUOTED

_FILE: Final = rf"[^\s/\\:,;\"()]{{1,255}}\.{FILE_ENDING}\b"
_STEP: Final = rf"\\(?![^\s\\]{{0,255}}\.{FILE_ENDING}\b)[^\s\\/:,;\"()]*[^\s\\/:,;\"().!?]"
_FOLDER: Final = rf"(?<![\w\\])(?:[a-z]:|\\)(?:{_STEP})+|\blaufwerk [b-z]\b:?|\bdrive [a-z]:"
"""What Windows calls a folder: a path without the file at its end, or a drive."""
_CLOCK: Final = r"\d{1,2}(?:[:.]\d\d)?(?: ?(?:uhr(?: \d\d)?|h\b|a\.?m\.?\b|p\.?m\.?\b|o'?clock))"
_SPOKEN: Final = r"(?:halb|viertel (?:vor|nach)|dreiviertel|half past|quarter (?:past|to)) \w+"
_PART: Final = r"(?: (?:früh|frueh|vormittag|nachmittag|mittag|abend|morning|afternoon|evening))?"
_DAY: Final = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}\.? {SHORT_MONTH}|{SHORT_MONTH} \d{{1,2}}\b|\d{{1,2}}\. ?\d{{1,2}}\.(?: ?\d{{4}}|\d\d\b)?|\d{{1,2}}\.? {MONTH}\b(?: \d{{4}})?|{MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)(?: of)?(?: {MONTH})?)"
)
_DATE: Final = (
    rf"(?:(?:the day after tomorrow|übermorgen|uebermorgen|heute|morgen|gestern|vorgestern|today|tomorrow|yesterday)|"
    rf"(?:(?:diese[nrms]?|nächste[nrms]?|naechste[nrms]?|kommende[nrms]?|letzte[nrms]?|vorige[nrms]?|this|next|coming|last) )?{WEEKDAY}"
    rf"(?:vormittag|nachmittag|abend|früh)?\b(?:,? (?:den |dem |the )?{_DAY})?|"
    rf"(?:diese[nrms]?|nächste[nrms]?|naechste[nrms]?|kommende[nrms]?|letzte[nrms]?|vorige[nrms]?|this|next|last) (?:woche|monats?|jahr(?:es)?|quartal|week|month|year|quarter)\b"
    rf"(?: (?:am |on )?{WEEKDAY})?|{_DAY}|in (?:\d+|einer|einem|zwei|drei|two|three|four|vier|a|one) (?:tagen|wochen?|monate?n?|days?|weeks?|months?)|"
    rf"(?:ende|anfang|mitte|end of|kw) ?(?:q[1-4]|\d+|{MONTH})|kw ?\d+|(?<!you )(?<!we )(?<!i ){MONTH}(?: \d{{4}})?\b(?! (?:be|i|we|you)\b)){_PART}"
)
_WORD: Final = r"(?P<word>\b(?:dr|prof|hr|fr|mr|mrs|ms|nr|st|gebr|fa|ing|dipl|rev|capt)\.|[^\W_](?:[\w/&+'’.-]*\w)?(?:-(?=\s)|\+\+|(?<=\b[CFcf])#)?|#\d[\w/-]*)|(?P<mark>[,:;.!?()–+•*·-])"
_TOKEN: Final = re.compile(
    rf"(?P<quoted>{QUOTED}|(?<!\w)'[^']+'(?!\w))|(?P<address>[^\s,;:<>\"()]{{1,254}}@[^\s,;:<>\"()]{{1,254}}[^\s,;:<>\"().!?])"
    rf"|(?P<url>https?://[^\s,;]+[^\s,;.!?]|www\.[^\s,;]+[^\s,;.!?]|localhost(?![\w-])(?::\d+)?(?:/\S*)?|(?<![\d.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![.\d])(?::\d+)?(?:/[^\s,;]*[^\s,;.!?])?|(?:[\w-]{{1,63}}\.){{1,9}}(?:de|com|org|net|eu|at|ch|io|info|gov|edu|uk|fr|nl|dev|app|biz|shop|cloud|local|test|example)\b(?:/[^\s,;]*[^\s,;.!?])?)"
    rf"|(?P<folder>{_FOLDER})|(?P<file>{_FILE})|(?P<time>(?:{_CLOCK}|\d{{1,2}}:\d\d|{_SPOKEN}|mittags|noon|midday)(?: ?(?:bis|to|until|till|-|–) ?(?:{_CLOCK}|\d{{1,2}}(?:[:.]\d\d)?))?"
    rf"|(?<=um )\d{{1,2}}\b(?!\.)|(?<=at )\d{{1,2}}\b)"
    rf"|(?P<date>\b{_DATE}(?!['’]s\b))|(?P<amount>(?:{SIGN} ?\d[\d.,]{{0,24}}\d|\d[\d.,]{{0,24}} ?{UNIT}))"
    rf"|{_WORD}",
    re.IGNORECASE,
)
_PLAIN_TOKEN: Final = re.compile(_WORD, re.IGNORECASE)
_MAY_BE_MORE: Final = re2.compile(
    rf"(?i)[\p{{Nd}}@{OPENING}']|\.[\pL\p{{Nd}}_]|://|\\|laufwerk|drive|localhost|halb|viertel|past|quart|mittag|noon|midday|heute|morgen|gestern|today|tomorrow|yesterday|"
    rf"tag|sonnabend|mittwoch|day|woche|week|monat|month|jahr|year|\b{MONTH}\b|jun|jul"
)
"""What stands in every token that is more than a word or a mark; asked first, for the whole is dear to look for."""
_PLAIN_WORD: Final = re.compile(r"\s*([A-Za-zÄÖÜäöüß]+)(?=[ ,;!?]|\Z)")
"""A word that is a token by itself, unless it begins what is more."""
_FIRST_WORDS: Final = word_set(
    """
    localhost halb viertel dreiviertel half quarter mittags noon midday übermorgen uebermorgen heute morgen gestern vorgestern
    today tomorrow yesterday diese nächste naechste kommende letzte vorige this next coming last ende anfang mitte kw laufwerk drive
    """
) | {"the day", "end of", *WEEKDAY_NAMES, *MONTH_NAMES, *SHORT_MONTH_NAMES}
_BEGIN_MORE: Final = {
    start: tuple(many) for start, many in itertools.groupby(sorted(_FIRST_WORDS), key=lambda word: word[:3])
}
"""By its first letters, how a word begins with which what is more than a word may begin."""
_BEGIN_SPAN: Final = ("ein", "zwei", "drei", "two", "three", "four", "vier", "a ", "one")
"""How the word after "in" begins where both begin a span of time."""

_DATED: Final = frozenset(["vom", "von", "from", "of", "for", "fuer", "aus"])
_GERMAN: Final = word_set(
    """
    der die das den dem bitte und mir mal vom im aus mit
    """
)
_ENGLISH: Final = word_set(
    """
    the to and my for please pls me of with from you our
    """
)
_ORDINALS: Final = frozenset({"first", "second", "third", "fourth"})
_UNSETTLED: Final = frozenset({"bitte", "kurze", "an"}) | _ORDINALS
_ONE_THING: Final = frozenset({"address", "file", "url", "quoted"})
_SPAN: Final = re.compile(rf"{MONTH}|kw|q[1-4]|\d{{4}}|woche|week|monat|month|jahr|year|quart", re.IGNORECASE)
_CAUSES: Final = word_set("have let make get ask tell help want need see")
_BREAKS: Final = word_set("and or but then to that who which please pls not")
_SUBJECTS: Final = word_set(
    """
    ich du wir er man sie es i you we he she they it them ihn u
    """
)


@dataclass(unsafe_hash=True)
class Token:
    """A word, or what is one thing though it has several words."""

    kind: str
    text: str
    start: int
    end: int
    meanings: Meanings = ()

    def has(self, kind: str, sense: str = "") -> bool:
        return (kind, sense) in self._marks

    @functools.cached_property
    def _marks(self) -> set[tuple[str, str]]:
        return _marks_of(self.meanings)

    @functools.cached_property
    def key(self) -> str:
        return fold(self.text)

    @property
    def is_verb(self) -> bool:
        return ("verb", "") in self._marks

    @property
    def is_name(self) -> bool:
        return (
            self.kind == "word"
            and self.text[:1].isupper()
            and not self.has("noun")
            and not self.has("prepositions")
            and not self.has("determiners")
            and not self.is_verb
        )


@dataclass
class Phrase:
    """A stretch of the clause that belongs together; `before` is its preposition."""

    before: str = ""
    tokens: list[Token] = field(default_factory=list)
    start: int = 0

    def noun(self, *senses: str) -> bool:
        return any(token.has("noun", sense) for token in self.tokens for sense in senses)

    def kind(self, kind: str) -> Token | None:
        return next((token for token in self.tokens if token.kind == kind), None)

    def words(self, text: str) -> str:
        return text[self.tokens[0].start : self.tokens[-1].end] if self.tokens else ""


@functools.lru_cache(maxsize=64)
def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text with what they may mean; the list is shared, so it must not be changed."""
    if _MAY_BE_MORE.search(text):
        return _settled(list(_any_tokens(text)))
    return _settled(
        [_token(match.lastgroup or "word", match[0], *match.span()) for match in _PLAIN_TOKEN.finditer(text)]
    )


def _any_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text that may have some that are more than a word; plain words need not be asked for more."""
    small, end = text.lower(), 0
    while True:
        plain = _PLAIN_WORD.match(text, end)
        if plain is not None and len(small) == len(text) and not _may_begin_more(small, *plain.span(1)):
            start, end = plain.span(1)
            yield _token("word", plain[1], start, end)
            continue
        match = _TOKEN.search(text, end)
        if match is None:
            return
        end = match.end()
        yield _token(match.lastgroup or "word", match[0], *match.span())


def _may_begin_more(small: str, start: int, end: int) -> bool:
    """Whether with the plain word that stands there a date or a time may begin."""
    if small[start:end] == "in":
        return not small[end + 1 : end + 2].isalpha() or small.startswith(_BEGIN_SPAN, end + 1)
    begin = _BEGIN_MORE.get(small[start : min(start + 3, end)])
    return begin is not None and small.startswith(begin, start)


def _token(kind: str, text: str, start: int, end: int) -> Token:
    """Return a token with what is known of its word wherever it stands, which it need not find out again."""
    token = Token.__new__(Token)
    token.__dict__.update(_known(kind, text), start=start, end=end)
    return token


@functools.lru_cache(maxsize=16_384)
def _known(kind: str, text: str) -> dict[str, Any]:
    meanings = lexicon().meanings(text) if kind == "word" else ()
    if kind == "folder":
        kind, meanings = "word", (Meaning("noun", "folder"),)
    return {"kind": kind, "text": text, "meanings": meanings, "key": fold(text), "_marks": _marks_of(meanings)}


def _marks_of(meanings: Meanings) -> set[tuple[str, str]]:
    return {mark for one in meanings for mark in ((one.kind, one.sense), (one.kind, ""))}


def _settled(found: list[Token]) -> list[Token]:
    """Return the tokens, their words that may be two things settled: "an", "first", and "bitte", which is no verb."""
    keys = {token.key for token in found}
    if keys.isdisjoint(_UNSETTLED):
        return found
    german, english = not keys.isdisjoint(_GERMAN), not keys.isdisjoint(_ENGLISH)
    for place, token in enumerate(found):
        if token.key == "bitte":
            found[place] = replace(token, meanings=tuple(one for one in token.meanings if one.kind != "verb"))
        elif token.key == "kurze" and place + 1 < len(found) and found[place + 1].has("noun", "mail"):
            found[place] = replace(token, meanings=())
        elif token.key in _ORDINALS and place and found[place - 1].has("prepositions"):
            found[place] = replace(token, meanings=())  # "about first aid"
        elif token.key == "an":
            kind = "determiners" if not german and _is_article(found, place, english=english) else "prepositions"
            found[place] = replace(token, meanings=(Meaning(kind),))
    return found


def _is_article(tokens: list[Token], place: int, *, english: bool) -> bool:
    """Whether "an" is the English article: before a vowel, in English words or before what nobody is sent things to."""
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is None or (after.key[:1] not in "aeiou" and after.key not in {"hour", "honest", "hourly"}):
        return False
    thing = after.has("noun") and not after.has("noun", "person_title")
    return thing or english


def phrases_of(tokens: list[Token]) -> list[Phrase]:
    """Return the phrases between verbs, particles and marks, in order."""
    phrases = [Phrase()]
    for place, token in enumerate(tokens):
        last = phrases[-1]
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if (
            token.kind == "mark"
            or (token.key in _SUBJECTS and not (last.tokens and last.tokens[-1].key in {"und", "and"}))
            or token.has("modal")
            or (token.has("adverbs") and not token.has("determiners") and last.before != "und")
        ):
            phrases.append(Phrase())
        elif token.key in {"und", "and", "sowie", "&"}:
            if _joins(last, after):
                last.tokens.append(token)
            else:
                phrases.append(Phrase())
        elif token.has("prepositions") and not (token.has("determiners") and last.tokens):
            if not (token.key == "of" and last.before == "out" and not last.tokens):
                phrases.append(Phrase(before=token.key, start=token.start))
        elif token.has("nominal") and len(last.tokens) <= 1 and not last.noun():
            phrases.append(Phrase())
        elif token.has("self") or (token.is_verb and acts(token, tokens, place)):
            phrases += (
                [Phrase(before="self", tokens=[token], start=token.start), Phrase()]
                if token.has("self")
                else [Phrase()]
            )
        elif (
            token.has("determiners")
            and last.tokens
            and last.tokens[-1].key not in {"und", "and"}
            and not _genitive(token, last)
        ):
            phrases.append(Phrase(tokens=[token], start=token.start))
        elif begun := _thing_of_its_own(token, last):
            phrases += begun
        else:
            if not last.tokens and not last.before:
                last.start = token.start
            last.tokens.append(token)
    return [phrase for phrase in phrases if phrase.tokens or phrase.before]


def _joins(last: Phrase, after: Token | None) -> bool:
    """Whether "and" joins two names here rather than two orders."""
    if not last.tokens or after is None or after.is_verb or after.has("prepositions") or after.kind == "mark":
        return False
    title = after.has("noun", "person_title") or after.has("determiners")
    return after.is_name or after.kind == "address" or title


def _thing_of_its_own(token: Token, last: Phrase) -> list[Phrase]:
    """Return the phrases that begin with a date, an address, a document after a name; none where it goes on."""
    alone = Phrase(tokens=[token], start=token.start)
    if token.kind == "date" and last.tokens and last.tokens[-1].has("determiners"):
        return []  # "the March invoice"
    names_it = last.before in _DATED and not last.tokens and token.kind == "date"
    if names_it and last.before in {"for", "fuer"}:
        names_it = _SPAN.search(token.text) is not None
    if token.kind in {"date", "time"} and not names_it:
        return [Phrase(before=token.kind, tokens=[token], start=token.start), Phrase()]
    if not last.tokens:
        return []
    listed = last.tokens[-1].key in {"und", "and"}
    if token.kind in _ONE_THING and not listed and not last.noun("document", "folder"):
        return [alone]
    document = token.has("noun", "document") and not token.has("noun", "person_title")
    return [alone] if document and not last.before and last.tokens[-1].is_name else []


def acts(token: Token, tokens: list[Token], place: int) -> bool:
    """Whether a word that may be a verb is one here: not after an article, not where a noun is meant."""
    before = tokens[place - 1] if place else None
    if before is not None and (
        before.has("determiners")
        or before.text.endswith(("'s", "’s"))
        or (before.has("prepositions") and before.key not in {"to", "zu"})
    ):
        return False
    if before is not None and before.key in _SUBJECTS and before.key not in {"sie", "es", "it", "them", "ihn"}:
        return True
    if _names_part(token, tokens, place):
        return False
    return not (
        token.has("noun")
        and place
        and before is not None
        and not before.has("adverbs")
        and before.key not in {"und", "and", "to", "zu"}
    )


def _names_part(token: Token, tokens: list[Token], place: int) -> bool:
    """Whether an English verb in its plain form is a noun amid others behind an article: "the vehicle transfer form"."""
    if any(one.kind == "verb" and (one.language != "en" or one.form != "base") for one in token.meanings):
        return False
    for at in range(place - 1, 0, -1):
        before = tokens[at]
        if before.has("determiners"):
            return at < place - 1 and not any(one.key in _CAUSES for one in tokens[:at])
        if before.kind != "word" or before.is_verb or before.has("prepositions") or before.key in _BREAKS:
            return False
    return False


def _genitive(token: Token, last: Phrase) -> bool:
    return token.key in {"der", "des", "our", "the", "my"} and (
        token.key == "des"
        or (
            (token.key == "der" and last.noun("document", "portal") and last.before in {"", "aus", "vom", "von", "im"})
            and bool(last.before)
        )
    )
