"""Says by what mails are looked for: who wrote them, what about, when."""

import re
from typing import Final

from scheduler.core.slot_order import (
    ABOUT,
    FROM,
    GENITIVE,
    OUT_OF,
    Order,
    has_role,
    is_empty,
    is_mail,
    is_person,
    is_thing,
    on_screen,
    owner_of,
)
from scheduler.core.slot_times import times_in
from scheduler.core.slot_tokens import Chunk
from scheduler.core.slot_words import slot_words

_ASKED: Final = re.compile(
    r"\b(?:has|(?<![.?!,] )have|did|hat|haben|hatte|ob|if|whether)\s+(?:(?:mir|uns|me|us|sich|denn|eigentlich|schon|mal|already|auch|da|der|die|das) ?)*$",
    re.IGNORECASE,
)

_THE_MAIL: Final = r"\b(?:\w*mail|nachricht|message)s?\b[^.;:!?]{0,60}?"
_UNTIL: Final = r"(?=[,.;:!?]|$| (?:und|and) (?:dann|danach|then|bitte|please|öffne|open|schick|send|lies|read|zeig|show|leite|forward)\b)"
_TELLS_THAT: Final = re.compile(
    rf"(?i){_THE_MAIL},? (?:(?:wo|worin|in (?:der|dem)|where|in which|wherein) [^.;:!?]{{0,40}}?"
    r"(?:schreibt|schreiben|sagt|meint|geschrieben hat|mitteilt|bestätigt|behauptet|steht|says?|said|wrote|writes|told us"
    r"|mentioned|confirmed|claims|claimed|explains|explained),?"
    rf"|saying|that says|which says) ?(?:dass|daß|that) (?P<query>[^,.;:!?]{{3,120}}?){_UNTIL}"
)
_TELLS_WHAT: Final = re.compile(
    rf"(?i){_THE_MAIL},? (?:wo|worin|in (?:der|dem)|where|in which|wherein) (?P<query>[^,.;:!?]{{3,120}}?){_UNTIL}"
)
_SENT: Final = re.compile(
    r"(?i)\s*(?:has |have |had )?(?:sent|wrote|forwarded|attached|emailed|mailed|written)?(?: me| us| over)?\s+(?:(?:das|was|etwas|something|that) (?:mit|wegen|zu|zum|zur|von|vom|about) )?(?:the |a |an |die |den |dem |das |der )?"
)
_AUXILIARY: Final = re.compile(
    r"(?i)\s+(?:(?:mit|zu|weiter|an)?(?:geschickt|gesendet|gesandt|gemailt|geschrieben|gehängt)\s+)?(?:hat|haben|hatte|hatten|schickt|schreibt|sendet)$"
)
_ONLY_IT: Final = re.compile(r"(?i)\s*(?:(?:das|es|dies|sie|it|this|that|them|mir|uns|me|us)\s*)*")
_SHORTEST_QUERY: Final = 3
_ROLES: Final = slot_words("roles")
_NOT_WRITING: Final = ("find", "show", "fill", "read", "open", "lookup", "fetch", "need", "close")


def mails(order: Order) -> None:
    """Fill what a mail is looked for by."""
    for one in order.times("date"):
        order.fill("date", one)
    for one in list(order.free()):
        if one.noun("folder") and one.prep in OUT_OF:
            order.fill("folder", one)
    for one in list(order.free()):
        if is_mail(one) or one.noun("mailbox"):
            owner = owner_of(one)
            if owner is not None:
                slot = "date" if next(times_in(order.text[slice(*owner)]), None) else "sender"
                order.filled.setdefault(slot, [owner])
            order.take(one)
    _genitive_sender(order)
    for place, one in enumerate(order.chunks):
        if (
            one.kind == "np"
            and one.prep in FROM
            and order.is_free(one)
            and not is_empty(one)
            and "sender" not in order.filled
        ):
            before = order.chunks[place - 1] if place and one.near else one
            if (
                one.prep == "vom"
                and len(one.content) == 1
                and (one.content[0].is_verb or one.content[0].key.endswith("ieren"))
            ):
                continue
            if before is not one and not is_mail(before) and before.kind == "np" and not _may_have_sender(before):
                continue
            belongs = before.kind == "np" and not before.prep and _is_somebody(before) and not is_mail(before)
            order.fill("sender", before if belongs else one)
    _writer(order)
    for one in list(order.free()):
        if one.prep in ABOUT | {"um"} and "subject" not in order.filled and not on_screen(one):
            order.fill("subject", one)


def _is_somebody(chunk: Chunk) -> bool:
    return is_person(chunk) or has_role(chunk.content[-1])


def _may_have_sender(chunk: Chunk) -> bool:
    """Whether what stands before "von" may be a mail, or something in one; hands are not."""
    return is_person(chunk) or is_thing(chunk) or is_empty(chunk) or bool(chunk.prep) or bool(chunk.det) or chunk.noun()


def _genitive_sender(order: Order) -> None:
    for place, one in enumerate(order.chunks[1:], 1):
        before = order.chunks[place - 1]
        if (
            one.kind == "np"
            and one.near
            and not one.prep
            and one.det in GENITIVE
            and before.kind == "np"
            and is_mail(before)
        ) and "sender" not in order.filled:
            order.fill("sender", one, whole=False)


def _writer(order: Order) -> None:
    """Fill sender with who stands as the subject of a clause that tells what was written."""
    if "sender" in order.filled:
        return
    for place, one in enumerate(order.chunks):
        asked = _ASKED.search(order.text[: one.start]) is not None
        if one.kind != "np" or one.prep or is_empty(one) or is_mail(one) or one.noun("mailbox"):
            continue
        if is_thing(one) and not (asked and one.content[0].key in _ROLES):
            continue
        following = [after for after in order.chunks[place + 1 :][:4] if after.clause == one.clause]
        if asked or any(
            after.kind == "verb" and not any(after.tokens[0].has("verb", sense) for sense in _NOT_WRITING)
            for after in following
        ):
            order.fill("sender", one)
            return
    for one in order.free():
        if (
            one.prep
            or is_empty(one)
            or is_mail(one)
            or is_thing(one)
            or one.noun("mailbox")
            or not (is_person(one) and one.noun("person_title"))
        ):
            continue
        order.fill("sender", one)
        return


def _says_what(order: Order) -> None:
    """Fill query with what a mail says: "die Mail, wo er schreibt, dass die Decke hält", "in which Aviva sent it"."""
    told = _TELLS_THAT.search(order.text) or _TELLS_WHAT.search(order.text)
    if told is None or "subject" in order.filled:
        return
    start, end = told.span("query")
    for sender in order.filled.get("sender", []):
        start = max(start, sender[1]) if sender[0] <= end else start
    late = _AUXILIARY.search(order.text, start, end)
    sent = _SENT.match(order.text, start, late.start() if late is not None else end)
    start, end = sent.end() if sent is not None else start, late.start() if late is not None else end
    if len(order.text[start:end].strip()) < _SHORTEST_QUERY or _ONLY_IT.fullmatch(order.text, start, end):
        return
    order.filled.setdefault("query", [(start, end)])
    for one in list(order.free()):
        if start <= one.start < end:
            order.take(one)


def search_mail(order: Order) -> None:
    mails(order)
    _says_what(order)
    for one in list(order.free()):
        if one.prep in {"nach", "for", "mit", "with"} and not is_empty(one) and not on_screen(one):
            order.fill("query", one)
    for one in list(order.free()):
        if one.prep in FROM and one.clause and "query" not in order.filled and not is_empty(one):
            order.fill("query", one)
    if not order.filled.keys() & {"sender", "subject", "query"}:
        for one in order.free():
            if not is_empty(one) and not on_screen(one):
                order.fill("query", one)
                return
