"""Says when and with whom an appointment is, and what about."""

import re
from typing import Final

from scheduler.core.slot_order import ABOUT, FOR, GENITIVE, TO, WITH, Order, after_verb, is_empty, is_person, on_screen
from scheduler.core.slot_persons import person_meant, pronoun_of_person
from scheduler.core.slot_tokens import TITLES, Chunk
from scheduler.core.slot_words import slot_words

_TOGETHER: Final = re.compile(r"\s+(?:in|together|zusammen)\b", re.IGNORECASE)
_OVER: Final = re.compile(
    r"gestern|vorgestern|letzte|vorige|vergangene|heut$|yesterday|last |past |the other", re.IGNORECASE
)
_PLAIN_MEETINGS: Final = slot_words("plain_meetings")


def create_appointment(order: Order) -> None:
    for kind in ("date", "time"):
        times = order.times(kind)
        for one in [*(one for one in times if not _is_over(one)), *times]:
            order.fill(kind, one)
    for one in list(order.free()):
        if one.noun("application") and one.prep in {"in", "im", "ins", "to", "into", "on"}:
            order.take(one)
    _meets_whom(order)
    _about_what(order)
    for one in list(order.free()):
        if _plain_meeting(one):
            order.take(one)
    _invited(order)
    if "participants" not in order.filled and (token := pronoun_of_person(order.text, invites=True)) is not None:
        person = person_meant(token.key, order.whole[: token.start])
        order.filled["participants"] = [] if person is None else [person]
    if "title" not in order.filled:
        for one in order.free():
            meant = not is_empty(one) and not on_screen(one)
            if meant and (not one.prep or (one.prep in FOR and not is_person(one))):
                order.fill("title", one)
                break


def _is_over(chunk: Chunk) -> bool:
    """Whether a day has been: it is told of what was before."""
    return _OVER.match(chunk.tokens[0].text) is not None


def _meets_whom(order: Order) -> None:
    """Fill participants with who stands after "mit", or whose meeting it is ("a meeting of the committee")."""
    for place, one in enumerate(order.chunks[1:], 1):
        before = order.chunks[place - 1]
        owns = one.prep == "of" or (not one.prep and one.det in GENITIVE)
        if one.kind == "np" and one.near and owns and before.kind == "np" and _plain_meeting(before):
            order.fill("participants", one)
    for one in list(order.free()):
        if one.prep in WITH and not is_empty(one):
            order.fill("participants", one, more=True)


def _about_what(order: Order) -> None:
    for one in list(order.free()):
        if one.prep in ABOUT | {"namens", "als"} and not _plain_meeting(one):
            order.fill("title", one)
            break
    for one in list(order.free()):
        named = not is_person(one) and not is_empty(one) and not on_screen(one)
        if one.prep in FOR and named and "title" not in order.filled:
            order.fill("title", _headed(order, one))
    for one in list(order.free()):
        if not one.prep and one.noun("appointment") and not _plain_meeting(one) and not is_person(one):
            order.fill("title", one)


def _headed(order: Order, chunk: Chunk) -> Chunk:
    """Return what "für" goes on, where that is no plain meeting: "der TÜV für den Transporter"."""
    place = order.place_of(chunk)
    before = order.chunks[place - 1] if place and chunk.near else chunk
    heads = before.kind == "np" and not before.prep and before.det and order.is_free(before)
    plain = not heads or _plain_meeting(before) or is_person(before) or is_empty(before) or on_screen(before)
    return chunk if plain else before


def _invited(order: Order) -> None:
    """Fill participants with who is invited or shall come, where nobody stands after "mit"."""
    invites = order.verbs("invite") or order.said({"ein", "einladung", "einladen"})
    if "participants" not in order.filled:
        for one in list(order.free()):
            titled = one.noun("person_title") or any(token.key.strip(".") in TITLES for token in one.tokens)
            if not one.prep and is_person(one) and (invites or titled):
                order.fill("participants", one, more=True)
    if "participants" not in order.filled and order.verbs("invite"):
        for one in list(order.free()):
            if not one.prep and one.det and not one.noun("appointment") and not is_empty(one):
                order.fill("participants", one)
    for one in list(order.free()):
        if one.prep in TO and is_person(one):
            order.fill("participants", one, more=True)
    for one in list(order.free()):
        if one.prep in FOR and is_person(one) and "participants" not in order.filled:
            order.fill("participants", one)
    titled = "title" in order.filled
    if "participants" not in order.filled:
        for one in list(order.free()):
            together = _TOGETHER.match(order.text, one.end) is not None
            if not one.prep and after_verb(order, one) and (together or (titled and not is_empty(one))):
                order.fill("participants", one)


def _plain_meeting(chunk: Chunk) -> bool:
    words = [token.key for token in chunk.content]
    return (
        bool(words)
        and words[-1] in _PLAIN_MEETINGS
        and (len(words) == 1 or all(not token.text[:1].isupper() for token in chunk.content[:-1]))
    )
