"""Takes out of a message what is only told around its orders: "The boiler leaks and I'm off, so close Word, please".

Only where something is clearly addressed to us, only what has a subject and a verb of its own, and never what may take
back, forbid, doubt or delay an order: that stays for whoever reads the orders.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from scheduler.core.addressed import Kind, kinds_of
from scheduler.core.compound import OrderPart, Orders
from scheduler.core.dictation import dictation
from scheduler.core.intents import UNKNOWN
from scheduler.core.letters import word_set
from scheduler.core.may_change import may_change, may_forbid
from scheduler.core.message_pieces import AND, THEREFORE, Piece, pieces_of
from scheduler.core.phrases import Token
from scheduler.core.remarks import only_informs
from scheduler.core.said_only import announced
from scheduler.core.slot_tokens import language_of
from scheduler.core.taken_back import correcting
from scheduler.core.word_kinds import I_WE, PLEASE, SUBJECTS

_LONGEST: Final = 2000
"""Characters of a message that is looked at."""
_FEW_WORDS: Final = 12
"""What is told in so few words hardly hides an order."""
_SHORTEST: Final = _FEW_WORDS + 2
"""Blanks between its words."""
_BESIDE: Final = frozenset({Kind.TOLD, Kind.REASON, Kind.RELATIVE, Kind.CONDITION, Kind.FRAGMENT})
_DEPENDS: Final = frozenset({Kind.RELATIVE, Kind.CONDITION, Kind.REASON})
_REPORTS: Final = re.compile(
    r"(?i)\b(?:(?:ge)?sag\w*|mein(?:t|te|ten|en)|schr(?:ie|ei)b\w*|frag\w*|bat|bitte[nt]|verlang\w*|ruft|rief"
    r"|hei(?:ß|ss)t|steht|stand|zitier\w*|wörtlich|folgende[sn]"
    r"|sa(?:y|ys|id)|tells?|told|asks?|asked|writes?|wrote|reads|goes|went|quot\w*|shouts?|shouted|reckons?|thinks?"
    r"|thought|(?:ge)?(?:meint|schrieben|beten))\b"
)
"""What ends words behind which somebody else is heard: "the boss says, close Word"."""
_ALTHOUGH: Final = word_set("obwohl obgleich although though whereas wohingegen")
_MARKS: Final = ",–—:("
_WHEN: Final = frozenset({"date", "time"})
_SLOT_WORDS: Final = word_set("of von vom from on by at am um subject betreff thema copy kopie cc")
"""Words of what goes on with an order: "…, the one of Anna", "…, Betreff Preise"."""
_MEANWHILE: Final = re.compile(r"(?i)\b(?:derweil\w*|inzwischen|unterdessen|währenddessen|meanwhile|in the meantime)\b")
_WILL: Final = re.compile(r"(?i)['’]ll\b|\b(?:will|shall|werd\w*|wird)\b")
_TELLS: Final = frozenset({"write", "tell", "reply"})
_THEN: Final = word_set("dann danach then afterwards erst")
_OBJECTS: Final = word_set(
    "es ihn das die den it them this that these those diese dieses diesen dieser beide both alle all dort there da"
)
_PERSONS: Final = word_set("ihm ihr ihnen him her them")
_POINTING: Final = word_set("this that these those diese dieses diesen dieser diesem")
_TOWARDS: Final = word_set("an to für fuer for mit with zu bei")
_GENERIC: Final = word_set(
    """
    mail mails email emails e-mail e-mails nachricht nachrichten message messages seite page datei file ding teil
    zeug papier
    thing things stuff one kalender calendar diary agenda postfach posteingang mailbox inbox internet web net netz
    online
    """
)
"""Nouns that say nothing of what is meant."""
_NEW: Final = ("neue", "neuste", "ungelesen", "new", "unread", "latest")
_NOUNS: Final = ("N", "CARD")
_BEFORE_NOUNS: Final = ("N", "ADJ", "AJ", "CARD", "CRD")
_THINGS: Final = frozenset({"file", "url", "address", "quoted", "date", "time", "amount"})
_LISTED: Final = 2
_LIST: Final = re.compile(r"(?:^|\n|\s)(?:[*•]|\d[.)]|[a-e]\))\s")


class Said(NamedTuple):
    """What of a message is addressed to us, and what is told beside it."""

    text: str
    beside: tuple[str, ...] = ()
    refers: bool = False
    """Its words may mean what is told beside: "Mrs Ogden rang, email her"."""


def without_background(text: str) -> Said:
    """Return a message without what is only told around its orders; as it is where nothing surely is."""
    if (
        text.count(" ") < _SHORTEST
        or len(text) > _LONGEST
        or _LIST.search(text)
        or dictation(text)[1] is not None
        or only_informs(text)
        or announced(text)
    ):
        return Said(text)
    pieces = pieces_of(text)
    kinds = kinds_of(pieces, text, language_of(text))
    if len(pieces) < _LISTED or Kind.ORDER not in kinds:
        return Said(text)
    first = pieces[kinds.index(Kind.ORDER)]
    if correcting(text[first.start : first.end]) is not None:
        return Said(text)
    left = _left_out(pieces, kinds, text)
    if not left:
        return Said(text)
    kept = [place for place in range(len(pieces)) if place not in left]
    beside = tuple(_run_text(pieces, run, text) for run in _runs(sorted(left)))
    if sum(len(pieces[place].tokens) for place in left) < _FEW_WORDS:
        return Said(text)
    orders = [pieces[place] for place in kept if kinds[place] in {Kind.ORDER, Kind.OPEN}]
    return Said(_put_together(pieces, kept, text), beside, _refers(orders))


def as_in_whole(addressed: Orders, whole: Orders) -> Orders:
    """Return the orders that were read in what is addressed to us, with the slots that the whole message gives them.

    Where they cannot be understood by themselves, or the whole has as many, those of the whole.
    """
    left = list(whole.parts)
    if len(left) == len(addressed.parts) or all(map(unread, addressed.parts)):
        return whole
    parts = list[OrderPart]()
    for part in addressed.parts:
        same = next((one for one in left if one.routed.name == part.routed.name), None)
        if same is not None:
            left.remove(same)
            parts.append(part._replace(text=same.text, routed=same.routed, own=same.own, said=same.said))
        else:
            parts.append(part)
    return addressed._replace(parts=tuple(parts))


def unread(part: OrderPart) -> bool:
    """Whether nobody knows what an order wants or of what, so that what is told beside it may say so."""
    if part.routed.name == UNKNOWN:
        return not part.routed.unconfigured and not part.routed.refused
    return not part.routed.slots and part.routed.name != "read_mail"


def _left_out(pieces: Sequence[Piece], kinds: Sequence[Kind], text: str) -> set[int]:
    """Return the places of the pieces that are only told."""
    first = kinds.index(Kind.ORDER)
    fills = any("fill" in piece.words.senses for piece, kind in zip(pieces, kinds, strict=True) if kind is Kind.ORDER)
    orders = [one for piece, kind in zip(pieces, kinds, strict=True) if kind is Kind.ORDER for one in piece.tokens]
    beside = [
        kind in _BESIDE
        and not (fills and any(one.kind == "amount" for one in piece.tokens))
        and (_allows(piece, orders, text) if place < first else _only_tells(piece, kind, orders, text))
        for place, (piece, kind) in enumerate(zip(pieces, kinds, strict=True))
    ]
    found = set[int]()
    for _, group in groupby(range(len(pieces)), key=lambda place: pieces[place].sentence):
        places = list(group)
        after = pieces[places[-1] + 1] if places[-1] + 1 < len(pieces) else None
        if not any(kinds[place] is Kind.ORDER for place in places):
            if all(beside[place] for place in places) and _tells(pieces, kinds, places, after):
                found |= {*places}
            continue
        for run in _between(kinds, places):
            if all(beside[place] for place in run) and _may_go(pieces, kinds, run, text):
                found |= {*run}
    return found


def _only_tells(piece: Piece, kind: Kind, orders: Sequence[Token], text: str) -> bool:
    """Whether a piece behind an order neither may change it nor may say when, whom or which; `orders` are its words."""
    said = text[piece.start : piece.end]
    if kind is Kind.REASON and piece.tokens[0].key not in _ALTHOUGH:
        return True
    if may_change(said) or _names_any(piece, orders):
        return False
    when = any(one.has("noun", "appointment") for one in orders) and not any(one.kind in _WHEN for one in orders)
    return not (when and any(one.kind in _WHEN for one in piece.tokens)) and not _goes_on_with_order(piece, said)


def _allows(piece: Piece, orders: Sequence[Token], text: str) -> bool:
    """Whether a piece before the orders surely forbids none of them."""
    return not may_forbid(text[piece.start : piece.end], names_ordered=_names_any(piece, orders))


def _names_any(piece: Piece, orders: Sequence[Token]) -> bool:
    """Whether a piece names somebody whom the orders name: "Tom", "Tom's"."""
    named = {one.key for one in orders if one.is_name} - SUBJECTS
    return any(one.text[:1].isupper() and one.key.partition("'")[0] in named for one in piece.tokens)


def _goes_on_with_order(piece: Piece, said: str) -> bool:
    """Whether behind the last mark of a piece what may say when, whom or which stands without a verb: "…, at four"."""
    mark = max(map(said.rfind, _MARKS))
    last = [place for place, one in enumerate(piece.tokens) if one.start > piece.start + mark]
    if mark < 0 or any(piece.tags[place].startswith("V") for place in last):
        return False
    return any(_may_be_ours(piece.tokens[place]) or piece.tokens[place].key in _SLOT_WORDS for place in last)


def _tells(pieces: Sequence[Piece], kinds: Sequence[Kind], places: Sequence[int], after: Piece | None) -> bool:
    """Whether a sentence in which nothing is addressed to us only tells, rather than says when or about what."""
    many = {kinds[place] for place in places}
    if many <= {Kind.FRAGMENT}:
        many_marks = sum(pieces[place].listed for place in places) > _LISTED
        return many_marks and not any(_may_be_ours(one) for place in places for one in pieces[place].tokens)
    if not many & {Kind.TOLD, Kind.REASON}:
        return False
    return Kind.CONDITION not in many or after is None or after.tokens[0].key not in _THEN


def _may_be_ours(token: Token) -> bool:
    """Whether a word without a verb may say when, whom or which: "Meeting, 21 January, Mr Whitlock"."""
    return token.kind in _THINGS or token.key in _TOWARDS | {"in", "into", "auf"}


def _between(kinds: Sequence[Kind], places: Sequence[int]) -> Iterator[list[int]]:
    """Yield the pieces before, between and behind the orders of a sentence, without those that describe these."""
    run, describes = list[int](), False
    for place in places:
        kind = kinds[place]
        if kind is Kind.ORDER or (describes and kind is Kind.RELATIVE):
            if run:
                yield run
            run, describes = [], True
            continue
        describes = False
        run.append(place)
    if run:
        yield run


def _may_go(pieces: Sequence[Piece], kinds: Sequence[Kind], run: list[int], text: str) -> bool:
    """Whether what stands beside an order in its sentence surely only tells."""

    def _said(place: int) -> str:
        return text[pieces[place].start : pieces[place].end]

    while run and kinds[run[0]] is Kind.FRAGMENT and not _is_filler(pieces[run[0]]):
        run.pop(0)
    filled = next((at for at, place in enumerate(run) if kinds[place] is not Kind.FRAGMENT), 0)
    if not run or kinds[run[filled]] not in {Kind.TOLD, Kind.REASON}:
        return False
    if any(kinds[place] is Kind.CONDITION and not _belongs(pieces, kinds, place, _said(place - 1)) for place in run):
        return False
    before, after = run[0] - 1, run[-1] + 1
    leads = after < len(pieces) and pieces[after].sentence == pieces[run[0]].sentence
    if leads and (
        pieces[after].mark == ":"
        or kinds[run[-1]] is Kind.CONDITION
        or _REPORTS.search(text[pieces[run[-1]].start : pieces[run[-1]].end])
    ):
        return False
    if before < 0 or pieces[before].sentence != pieces[run[0]].sentence:
        return True
    told = any(pieces[place].words.senses & _TELLS for place in range(before + 1) if kinds[place] is Kind.ORDER)
    first = pieces[run[0]]
    return (
        not told
        or first.mark in "–—-"
        or all(_MEANWHILE.search(text[pieces[one].start : pieces[one].end]) for one in run)
    )


def _is_filler(piece: Piece) -> bool:
    """Whether a piece without a verb says nothing: "und ja"."""
    return bool(piece.joined) and all(one.has("adverbs") or one.key in {"ja", "yes", "ok"} for one in piece.tokens[1:])


def _belongs(pieces: Sequence[Piece], kinds: Sequence[Kind], place: int, before: str) -> bool:
    """Whether a condition surely is one of what is told before it, not of the order."""
    own = bool(pieces[place].words.keys & I_WE)
    return not pieces[place].mark or _WILL.search(before) is not None or (own and kinds[place - 1] is Kind.REASON)


def _runs(places: Sequence[int]) -> Iterator[list[int]]:
    """Yield places that follow each other."""
    for _, group in groupby(enumerate(places), key=lambda one: one[1] - one[0]):
        yield [place for _, place in group]


def _run_text(pieces: Sequence[Piece], run: Sequence[int], text: str) -> str:
    return text[pieces[run[0]].start : pieces[run[-1]].end]


def _put_together(pieces: Sequence[Piece], kept: Sequence[int], text: str) -> str:
    """Return the words of the pieces that are kept, with the marks between them."""
    said, last = "", -1
    for place in kept:
        piece = pieces[place]
        start = piece.start
        if (
            place != last + 1
            and piece.joined in AND | THEREFORE
            and (not said or pieces[last].sentence != piece.sentence)
        ):
            start = piece.tokens[1].start if len(piece.tokens) > 1 else start
        if said and place == last + 1:
            said += text[pieces[last].end : start]
        elif said:
            said += ", " if pieces[last].sentence == piece.sentence else f"{_mark(pieces, last, text)} "
        said += text[start : piece.end]
        last = place
    return said + _mark(pieces, last, text)


def _mark(pieces: Sequence[Piece], place: int, text: str) -> str:
    """Return the mark that ends the sentence of a piece."""
    while place + 1 < len(pieces) and pieces[place + 1].sentence == pieces[place].sentence:
        place += 1
    mark = text[pieces[place].end : pieces[place].end + 1]
    return mark if mark in {"!", "?"} else "."


def _refers(orders: Sequence[Piece]) -> bool:
    """Whether orders may mean what was told before: a pronoun has no noun before it, or they name nothing."""
    named, person, things = False, False, 0
    for piece in orders:
        names = False
        for place, token in enumerate(piece.tokens):
            if token.key in PLEASE | _GENERIC:
                continue
            if _names(piece, place):
                named = True
                names = names or token.is_name
                things += not any(one.key in _TOWARDS for one in piece.tokens[max(place - 3, 0) : place])
            elif _is_pronoun(piece, place):
                out_of_it = place > 0 and piece.tokens[place - 1].has("prepositions") and token.key not in _PERSONS
                if out_of_it or not (person if token.key in _PERSONS else named):
                    return True
        person = person or names
    return not things


def _names(piece: Piece, place: int) -> bool:
    """Whether a word names something, or says that it is what is new that is meant."""
    token, tag = piece.tokens[place], piece.tags[place]
    if token.is_verb and (place == 0 or tag.startswith("V")):
        return False
    return token.kind in _THINGS or tag.startswith(_NOUNS) or token.has("noun") or token.key.startswith(_NEW)


def _is_pronoun(piece: Piece, place: int) -> bool:
    """Whether a word stands for something that was named before, or points at it."""
    token, after = piece.tokens[place], piece.tokens[place + 1] if place + 1 < len(piece.tokens) else None
    if token.key not in _OBJECTS | _PERSONS and token.text != "sie":
        return False
    if token.key in _POINTING:
        return after is None or after.kind not in {"date", "time"}
    noun = after is not None and (piece.tags[place + 1].startswith(_BEFORE_NOUNS) or after.has("noun"))
    return not (noun or (after is not None and after.kind not in {"mark", "word"}))
