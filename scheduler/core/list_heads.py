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
from scheduler.core.atoms import BEFORE
from scheduler.core.dictation import told_text
from scheduler.core.letters import fold, word_set
from scheduler.core.list_ends import SENTENCE, is_done, is_polite, puts_off, signed, undoes, unsigned
from scheduler.core.listed import LONGEST, Item, Listing, listed
from scheduler.core.mood_words import NOT
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.sign_offs import greets, is_greeting, speaks_of_earlier
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
        dieser reihenfolge einhalten zwingend beachten vormittag nachmittag erbitte wuerde um abarbeiten bearbeiten
        ausfuehren umsetzen uebernehmen kuemmere kuemmer kuemmern

        please pls plz kindly the following things thing tasks task jobs job items steps favours favors requests ask
        favour my our for you me us today now i we need want like i'd i've have got ask to a few couple of two
        three four five six here are here's is quick small little just also and next order this sequence
        matters morning afternoon
        there folks in these todo's thanks help with that carry out work through complete handle take care sort
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
_THEN: Final = re.compile(
    r"(?i)^(?:(?:und|and) )?(?:danach|dann|anschließend|hinterher|after(?: that|wards)?|then|finally|zum schluss)\b,? "
)
"""What goes on behind a list, whose orders are done one after another anyway."""
_CONDITIONS: Final = re.compile(r"(?i)\s+(?=(?:falls|wenn|sobald|sofern|if|when|once)\b)")
_THINGS: Final = (
    r"programme?n?|anwendungen|apps|dateien|dokumente?n?|unterlagen|sachen|dinge|personen|leute|kolleg\w+|mails|seiten"
    r"|adressen|empfänger|recipients|addresses|persons"
    r"|programs?|programmes|applications|files|documents|docs|things|people|folks|colleagues|items|pages|ones|sites"
)
_STANDS_FOR: Final = re.compile(
    r"(?i)(?:\b(?:die|der|den|das|the|all of|each of|jede\w* der) )?"
    r"\b(?:folgende[nsmr]?|diese[nrm]?|following|these)\b"
    rf"(?: (?:{_THINGS}|(?-i:[A-ZÄÖÜ]\w+))\b)?(?: (?:here|hier))?"
)
"""What stands for the items: "die folgenden Programme", "these files"."""
_PERSONS: Final = re.compile(
    r"(?i)\b(?:an|to) (?:die |the )?(?:folgende\w*|following|diese\w*|these) (?:personen|leute|kolleg\w+|adressen"
    r"|people|persons|folks|colleagues|recipients|empfänger|addresses)\b"
)
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
_FEWEST: Final = 2
_LONGEST_LINE: Final = 80
"""Characters of a line that is an order by itself."""
_ENDS: Final = " \t\n:–—-"
_RULED: Final = " \t\n=-–—_*#~"
"""What a line is ruled with."""
_CLAUSES: Final = re.compile(r"[,;.!?]\s+|\s+[–—-]+\s+|\s+(?=(?:und|and)\s)")
_FOLLOWS: Final = re.compile(r"(?i)(?:daher|deshalb|darum|drum|also|so|therefore|hence|und|and)\s+(?=\w)")
_UNTIL: Final = re.compile(
    r"(?i)(?:(?:bitte|please|noch|heute|today|all|alles|to be done) )*"
    r"(?:bis|by|before|bevor|ehe|vor|until|spätestens|no later than) [^,.;:!?]{2,40}"
)
"""Until when a list is to be done, so that it may be done now: "Bis Freitag", "before lunch"."""
_WANTS_DONE: Final = re.compile(
    r"(?i)\b(?P<wants>need|want|like|have|get|brauch\w*|hätt\w*|möcht\w*)\b(?P<what>(?: \w+){0,6}?)"
    r" (?:done|erledigt|gemacht)\b(?: before\b| vorher\b)?"
)
"""What is wanted to be done, and not done: "I need a few things done before"."""


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
    reported = _is_doubtful(head) and Words(tokens_of(head)).declares
    if not reported and _dictated(text, found, head):
        return None
    items = [unsigned(one) for one in found.items if not is_done(one) and not is_polite(one.text)]
    plain = says_nothing(head) or _only_says_when(head)
    doubtful = not plain and _is_doubtful(head)
    applied = [one.text for one in items] if plain or doubtful else _applied(head, items)
    if applied is None and any(_is_order(one.text) for one in items) and not _names_thing(head):
        applied, doubtful = [one.text for one in items], True
    if applied is None:
        return None
    after = _THEN.sub("", signed(found.after))
    around = [[Request(one)] if one and not is_polite(one) else [] for one in (before, after)]
    parts = (*around[0], *(Request(one, bool(place) and _refers(one)) for place, one in enumerate(applied)), *around[1])
    whole = text
    if plain and found.numbered:
        whole = "\n".join((found.before, *(f"- {one}" for one in applied), found.after)).strip()
    done = tuple(one.text for one in found.items if is_done(one))
    said = [one.text for one in parts]
    undone = puts_off(after) or any(undoes(one, [*said[:at], *said[at + 1 :]]) for at, one in enumerate(said))
    if not parts and not done:
        return None
    return Requests(parts, doubtful or undone or not parts, done, whole, plain or doubtful)


def _apart(before: str) -> tuple[str, str]:
    """Return what stands before a list as what is said before, and the words over the list."""
    sentences = [one for one in SENTENCE.split(before) if one.strip(_RULED)]
    while sentences and len(sentences) > 1 and is_polite(sentences[0]):
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
    if said and greets(said[0]) and fold(said[0].strip(_ENDS)) != "morgen":
        said = said[1:]
    words = [fold(word.strip("?:()–-*_#=`")) for one in said for word in one.split()]
    return all(word in _SAYS_NOTHING or not word for word in words) and not (words and words[-1] in _PARTICLES)


def _only_says_when(head: str) -> bool:
    """Whether words over a list say only why, until when, or that it may wait: "Tom wartet, daher bitte:".

    What they say last is no report, for that may be what the list is: "Die Schritte sind:".
    """
    clauses = [_FOLLOWS.sub("", one, count=1) for one in _CLAUSES.split(_WANTS_DONE.sub(r"\g<wants>\g<what>", head))]
    said = [one for clause in clauses for one in _CONDITIONS.split(clause) if one.strip(_ENDS)]
    *said, last = said or [""]
    reasons = [one for one in said if not _gives_time(one)]
    if any(_is_doubtful(one) or not _tells(one) for one in reasons):
        return False
    return _gives_time(last) or (bool(reasons) and says_nothing(last))


def _gives_time(clause: str) -> bool:
    """Whether a clause says no more than until when, or that there is time."""
    if says_nothing(clause) or HARMLESS_IF.match(clause):
        return True
    return _UNTIL.fullmatch(clause) is not None and not Words(tokens_of(clause)).senses & _ACTS


def _tells(clause: str) -> bool:
    """Whether a clause tells something, or says when or with what in view: "Bevor der Prüfer da ist"."""
    words = Words(tokens_of(clause))
    if words.senses & _DICTATES:
        return False
    return words.declares or (bool(words.content) and words.content[0].key in BEFORE | _IN_VIEW)


_IN_VIEW: Final = word_set("with mit since seit da nachdem after as weil")
_ACTS: Final = frozenset({"open", "close", "send", "forward", "download", "save", "export", "fill"})


def _names_thing(head: str) -> bool:
    """Whether words over a list name what all of it is about: "angebot.docx"."""
    words = Words(tokens_of(head))
    return not words.has_verb and any(one.has("noun", "document") or one.kind == "file" for one in words.tokens)


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
    if len(lines) < _FEWEST or len(text) > LONGEST:
        return None
    while (lines and is_polite(lines[-1][0])) or (len(lines) > _FEWEST and is_greeting(lines[-1][0])):
        lines.pop()
    first = next((at for at, one in enumerate(lines) if not _is_over(one[0])), len(lines))
    items = lines[first:]
    if len(items) < _FEWEST or not all(_is_order_line(one[0].strip()) for one in items):
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
    start, end = told_text(text)
    words = Words(tokens_of(head))
    if not start <= found.items[0].start < end:
        return "fill" in words.senses
    if words.senses & _DICTATES:
        return True
    to_persons = words.tokens and (words.tokens[-1].key in _NEEDS_PERSON or _PERSONS.search(head))
    named = _is_person if to_persons else _names_thing
    return not (words.senses & _SENDS or not words.has_verb) or not all(named(one.text) for one in found.items)


def _is_person(item: str) -> bool:
    tokens = tokens_of(item)
    return person_end(tokens, 0) == len(tokens)


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
        return [f"{one.text} {head}" for one in items] if all(_names_thing(one.text) for one in items) else None
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
