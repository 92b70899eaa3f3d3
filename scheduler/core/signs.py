"""What a clause speaks of: verbs by sense, things by kind, where to and where from."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scheduler.core.letters import word_set
from scheduler.core.phrases import Phrase, Token, phrases_of
from scheduler.core.slot_finder import TO, is_place, is_source
from scheduler.core.word_forms import INFINITIVE
from scheduler.core.word_kinds import OBLIGES
from scheduler.core.words import Words

_NO_APPOINTMENT: Final = word_set(
    """
    before vor nach after bis until vom from of aus
    """
)


_MEANS: Final = frozenset({"per", "via", "by", "als", "as"})


_WHENCE: Final = frozenset({"aus", "ausm", "from", "out", "off", "vom"})


_PDF: Final = re.compile(r"(?i)\bpdfs?\b|pdf-")


SCREEN: Final = frozenset({"bildschirm", "screen", "monitor", "schirm", "display"})


HERE: Final = word_set(
    """
    rechner laptop computer festplatte machine pc disk platte lokal locally notebook
    """
)


class Signs(NamedTuple):
    """What a clause speaks of."""

    senses: frozenset[str]
    nouns: frozenset[str]
    kinds: frozenset[str]
    keys: frozenset[str]
    document: bool
    place: bool
    to: bool
    me: bool
    person: bool
    name: bool
    """An object that is a bare name and nothing known: perhaps an application."""
    by_mail: bool
    told: bool
    pdf: bool
    thing: bool
    """An object with an article that is no person and nothing known: perhaps a document."""
    app: bool
    """An application is what it is about, not where something is."""
    source: bool
    """Something it is got from: "aus dem Bericht", "out of the survey"."""
    particle: bool = False
    whence: bool = False
    """Something or somebody it comes from is named: "from sage"."""


def signs_of(words: Words, *, told: bool, extra: frozenset[str] = frozenset()) -> Signs:
    """Return the signs of a clause; `extra` holds kinds that a pronoun stands for."""
    tokens = words.tokens
    phrases = [one for one in phrases_of(tokens) if one.tokens]
    nouns = _nouns(words, phrases)
    kinds = frozenset(token.kind for token in tokens)
    objects = [one for one in phrases if not one.before or one.before in {"nach", "for", "von", "vom", "of"}]
    document = "document" in nouns or "file" in kinds or "document" in extra
    place = "place" in extra or _has_path(tokens) or any(is_place(one) or _is_site(one) for one in phrases)
    source = any(
        one.before in {"aus", "out", "from", "vom", "von", "off", "ausm", "of"}
        and (one.noun("document", "table") or one.kind("file"))
        for one in phrases
    )
    place = place or (
        bool(words.senses & {"fetch", "download"}) and document and any(is_source(one) for one in phrases)
    )
    carries = bool(words.senses & {"send", "forward", "arrive"}) or bool(words.keys & {"raus", "rüber", "rueber"})
    carries = carries or (not words.verbs and bool(words.keys & OBLIGES))
    to = (
        any(
            (one.before in TO or (carries and one.before in {"zu", "zum", "zur"} and _is_person_like(one)))
            and not is_place(one)
            and _is_goal(one)
            for one in phrases
        )
        or "address" in kinds
    )
    return Signs(
        senses=(words.senses | _nominal(words) | _light(words)) - {"idle"},
        nouns=frozenset(nouns) | extra,
        kinds=kinds,
        keys=words.keys,
        document=document,
        place=place,
        to=to,
        me=any(token.has("self") for token in tokens),
        person=any(_is_person(one) for one in phrases),
        name=any(_is_bare_name(one, words) for one in objects) or "name" in extra,
        by_mail=any(one.before in _MEANS | {"by"} and one.noun("mail") for one in phrases),
        told=told,
        pdf=any(_PDF.search(one.text) for one in tokens if one.kind == "word"),
        particle=words.particle,
        thing=any(_is_thing(one) for one in objects),
        app=any(not one.before and one.noun("application", "app_word") for one in phrases) or "application" in extra,
        source=source,
        whence=any(one.before in _WHENCE and not one.kind("date") and not _is_person(one) for one in phrases),
    )


def _has_path(tokens: Sequence[Token]) -> bool:
    """Whether the folder of a file stands before its name: "V:\\Verkauf\\Liste.xlsx"."""
    return any(
        file.kind == "file" and "\\" in path.text and path.end + 1 == file.start for path, file in pairwise(tokens)
    )


def _nouns(words: Words, phrases: list[Phrase]) -> set[str]:
    """Return the kinds of things that are named, by what means aside ("per Mail")."""
    aside = {token.start for one in phrases if one.before in _NO_APPOINTMENT for token in one.tokens}
    means = {token.start for one in phrases if one.before in _MEANS for token in one.tokens}
    within = {token.start for one in phrases if one.before and one.before != "self" for token in one.tokens}
    named = {one.start for one, after in pairwise(words.tokens) if after.has("noun", "portal")}  # "online banking"
    nouns = {
        m.sense
        for t in words.tokens
        for m in t.meanings
        if m.kind == "noun"
        and t.start not in means
        and not (m.sense == "appointment" and t.start in aside)
        and not (m.sense == "travel" and t.start in within)
        and not (m.sense == "web" and t.start in named)
        and not _is_verb(t, words)
    }
    mail = any(t.has("noun", "mail") and not t.has("noun", "document") for t in words.tokens)
    return nouns if mail or words.senses & {"write", "send", "reply"} else nouns - {"mail"}


def _is_verb(token: Token, words: Words) -> bool:
    return any(one is token for _, one, _ in words.verbs)


def _nominal(words: Words) -> frozenset[str]:
    """Return what nouns of doing at the beginning say: "Versand des Vertrags an Anna"."""
    found, before = set(), None
    asked = "um" in words.keys
    for place, token in enumerate(words.content):
        if (place < 4 and (before is None or not before.has("determiners"))) or (
            asked and before is not None and before.key in {"um", "und"}
        ):
            found |= {one.sense for one in token.meanings if one.kind == "nominal"}
        if before is not None and before.key == "um" and token.text[:1].isupper():
            found |= {one.sense for one in token.meanings if one.form == INFINITIVE and not one.apart}
        before = token
    return frozenset(found)


def _light(words: Words) -> frozenset[str]:
    """Return what a noun says that a verb of little meaning carries: "have a look", "einen Blick werfen"."""
    found = {"show"} if words.keys & {"look", "blick", "peek", "glance"} else set()
    if any(one.key == "look" and after.key == "for" for one, after in pairwise(words.tokens)):
        found = {"find"}
    if words.keys & {"wissen", "know"} and words.keys & {"lass", "lasst", "lassen", "let"}:
        found.add("tell")
    if "give" in words.senses and words.keys & _WORD_OF_IT:
        found.add("tell")
    if not words.verbs and words.keys & OBLIGES and words.keys & _DIRECTIONS:
        found.add("belong")
    return frozenset(found)


_WORD_OF_IT: Final = frozenset({"bescheid", "heads", "heads-up", "headsup", "shout", "nudge", "word", "notice"})


_DIRECTIONS: Final = word_set(
    """
    raus rueber rüber weg hin out over off across an to heraus
    """
)


def _is_site(phrase: Phrase) -> bool:
    return bool(phrase.before) and phrase.before not in TO and phrase.kind("url") is not None


def _is_person(phrase: Phrase) -> bool:
    if phrase.noun("document", "application", "portal", "appointment") and not phrase.noun("person_title"):
        return False
    return (
        phrase.noun("person_title")
        or phrase.kind("address") is not None
        or (phrase.before in {*TO, "mit", "with", "bei", ""} and any(t.is_name for t in phrase.tokens))
    )


def _is_person_like(phrase: Phrase) -> bool:
    return not phrase.noun("document", "application", "portal", "folder", "appointment", "table", "form")


def _is_goal(phrase: Phrase) -> bool:
    """Whether things may be sent there: no verb ("to be sent"), no address of the web, not this machine."""
    first = phrase.tokens[0]
    return not (
        first.has("auxiliary")
        or phrase.kind("url")
        or phrase.noun("folder", "portal", "format", "web")
        or any(one.key in SCREEN | HERE for one in phrase.tokens)
        or (first.is_verb and not first.has("noun"))
    )


def _is_bare_name(phrase: Phrase, words: Words) -> bool:
    kept = [one for one in phrase.tokens if not _is_verb(one, words) and not one.has("adverbs") and one.kind == "word"]
    return (
        0 < len(kept) <= 2
        and all(not one.meanings or one.has("noun", "application") for one in kept)
        and not phrase.before
    )


def _is_thing(phrase: Phrase) -> bool:
    return (
        len(phrase.tokens) > 1
        and phrase.tokens[0].has("determiners")
        and not phrase.noun("person_title", "mail", "mailbox", "application", "appointment", "portal", "travel")
        and not phrase.kind("date")
        and phrase.tokens[-1].key
        not in {"look", "blick", "peek", "glance", "copy", "kopie", "favour", "gefallen", "moment", "minute", "hour"}
    )


def of_no_intent(signs: Signs, intent: str) -> str:
    """Return what is ordered where it is nothing of ours: a journey booked, a window opened; else nothing."""
    travels = "travel" in signs.nouns and not (signs.place or signs.by_mail)
    if travels and signs.senses & {"make", "need", "fetch"} and intent != "fill_form":
        return "book"
    return "physical" if not intent and "physical" in signs.nouns and not (signs.document or signs.app) else ""
