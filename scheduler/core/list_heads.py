"""Says of the items of a list what each of them orders, by the words over the list.

"Bitte heute noch:" says nothing that the items do not say, "Bitte schließen:" and "Send to Anna:" say the order of
which each item names the thing. What is over a list on a condition, or as notes of others, and what takes an item back,
leaves it doubtful whether anything is to be done; that is asked about. Any other words over a list are read with it, as
a whole.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from scheduler.core.asides import HARMLESS_IF
from scheduler.core.dictation import dictation
from scheduler.core.letters import fold, word_set
from scheduler.core.listed import LONGEST, Item, Listing, listed
from scheduler.core.mood_words import NOT
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.sign_offs import is_greeting, only_polite, speaks_of_earlier
from scheduler.core.taken_back import REFUSALS, all_taken_back, calls_off, holds_off, undoes_a_part
from scheduler.core.word_kinds import ADDRESS, GREETINGS, POLITE
from scheduler.core.words import Words

_SAYS_NOTHING: Final = (
    ADDRESS
    | POLITE
    | GREETINGS
    | word_set(
        """
        bitte mal noch heute heut jetzt gleich kurz schnell eben dann danach nun auch ausserdem sonst
        folgende folgendes folgenden dinge sachen aufgabe aufgaben punkte schritte bitten wuensche anliegen auftraege
        erledigen erledige machen mach mache tun tu todo todos to-do
        to-dos do liste list du sie ihr mir fuer mich uns dich die
        das ein eine einen paar zwei drei vier fuenf sechs sieben acht kleine kleiner kurze wichtige hier ist sind kommt
        kommen ich wir brauche brauchen brauch braeuchte haette haetten gern gerne habe hab was zu in der nach
        dieser reihenfolge einhalten zwingend beachten vormittag nachmittag erbitte wuerde um

        please pls plz kindly the following things thing tasks task jobs job items steps favours favors requests ask
        favour my our for you me us today now i we need want like i'd i've have got ask to a few couple of two
        three four five six here are here's is quick small little just also and next order this sequence
        matters morning afternoon
        there folks in these todo's thanks help with that
        """
    )
)
"""Words over a list that say no more than that it is one of orders."""
_DOUBTFUL: Final = re.compile(
    rf"(?i)\b(?:{NOT}|kein\w*|falls|wenn|sobald|sofern|if|when|once|unless|in case|nie|never|done|did|finished|was|were"
    r"|war|waren|wurden?|hat|hatten?|has|had|schon|bereits|already|notizen|protokoll\w*|agenda|minutes|notes|themen"
    r"|topics|ideen|ideas|vorschl\w+|suggestions|beispiele?|examples?|anleitung\w*|instructions?|how to|rezept|recipe"
    r"|schrieb\w*|wrote|sagt\w*|say|says|said|meint\w*|vielleicht|maybe|perhaps|später|later|optional\w*|eventuell)\b"
    r"|n['’]t\b"
)
"""What over a list may mean that its items are no orders, or none for now."""
_CONDITIONS: Final = re.compile(r"(?i)\s+(?=(?:falls|wenn|sobald|sofern|if|when|once)\b)")
_THINGS: Final = (
    r"programme?n?|anwendungen|apps|dateien|dokumente?n?|unterlagen|sachen|dinge|personen|leute|kolleg\w+|mails|seiten"
    r"|programs?|programmes|applications|files|documents|docs|things|people|folks|colleagues|items|pages|ones|sites"
)
_STANDS_FOR: Final = re.compile(
    r"(?i)(?:\b(?:die|der|den|das|the|all of|each of|jede\w* der) )?"
    r"\b(?:folgende[nsmr]?|diese[nrm]?|following|these)\b"
    rf"(?: (?:{_THINGS}|(?-i:[A-ZÄÖÜ]\w+))\b)?(?: (?:here|hier))?"
)
"""What stands for the items: "die folgenden Programme", "these files"."""
_PARTICLES: Final = word_set("zu auf weg raus runter rueber herunter hoch ab up down shut")
_NEEDS_PERSON: Final = word_set("an to")
_PREPOSITIONS: Final = word_set("an to fuer for from von mit with")
_SENDS: Final = frozenset({"send", "forward"})
_DICTATES: Final = frozenset({"write", "tell", "reply"})
_OF_OTHERS: Final = re.compile(
    r"(?i)(?<!\blet)['’]s (?:tasks?|jobs?|to-?dos?|list)\b"
    r"|\b(?:tasks?|jobs?|to-?dos?|list|aufgaben?|liste) (?:for|of|für|von)"
    r" (?!me\b|you\b|us\b|mich\b|dich\b|uns\b|today\b|heute\b|this\b|now\b|jetzt\b|the\b|den\b|heut\b|diese)"
)
_REMINDS: Final = re.compile(
    r"(?i)\b(?:(?:bitte )?nicht vergessen|don['’]?t forget|vergiss (?:bitte )?nicht|vergessen sie (?:bitte )?nicht"
    r"|remember|denk\w*(?: sie)?(?: bitte)? (?:dran|daran))\b"
)
_TAKES_BACK: Final = re.compile(rf"(?i)\b(?:{NOT}|kein\w*|{REFUSALS}|doch|lieber|except|außer|ausser)\b|n['’]t\b")
_NO_MORE: Final = re.compile(
    r"(?i)\b(?:das (?:ist|war|wär\w*)(?:['’]?s| es)?(?: (?:auch|schon))? ?(?:alles)?|that['’]?s (?:all|it)(?: for now)?"
    r"|mehr (?:ist es )?nicht|sonst nichts|nichts (?:weiter|mehr)|nicht (?:mehr|dringend|eilig)|eilt nicht"
    r"|keine (?:eile|hektik)|kein stress|nothing (?:else|more)|no (?:more|rush|hurry)|not urgent)\b"
)
"""What behind a list ends it, or gives it time."""
_AROUND: Final = " .,;!?"
_FEWEST: Final = 2
_LONGEST_LINE: Final = 80
"""Characters of a line that is an order by itself."""
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_ENDS: Final = " \t\n:–—-"
_NOTHING: Final = re.compile(
    r"(?i)(?:das |it )?(?:entfällt|fällt (?:weg|aus)|erledigt|gestrichen|hat sich erledigt|nichts(?: weiter)?"
    r"|nothing(?: else| further)?|dropped|cancelled|skip(?: (?:it|this))?|n/a|(?:already )?done|-+)[ .!]*"
)
"""What an item says that orders nothing."""


class Request(NamedTuple):
    """A request that a part of a text is by itself. `refers`: it speaks of what the one before it says."""

    text: str
    refers: bool = False


class Requests(NamedTuple):
    """The requests that the items of a list are, with what stands around it.

    `asked`: whether they are orders is doubtful. `left` are the items that are done already. `whole` is all
    of it, without the numbers of its items, and `alone` whether the items alone say what is ordered.
    """

    parts: tuple[Request, ...]
    asked: bool = False
    left: tuple[str, ...] = ()
    whole: str = ""
    alone: bool = True


def requests_of(text: str) -> Requests | None:
    """Return what each item of a list in a text requests; None where there is none, or it is read as a whole."""
    found = listed(text) or _on_plain_lines(text)
    if found is None:
        return None
    before, head = _apart(found.before)
    if _dictated(text, found, head):
        return None
    items = [_unsigned(one) for one in found.items if not _is_done(one) and not _is_polite(one.text)]
    plain = says_nothing(head)
    doubtful = not plain and _is_doubtful(head)
    plain |= doubtful
    applied = [one.text for one in items] if plain else _applied(head, items)
    if applied is None or (doubtful and before):
        return None
    around = [[Request(one)] if one and not _is_polite(one) else [] for one in (before, _signed(found.after))]
    parts = (*around[0], *(Request(one, bool(place) and _refers(one)) for place, one in enumerate(applied)), *around[1])
    whole = text
    if plain and found.numbered:
        whole = "\n".join((found.before, *(f"- {one}" for one in applied), found.after)).strip()
    done = tuple(one.text for one in found.items if _is_done(one))
    said = [one.text for one in parts]
    undone = any(_undoes(one, [*said[:at], *said[at + 1 :]]) for at, one in enumerate(said))
    return Requests(parts, doubtful or undone, done, whole, plain) if parts else None


def _undoes(said: str, others: Sequence[str]) -> bool:
    """Whether words in or behind a list take back some or all of it: "nein, doch nicht", "Excel doch nicht"."""
    said = _NO_MORE.sub("", said)
    if calls_off(said.strip(_AROUND)) or (others and all_taken_back(f"{others[0]}. {said}", lambda _: ())):
        return True
    if not (undoes_a_part(said) or holds_off(said) or _TAKES_BACK.search(said)):
        return False
    names = _names(said)
    return not names or any(names & _names(other) for other in others)


def _names(said: str) -> set[str]:
    """Return the words that name somebody or something."""
    return {
        one.key
        for one in tokens_of(said)
        if (one.is_name or one.has("noun") or one.text[:1].isupper()) and not _TAKES_BACK.fullmatch(one.text)
    }


def _is_done(item: Item) -> bool:
    return item.done or _NOTHING.fullmatch(item.text) is not None


def _unsigned(item: Item) -> Item:
    """Return an item without the thanks and the name behind it."""
    first, *more = _SENTENCE.split(item.text)
    if more and all(_is_polite(one) or is_greeting(one) for one in more):
        return item._replace(text=first)
    return item


def _signed(after: str) -> str:
    """Return what stands behind a list, nothing where that only thanks and signs."""
    said = _NO_MORE.sub("", after).strip(_AROUND)
    return "" if all(_is_polite(one) or is_greeting(one) for one in _SENTENCE.split(said)) else said


def _apart(before: str) -> tuple[str, str]:
    """Return what stands before a list as what is said before, and the words over the list."""
    sentences = [one for one in _SENTENCE.split(before) if one.strip()]
    while sentences and len(sentences) > 1 and _is_polite(sentences[0]):
        sentences.pop(0)
    if not sentences:
        return "", ""
    *said, last = sentences
    if last.rstrip()[-1:] in ".!?" and not says_nothing(last) and _STANDS_FOR.search(last) is None:
        return " ".join(sentences), ""
    return " ".join(said), last.strip(_ENDS)


def says_nothing(head: str) -> bool:
    """Whether words over a list say no more than that it is one of orders: "Hallo CPA, bitte heute noch:"."""
    said = [one for one in re.split(r"[,!.]\s*", _REMINDS.sub("", head)) if one.strip(_ENDS)]
    if said and _greets(said[0]):
        said = said[1:]
    words = [fold(word.strip("?:()–-")) for one in said for word in one.split()]
    return all(word in _SAYS_NOTHING or not word for word in words) and not (words and words[-1] in _PARTICLES)


def _is_doubtful(head: str) -> bool:
    """Whether what is over a list may mean that it is none of orders for us, or for now: "Tom's tasks", "Falls …"."""
    if _OF_OTHERS.search(head):
        return True
    tokens = [one for one in tokens_of(head) if one.kind != "mark"]
    if tokens and person_end(tokens, 0) == len(tokens):
        return True
    return any(_DOUBTFUL.search(one) and not HARMLESS_IF.match(one) for one in _CONDITIONS.split(head))


def _on_plain_lines(text: str) -> Listing | None:
    """Return the orders that stand on lines of their own without any mark: "Word schließen\\nExcel öffnen"."""
    lines = [one for one in re.finditer(r"[^\n]+", text) if one[0].strip()]
    while (lines and _is_polite(lines[-1][0])) or (len(lines) > _FEWEST and is_greeting(lines[-1][0])):
        lines.pop()
    first = next((at for at, one in enumerate(lines) if not _is_over(one[0])), len(lines))
    items = lines[first:]
    if len(items) < _FEWEST or len(text) > LONGEST or not all(_is_order_line(one[0].strip()) for one in items):
        return None
    found = tuple(Item(one[0].strip(), one.start(), one.end()) for one in items)
    return Listing(text[: items[0].start()].strip(), found, "")


def _is_over(line: str) -> bool:
    return line.rstrip().endswith(":") or says_nothing(line)


def _is_order_line(line: str) -> bool:
    """Whether a line is an order by itself that neither goes on in the next one nor is a part of a sentence."""
    words = Words(tokens_of(line))
    ends = line[-1] in ",:" or words.ends_open
    orders = (
        words.imperative is not None or words.particle or (words.finite is None and words.last_form == "infinitive")
    )
    return orders and not ends and len(line) <= _LONGEST_LINE


def _greets(said: str) -> bool:
    tokens = tokens_of(said)
    return bool(tokens) and is_greeting(said) and not (tokens[0].is_name and tokens[0].key not in GREETINGS)


def _is_polite(said: str) -> bool:
    return only_polite(said) or _greets(said)


def _refers(item: str) -> bool:
    """Whether an item speaks of what the one before it is about, or names nothing of its own."""
    words = Words(tokens_of(item))
    names = any(
        one.is_name or one.has("noun") or one.kind not in {"word", "mark"} or (not one.meanings and one.kind == "word")
        for one in words.content
        if not one.is_verb
    )
    return speaks_of_earlier(item) or not names or bool(words.keys & _THERE)


_THERE: Final = word_set("davon daraus darin dort da there then danach dieselben wieder again damit")


def _dictated(text: str, found: Listing, head: str) -> bool:
    """Whether a list is the text of a mail: "Schreib Anna: - …"; documents to be sent, and to whom, are none."""
    over = [Words(tokens_of(one)) for one in _SENTENCE.split(found.before) if one.rstrip().endswith(":")]
    if any(one.senses & _DICTATES or any(token.has("noun", "mail") for token in one.tokens) for one in over):
        return True
    begins = dictation(text)[1]
    if begins is None or begins > found.items[0].start:
        return False
    words = Words(tokens_of(head))
    named = _is_person if words.tokens and words.tokens[-1].key in _NEEDS_PERSON else _is_document
    return not (words.senses & _SENDS or not words.has_verb) or not all(named(one.text) for one in found.items)


def _is_person(item: str) -> bool:
    tokens = tokens_of(item)
    return person_end(tokens, 0) == len(tokens)


def _is_document(item: str) -> bool:
    words = Words(tokens_of(item))
    return not words.has_verb and any(one.has("noun", "document") or one.kind == "file" for one in words.tokens)


def _applied(head: str, items: Sequence[Item]) -> list[str] | None:
    """Return the order over a list said of each item; None where it is no order that lacks just them."""
    if any(_is_order(one.text) for one in items) or not items:
        return None
    if stands := _STANDS_FOR.search(head):
        if not Words(tokens_of(head)).has_verb:
            return None
        return [f"{head[: stands.start()]}{one.text}{head[stands.end() :]}" for one in items]
    tokens = [one for one in tokens_of(head) if one.kind != "mark"]
    if tokens and tokens[0].key in _NEEDS_PERSON and person_end(tokens, 1) == len(tokens):
        return [f"{one.text} {head}" for one in items] if all(_is_document(one.text) for one in items) else None
    if not _lacks_thing(tokens):
        return None
    last = tokens[-1]
    inserted = last.key in _PARTICLES or Words(tokens).last_form in {"infinitive", "to"}
    at = last.start if inserted and len(tokens) > 1 else len(head)
    if inserted and len(tokens) > 1 and tokens[-2].key == "zu":
        at = tokens[-2].start
    return [" ".join(f"{head[:at]} {one.text} {head[at:]}".split()) for one in items]


def _is_order(item: str) -> bool:
    words = Words(tokens_of(item))
    return words.has_full_verb or words.imperative is not None or words.particle


def _lacks_thing(tokens: Sequence[Token]) -> bool:
    """Whether an order names nothing that it is done to, but to whom: "Bitte schließen", "Send to Anna"."""
    words = Words(tokens)
    verbs = {token.key for _, token, _ in words.verbs}
    if not verbs or (words.imperative is None and words.last_form not in {"infinitive", "to"}):
        return False
    rest = [one for one in tokens if one.key not in verbs]
    if words.senses & _SENDS and rest and rest[-1].key in _NEEDS_PERSON:
        return True
    left = [one for one in rest if one.key not in _PARTICLES and fold(one.text) not in _SAYS_NOTHING - _PREPOSITIONS]
    if not left:
        return True
    start = 1 if left[0].key in _PREPOSITIONS else 0
    return bool(words.senses & _SENDS) and person_end(left, start) == len(left)
