"""Reads a sentence as it was corrected while it was said: "an Tom, nein, an Eva" is "an Eva".

What is taken back, the words that say so and what is said instead are the reparandum, the editing term and the repair
of E. Shriberg, "Preliminaries to a Theory of Speech Disfluencies" (1994); that a repair is mostly of the same form as
what it repairs is shown there too, and is what is looked for here. Where no words of the same form stand before the
term, the text is left as it is, and so is what is quoted or dictated.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from scheduler.core.calendar_words import MONTH, SHORT_MONTH, WEEKDAY
from scheduler.core.file_endings import FILE_ENDING
from scheduler.core.hesitation import HESITATION
from scheduler.core.job import Locale
from scheduler.core.letters import word_set
from scheduler.core.quotation import OPENING, QUOTED
from scheduler.core.sentences import Sentence
from scheduler.core.slot_tokens import language_of
from scheduler.core.taken_back import (
    ALSO,
    BETTER_SAID,
    CORRECTIONS,
    EXCUSES,
    HALTS,
    MEANINGS,
    NONSENSE,
    REFUSALS,
    STRUCK,
)
from scheduler.core.word_classes import VERB, word_classes

_CORRECTED: Final = Sentence("„{taken_back}“ ist berichtigt zu „{meant}“", "“{taken_back}” is corrected to “{meant}”")
_LONGEST: Final = 1000
"""Characters of a request that is looked through."""
_MOST_TERMS: Final = 8
_SAYS_SO: Final = rf"{REFUSALS}|quatsch|{STRUCK}|my mistake|{MEANINGS}|{BETTER_SAID}"
_STOPS: Final = rf"(?:{HESITATION}|{HALTS}|{NONSENSE}|{CORRECTIONS}|falsch)(?= ?[,.!:–—])"
_EXCUSES: Final = rf"(?:{EXCUSES})(?= ?[,.!:–—]| (?:no|nein)\b)"
_WEAK: Final = (
    rf"ach|oh|definitely|also|well|doch|lieber|besser|gleich|jetzt|{HESITATION}|rather|better|instead|und zwar"
    rf"|let's say|sagen wir|nimm|make (?:it|that)|sorry|{HALTS}"
)
_SAYS: Final = re.compile(rf"(?i)\b(?:{_SAYS_SO})\b")
_MARKS: Final = r"(?:[,;.!…–—-]{1,3}| (?=(?:no|nein|nee|ach|oh) (?:wait|halt|sorry|quatsch|nein|nee|no)\b)) ?"
_TERM: Final = re.compile(
    rf"(?i){_MARKS}(?:(?:{_WEAK}),? ){{0,3}}(?:(?:{_SAYS_SO})\b|{_STOPS}|{_EXCUSES})"
    rf"(?:[ ,.!:–—-]{{1,3}}(?:{_SAYS_SO}|{_WEAK})\b){{0,4}}[,.!:–—-]{{0,3}} "
)
"""An editing term with the mark before it."""
_LISTED: Final = re.compile(r"[,;] (?:No|Nein|Nee|Nope)\b")
"""One of several words in a list: "Tea, No, Coffee"."""
_TOKEN: Final = re.compile(
    r"(?:\d[\d.]*|\b(?i:dr|prof|hr|fr|mr|mrs|ms|st|nr))\.(?= )|\b[A-Za-zÄÖÜäöü]{1,4}\.(?= [a-zäöü])"
    rf"|{QUOTED}|[^\s,;!?\"]*[^\s,;.!?:\"]|[,;.!?:\"]+"
)
_COMMA: Final = re.compile(r"^,(?= (?:in|into|from|to|an|im|als|as|via|per|von|vom|aus|um|at|on|mit|with)\b)")
"""The second of two commas that enclose a correction."""
_DICTATED: Final = re.compile(r"(?<!\d):\s")
_QUOTED: Final = re.compile(QUOTED)
_NUMBER: Final = re.compile(r"[\d.,:/-]*\d[\d.,:/-]*(?:ten|sten|th|st|nd|rd|h|pm|am)?")
_ADDRESSES: Final = {
    "MAILBOX": re.compile(r"\S+@\S+"),
    "FILE": re.compile(rf"(?i)\S+\.{FILE_ENDING}"),
    "ADDRESS": re.compile(r"(?i)\S+[./\\]\S*[a-z]\S*"),
}
_TIME: Final = re.compile(
    rf"(?i)(?:\d.*|{WEEKDAY}\w*|(?:{MONTH}|{SHORT_MONTH})\.?|heute?|(?:über|vor)?(?:morgen|gestern)"
    r"|today|tomorrow|yesterday|mittags?|noon|woche|week|monat|month|quartal|quarter|q[1-4])"
)
"""A word of a day or a time."""
_ACCUSATIVE: Final = word_set("die das den einen eine ein meine meinen deine unsere unseren unser")
_DATIVE: Final = word_set("der dem einem einer meinem meiner unserem unserer frau herrn")
_NO_SUBJECT: Final = word_set("den dem einen einem meinen meinem unseren unserem frau herrn")
_THE: Final = word_set("the a my our your this that")
_PREPOSITIONS: Final = word_set(
    """
    an am ans auf aus bei beim bis für fuer gegen im in ins mit nach ohne per über ueber um unter vom von vor zu zum zur
    ab als seit to from for on at by via with into onto in off about as cc until till under
    """
)
_SAME: Final = {"am": "an", "ans": "an", "im": "in", "ins": "in", "vom": "von", "zum": "zu", "zur": "zu", "beim": "bei"}
_AFTER: Final = _PREPOSITIONS | word_set(
    """
    und and sowie bitte please runter rüber rueber raus rein hoch her hin weg mal then dann down up out over
    downloaded gleich heute morgen tomorrow today instead stattdessen
    """
)
"""What may stand after a repair though no verb of it does."""
_MOST_TAIL: Final = 6
_MOST_ALIKE: Final = 4
_MOST_BEFORE: Final = 1
"""How many words may stand before a phrase at the head of a clause: "Irgendwann im April, nein, im März hat er …"."""
_MOST_AFTER: Final = {"NUMBER": 3, "MAILBOX": 6, "FILE": 6, "ADDRESS": 6}
"""How many words may stand between what is of one word and what is said instead."""


class _Token(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        return self.text.casefold()

    @property
    def ends(self) -> bool:
        return self.text[0] in ",;.!?:"

    @property
    def shape(self) -> str:
        """What a word looks like: two of the same shape may stand for one another."""
        if _NUMBER.fullmatch(self.text):
            return "NUMBER"
        address = next((kind for kind, pattern in _ADDRESSES.items() if pattern.fullmatch(self.text)), None)
        if address is not None:
            return address
        if self.text[0].isupper() or self.text[0] in OPENING:
            return "NAME"
        return self.key

    @property
    def is_small(self) -> bool:
        return self.shape == self.key


class Correction(NamedTuple):
    """What was taken back while it was said, and what was said instead."""

    taken_back: str
    meant: str

    def told(self, locale: Locale) -> str:
        """Return it as people are told of it."""
        words = _CORRECTED.de if locale == "de" else _CORRECTED.en
        return words.format(taken_back=self.taken_back, meant=self.meant)


class Corrected(NamedTuple):
    """A request without what its own words take back, and what that was."""

    text: str
    corrections: tuple[Correction, ...] = ()


def as_corrected(text: str) -> Corrected:
    """Return a request as it was corrected while it was said: as it is where nothing is taken back for sure."""
    if len(text) > _LONGEST:
        return Corrected(text)
    start, corrections = 0, list[Correction]()
    for _ in range(_MOST_TERMS):
        term = _TERM.search(text, start)
        if term is None:
            break
        repaired = _repaired(text, term)
        if repaired is None:
            start = term.start() + 1
            continue
        start, text = 0, repaired.text
        corrections += repaired.corrections
    return Corrected(text, tuple(corrections))


def _repaired(text: str, term: re.Match[str]) -> Corrected | None:
    """Return the text with one correction made, None where nothing of the same form stands before it."""
    quoted = any(one.start() < term.start() < one.end() for one in _QUOTED.finditer(text))
    if quoted or _DICTATED.search(text, 0, term.start()) or _LISTED.match(term[0]):
        return None
    before, after = _clause_before(text, term.start()), _clause_after(text, term.end())
    if not before or not after or ALSO.search(text, after[0].start, after[-1].end):
        return None
    found = _of_same_start(before, after) or _of_same_shape(before, after)
    if found is None or (_SAYS.search(term[0]) is None and _is_only_a_name(after, found[2])):
        return None
    taken, tail, repair = found
    rest = _COMMA.sub("", text[after[repair - 1].end :])
    kept = text[before[tail].start : before[-1].end] if tail < len(before) else ""
    made = Correction(text[before[taken].start : before[tail - 1].end], text[after[0].start : after[repair - 1].end])
    return Corrected(f"{text[: before[taken].start]}{made.meant}{kept and ' '}{kept}{rest}", (made,))


def _tokens(text: str, start: int, end: int) -> Iterator[_Token]:
    return (_Token(one[0], *one.span()) for one in _TOKEN.finditer(text, start, end))


def _clause_before(text: str, end: int) -> list[_Token]:
    tokens = list(_tokens(text, 0, end))
    last = next((place for place in reversed(range(len(tokens))) if tokens[place].ends), -1)
    return tokens[last + 1 :]


def _clause_after(text: str, start: int) -> list[_Token]:
    found = []
    for token in _tokens(text, start, len(text)):
        if token.ends:
            break
        found.append(token)
    return found


def _of_same_start(before: Sequence[_Token], after: Sequence[_Token]) -> tuple[int, int, int] | None:
    """Find a phrase that begins as the repair does: with the same preposition, or an article of the same case."""
    alike = _alike(after[0].key)
    length = _phrase(after)
    if not alike or length < 2:
        return None
    places = [n for n in range(len(before)) if _SAME.get(before[n].key, before[n].key) in alike]
    places = [n for n in places if _ends_alike(before[n:], after[:length])]
    if len(places) != 1:
        return None
    place = places[0]
    tail = place + _phrase(before[place:])
    new = after[:length]
    if (new[-1].is_small or new[1].is_small) and _has_verb(new):
        return None
    if not _may_end(after, length) and not _goes_on(after, length, place):
        return None
    if length < len(after) and tail < len(before):
        goes_on = _SAME.get(before[tail].key, before[tail].key) in _alike(after[length].key)
        return (place, len(before), len(after)) if goes_on else None
    return (place, tail, length) if len(before) - tail <= _MOST_TAIL else None


def _goes_on(after: Sequence[_Token], length: int, place: int) -> bool:
    """Whether what follows a repair belongs to what was said before, so that the repair is no sentence of its own."""
    if after[0].key not in _PREPOSITIONS | _NO_SUBJECT or after[length - 1].is_small:
        return False
    at_head = after[0].key in _PREPOSITIONS and place <= _MOST_BEFORE
    return at_head or length + 1 == len(after)


def _alike(key: str) -> frozenset[str]:
    """Return the words that begin a phrase as this one does."""
    if key in _PREPOSITIONS:
        return frozenset({_SAME.get(key, key)})
    if key == "den":
        return _ACCUSATIVE | _DATIVE
    return next((kind for kind in (_ACCUSATIVE, _DATIVE, _THE) if key in kind), frozenset())


def _phrase(tokens: Sequence[_Token]) -> int:
    """Return how many tokens the phrase takes that begins here: small words, then names; in English all words."""
    names = False
    for place, token in enumerate(tokens[1:], 1):
        names |= not token.is_small
        if token.key in _AFTER or (names and token.is_small and tokens[0].key not in _THE):
            return place
    return len(tokens)


def _ends_alike(old: Sequence[_Token], new: Sequence[_Token]) -> bool:
    """Whether both phrases are of days and times, or neither: "on Tuesday" does not stand for "on pricing"."""
    length = _phrase(old)
    if length < 2:
        return False
    if new[0].key in _PREPOSITIONS:
        return _is_time(old[1:length]) == _is_time(new[1:])
    return (old[length - 1].shape == "NUMBER") == (new[-1].shape == "NUMBER")


def _is_time(tokens: Sequence[_Token]) -> bool:
    return any(_TIME.fullmatch(one.text) for one in tokens)


def _has_verb(tokens: Sequence[_Token]) -> bool:
    words = [one.text for one in tokens]
    return VERB in word_classes(words, language_of(" ".join(words)))


def _of_same_shape(before: Sequence[_Token], after: Sequence[_Token]) -> tuple[int, int, int] | None:
    """Find words of the shapes of the repair right before the term: "3 Oct, no, 3 Nov"."""
    for count in range(min(_MOST_ALIKE, len(after), len(before)), 0, -1):
        start = len(before) - count
        if not _stand_for(before[start:], after[:count]) or not _may_end(after, count):
            continue
        if start == 0 and count == 1:
            continue  # the last of a list, perhaps
        if start and before[start - 1].key in _ACCUSATIVE | _DATIVE | _THE and after[0].shape == "NAME":
            continue
        return start, len(before), count
    return _further_off(before, after)


def _further_off(before: Sequence[_Token], after: Sequence[_Token]) -> tuple[int, int, int] | None:
    """Find a number, with its unit, or an address, where a few words stand behind it: "um 4 Uhr fest, nein, 5 Uhr"."""
    most, count = _MOST_AFTER.get(after[0].shape, 0), len(after)
    alike = [one for one in before if one.shape == after[0].shape]
    if count > _MOST_ALIKE or len(alike) != 1:
        return None
    for start in range(len(before) - count - 1, max(len(before) - count - most, 0) - 1, -1):
        if _stand_for(before[start : start + count], after):
            return start, start + count, count
    return None


def _stand_for(old: Sequence[_Token], new: Sequence[_Token]) -> bool:
    """Whether words are of the same shapes, names and numbers at both ends."""
    same = [one.shape for one in old] == [one.shape for one in new]
    return same and not new[0].is_small and not new[-1].is_small and not new[-1].key.endswith(("'s", "’s"))


def _is_only_a_name(after: Sequence[_Token], count: int) -> bool:
    """Whether all that follows is a name: behind "sorry" it may be of who writes, behind "äh" one more of several."""
    return count == len(after) and after[0].shape == "NAME"


def _may_end(after: Sequence[_Token], count: int) -> bool:
    return count == len(after) or after[count].key in _AFTER
