"""Says what of an order to send a mail is whose: recipients, what is sent, the mail that is passed on."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from scheduler.core.slot_order import (
    ABOUT,
    FOR,
    FROM,
    GENITIVE,
    TO,
    Order,
    after_verb,
    fill_places,
    is_empty,
    is_mail,
    is_person,
    is_thing,
    on_screen,
    owner_of,
    place_of,
)
from scheduler.core.slot_persons import person_meant, pronoun_of_person
from scheduler.core.slot_tokens import TITLES, Chunk

_GETS: Final = re.compile(
    r"\s*(?:noch |dringend |also |still |urgently |already |really )*(?:needs?|wants?|has to have|ha(?:s|ve) asked for|asked for|should (?:get|have|receive)|must (?:get|have)|ought to have|is (?:waiting|asking) for|"
    r"are (?:waiting|asking) for|is after|are after|gets?\b|would like|requires?|braucht|brauchen|benötigt|benötigen|bräuchten?|möchten?|kriegt|bekommt|bekommen|wartet|warten|wünscht|verlangt|fragt nach|hätten? gern|erhält|"
    r"hasn['’]t (?:got|had|received)|soll\b[^,;.]* (?:kriegen|bekommen|haben|erhalten))\b",
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    r"\s*(?:told|informed|notified|e-?mailed|reminded|asked|informiert|benachrichtigt|verständigt|angeschrieben)\b",
    re.IGNORECASE,
)
_TO_GET: Final = re.compile(r"\s*to (?:get|have|receive|see)\b", re.IGNORECASE)
_OF_SUBJECT: Final = frozenset({"von", "vom", "of", "fuer", "for", "bei", "in", "im", "mit", "with"})
_SENDS: Final = ("send", "forward", "reply", "write", "tell", "show")
_MARK: Final = re.compile(r"[,.;:!?](?:\s|$)")
_IT: Final = re.compile(
    r"(?<=[.;:!?,] )[^.;:!?]*\b(?P<it>it|them|ihn|sie|es|diesen?|die|den|das)\b(?!')", re.IGNORECASE
)
_PERSONAL: Final = re.compile(r"\b(?:him|her|them|ihm|ihr|ihnen|ihn)\b", re.IGNORECASE)


def send_mail(order: Order) -> None:
    _forwarded(order)
    fill_places(order, ["folder"])
    _recipients(order)
    if "recipient" not in order.filled or not _mail_is_written(order):
        _things_sent(order)
    _about(order)
    _recipients_late(order)


def fetch_and_send(order: Order) -> None:
    for one in list(order.free()):
        if one.prep in {"to", "into"} and one.content[-1].has("noun", "portal"):
            order.fill("portal", one)
    fill_places(order, ["folder", "portal", "application", "url"])
    if not order.filled.keys() & {"folder", "portal", "application", "url"}:
        unknown_place(order)
    _recipients(order)
    _things_sent(order)
    _recipients_late(order)


def _mail_is_written(order: Order) -> bool:
    return (
        order.verbs("write", "reply", "tell")
        and not order.verbs("send", "forward")
        and any(is_mail(one) for one in order.chunks if one.kind == "np")
    )


def _forwarded(order: Order) -> None:
    """Fill sender and subject of a mail that is passed on or answered."""
    if not order.verbs("forward", "reply", "send"):
        return
    for place, chunk in enumerate(order.chunks[:-1]):
        if chunk.kind == "np" and is_mail(chunk) and (chunk.det not in {"eine", "ein", "a", "an", "ne", "einer"}):
            owner = owner_of(chunk)
            if owner is not None:
                order.filled.setdefault("sender", [owner])
            order.take(chunk)
            for after in order.chunks[place + 1 :]:
                if not after.near or after.kind != "np":
                    break
                if after.prep in FROM or (not after.prep and after.det in GENITIVE):
                    order.fill("sender", after, whole=False)
                    if order.verbs("reply"):
                        order.filled.setdefault("recipient", order.filled["sender"])
                elif after.prep in ABOUT and "sender" in order.filled:
                    order.fill("subject", after, staying=_OF_SUBJECT)
                else:
                    break


def _recipients(order: Order) -> None:
    if _is_told(order):
        return
    _aimed_at(order)
    if "recipient" not in order.filled and _is_spoken_of(order):
        return
    if "recipient" not in order.filled:
        _first(order, lambda one: _is_told_of(order, one))
    if "recipient" not in order.filled:
        _first(order, lambda one: not one.prep and not is_thing(one) and _gets(order, one))
    if "recipient" in order.filled:
        return
    selves = [one for one in order.chunks if one.kind == "self" and one.prep in TO | {""}]
    if selves and not any(one.det == "dem" and not one.prep and not is_mail(one) for one in order.free()):
        token = selves[0].tokens[0]
        order.filled["recipient"] = [(token.start, token.end)]
        return
    _by_case(order)


def _first(order: Order, fits: Callable[[Chunk], bool]) -> None:
    one = next((one for one in order.free() if fits(one)), None)
    if one is not None:
        order.fill("recipient", one)


def _is_spoken_of(order: Order) -> bool:
    """Fill who was spoken of before, where a pronoun says who gets it; nobody, where it is not said here."""
    token = pronoun_of_person(order.text)
    if token is None or not _is_sent(order, token.start, token.end):
        return False
    meant = person_meant(token.key, order.whole[: token.start])
    order.filled["recipient"] = [] if meant is None else [meant]
    return True


def _is_sent(order: Order, start: int, end: int) -> bool:
    """Whether a verb of sending or telling stands beside these words, no mark between."""
    return any(
        one.kind == "verb"
        and any(one.tokens[0].has("verb", sense) for sense in _SENDS)
        and not _MARK.search(order.text[min(end, one.end) : max(start, one.start)])
        for one in order.chunks
    )


def _is_told(order: Order) -> bool:
    """Fill who is told something: "antworte Frau Becker, dass …"."""
    if "body" not in order.filled or not order.verbs("tell", "reply", "write"):
        return False
    before = [one for one in order.free() if one.end <= order.filled["body"][0][0] and (not one.prep or one.prep in TO)]
    spoken = [one for one in before if not is_mail(one) and not is_empty(one)]
    if not spoken or not (is_person(spoken[-1]) or spoken[-1].prep) or not after_verb(order, spoken[-1]):
        return False
    order.fill("recipient", spoken[-1])
    return True


def _aimed_at(order: Order) -> None:
    """Fill who stands after "an/to", mail addresses, and with whom something is shared."""
    to = [one for one in order.free() if one.prep in TO and not on_screen(one)]
    documents = {id(one) for one in order.free() if is_thing(one) and not one.prep}
    in_clause = Counter(one.clause for one in to)
    for one in to:
        before = order.chunks[order.place_of(one) - 1]
        if in_clause[one.clause] > 1 and one.near and id(before) in documents:
            continue  # "den Brief an das Finanzamt an Anna schicken"
        order.fill("recipient", one, more=True)
    for one in list(order.free()):
        if one.of_kind("address") and one.prep not in FROM:
            order.fill("recipient", one, more=True)
    if order.said({"share", "sharing", "teile", "teilen", "teil"}):
        for one in list(order.free()):
            if one.prep in {"with", "mit"} and not is_thing(one):
                order.fill("recipient", one)


def _is_told_of(order: Order, chunk: Chunk) -> bool:
    told = not chunk.prep and _TOLD.match(order.text, chunk.end)
    return bool(told or (chunk.prep == "for" and _TO_GET.match(order.text, chunk.end)))


def _gets(order: Order, chunk: Chunk) -> bool:
    return not is_empty(chunk) and bool(chunk.content) and _GETS.match(order.text, chunk.end) is not None


def _by_case(order: Order) -> None:
    """Find who gets it among the phrases without preposition: by case, by what they are, by their order."""
    bare = [one for one in order.free() if not one.prep and not is_empty(one) and not is_mail(one)]
    persons = [one for one in bare if is_person(one) and not is_thing(one)]
    dative = [
        one
        for one in bare
        if one.det in {"dem", "meinem", "unserem", "unserm", "einem", "deinem", "ihrem", "seinem", "nem"}
        and not one.of_kind("file")
    ]
    dative += [one for one in bare if one.content[0].key == "allen"]
    dative += [
        one
        for one in bare
        if one.det in {"der", "unserer", "meiner", "ihrer", "seiner", "den", "unseren", "meinen"}
        and not is_thing(one)
        and _no_genitive(order, one)
    ]
    for rank in (dative, [one for one in persons if one.det not in {"ein", "eine"}]):
        if rank:
            order.fill("recipient", _named(order, rank[0]))
            return
    verb = next((place for place, one in enumerate(order.chunks) if one.kind == "verb"), None)
    if verb is not None:
        after = [one for one in bare if order.place_of(one) > verb and not is_thing(one)]
        others = [one for one in bare if one not in after[:1]]
        mails = [one for one in order.chunks if one.kind == "np" and is_mail(one)]
        if after and (others or mails or "body" in order.filled or order.verbs("tell", "reply", "write")):
            order.fill("recipient", after[0])


def _named(order: Order, chunk: Chunk) -> Chunk:
    """Return the name in apposition, where there is one: "der Antragstellerin, Frau Wegener"."""
    place = order.place_of(chunk)
    after = order.chunks[place + 1] if place + 1 < len(order.chunks) else None
    if (
        after is None
        or after.kind != "np"
        or after.prep
        or after.clause != chunk.clause + 1
        or order.text[chunk.end : after.start].strip() != ","
    ):
        return chunk
    if (
        after.tokens[0].key.strip(".") in TITLES
        and order.text[after.end : after.end + 1] == ","
        and chunk.tokens[0].key.strip(".") not in TITLES
    ):
        order.take(chunk)
        return after
    return chunk


def _no_genitive(order: Order, chunk: Chunk) -> bool:
    place = order.place_of(chunk)
    before = order.chunks[place - 1] if place else None
    return bool(before is None or not chunk.near or before.kind != "np" or chunk.det not in GENITIVE)


def _things_sent(order: Order) -> None:
    free = [one for one in order.free() if not is_empty(one) and not is_mail(one) and not on_screen(one)]
    bare = [one for one in free if not one.prep]
    after = [one for one in free if one.prep in {"auf", "for", "with", "mit", "um"}]
    for rank in (
        [one for one in free if one.of_kind("file")],
        [one for one in bare if is_thing(one)],
        [one for one in bare if not is_person(one)],
        [one for one in after if is_thing(one)],
        [one for one in bare if one.det] if "recipient" in order.filled else [],
        bare if "recipient" in order.filled and "body" not in order.filled else [],
    ):
        if rank:
            order.fill("document", rank[0])
            for one in rank[1:]:
                before = order.chunks[order.place_of(one) - 1]
                if before.kind == "np" and (one.joined or _listed(order, before, one)):
                    order.fill("document", one, more=True)
            for one in list(order.free()):
                if one.prep in {"samt", "nebst", "mitsamt", "including", "plus", "alongside"}:
                    order.fill("document", one, more=True)
            return
    if "body" not in order.filled and (pronoun := _IT.search(order.text)) is not None:
        spoken = [one for one in free if one.end < pronoun.start() and not is_person(one) and place_of(one) == ""]
        if spoken:
            order.fill("document", spoken[-1])


def _listed(order: Order, before: Chunk, chunk: Chunk) -> bool:
    """Whether only a comma stands between two things with articles: "das Protokoll, die Agenda und das Budget"."""
    return bool(chunk.det and before.det) and order.text[before.end : chunk.start].strip() == "," and is_thing(before)


def _about(order: Order) -> None:
    mails = any(is_mail(one) for one in order.chunks if one.kind == "np")
    for one in list(order.free()):
        if (
            one.prep in ABOUT
            and one.prep != "on"
            and (
                "document" not in order.filled
                or mails
                or one.prep in {"wegen", "bezueglich", "betreffs", "regarding", "concerning"}
            )
        ):
            order.fill("subject", one)
            return


def _recipients_late(order: Order) -> None:
    if "recipient" in order.filled:
        return
    for one in list(order.free()):
        if one.prep in {"bei", "beim", "zu", "zum", "zur", *FOR} and is_person(one):
            order.fill("recipient", one)
            return
    for one in list(order.free()):
        if not one.prep and is_person(one) and not is_thing(one):
            order.fill("recipient", one)
            return
    if _PERSONAL.search(order.text):
        for one in order.chunks:
            owner = owner_of(one) if one.kind == "np" else None
            if owner is not None:
                order.filled["recipient"] = [owner]
                return
        for one in list(order.free()):
            if is_person(one):
                order.fill("recipient", one)
                return


def unknown_place(order: Order) -> None:
    """Fill portal with where something is to be got from, though nobody knows such a place."""
    free = [one for one in order.free() if not on_screen(one) and not is_mail(one)]
    for preps in (
        {"aus", "ausm", "ausn", "out of", "off", "bei", "beim", "auf", "on", "im", "in"},
        {"from", "von", "vom", "at", "via", "ueber"},
    ):
        for one in free:
            if one.prep in preps and not one.of_kind("address", "file") and not is_thing(one):
                named = (one.prep in {"aus", "out of"} and len(one.tokens) == 1 and not one.noun("person_title")) or (
                    not one.det
                    and one.prep in {"aus", "out of", "in", "from"}
                    and one.content[0].text[:1].isupper()
                    and len(one.tokens) == 1
                )
                order.fill("application" if named else "portal", one)
                return
