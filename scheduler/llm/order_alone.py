"""Takes the one order out of a request that says something beside it: a remark, a reminder.

What rules are sure of and what has a plain form is done where it stands alone. So it is beside a remark, unless that
may forbid it, take it back or quote it, or names what the order does not.
"""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.compound import Orders, resolved
from scheduler.core.frames import SURE
from scheduler.core.intents import RoutedIntent
from scheduler.core.language import normalise
from scheduler.core.mood_words import NEGATION, NOT
from scheduler.core.no_order import NoOrder
from scheduler.core.phrases import tokens_of
from scheduler.core.plain_form import orders_plainly
from scheduler.core.slot_finder import with_slots
from scheduler.core.slots import PERSONS
from scheduler.core.taken_back import REFUSALS, undone_by_remark
from scheduler.core.words import Words

_LONGEST: Final = 400
"""Characters of a request that is looked at."""
_MARKS: Final = (",", ".", ";", "!", "?", "-", "–", "—")
_AROUND: Final = " ,.;!?-–—"
_FORBIDS: Final = re.compile(
    rf"(?i)n['’]t\b|\b(?:{REFUSALS}|{NOT}|kein\w*|it|that|this|them|das|es|ihn|selbst|selber"
    r"|(?:already|schon|bereits)(?! (?:in|at|on|im|am|auf|beim|da|hier|wieder|seit|vor|zum|zur|so|lange|waiting)\b)"
    r"|\w*self|i'll|we'll|i will|ich (?:mach|schick|send)\w*|sa(?:y|ys|id)|sag\w*|reads?|ruft|rief|steht|schreibt|wrote"
    r"|mein(?:t|te|ten)|thinks?|thought|dacht\w*|hoff\w*|hopes?|mind|anders|dagegen|verb\w+|forbid\w*|against|later|später"
    r"|kidding|scherz|spa(?:ß|ss)|joke|sorry|will|would|würd\w*|lieber|instead|stattdessen|halt|stop|wait|egal"
    r"|should|must|immer|always|soll\w*|muss|darf|if|wenn|falls|unless|oder|or)\b"
)
"""What a remark says that may forbid, take back or quote the order, or tell that it is done already."""
_DOES_IT: Final = re.compile(
    r"(?i)\b(?:mach\w*|schick\w*|send\w*|tu[nt]?|übern[ia]\w*|erledig\w*|kümmer\w*|prüf\w*|überleg\w*|klär\w*"
    r"|does|doing|handl\w*|takes?|taking|tak(?:es?|ing) care|check\w*|review\w*|decid\w*|entscheide\w*"
    r"|raus|weg|unterwegs|gone|out|did|done|dran|turn)\b"
)
"""What a remark says of somebody who does what is ordered, or is still to look at it."""
_UNSURE: Final = re.compile(
    r"(?i)\b(?:un(?:sure|sicher|klar|clear|certain)|zweif\w*|glaub\w*|vielleicht|maybe|perhaps|vermutlich|probably"
    r"|beispiel\w*|z\. ?b\.|examples?|e\.g|instance|witz\w*|wort|worte|words?|zitat|quot\w*|vorschl\w*|suggest\w*|idea"
    r"|verlang\w*|forder\w*|befiehlt|bittet|wünscht|empfiehlt|rät|demands?|insists?|orders|wants|asks|advises|tells"
    r"|pending|awaiting|approval|genehmig\w*|freigabe|just testing|nur (?:ein )?test\w*)\b"
)
"""What a remark says that doubts the order, or tells whose words it is."""
_PAST: Final = re.compile(
    r"(?i)\b(?:war|waren|wars?t|was|were|did|had|been|hatten?|wurden?|worden|kam|kamen|ging|gingen|stand|standen|lag|lagen"
    r"|gab|gaben|fand|sah|rief|schrieb|sprach|nahm|bekam|blieb|ließ|lief|fiel|tat|traf|trug|went|came|took|got|gave|made"
    r"|told|left|met|lost|ran|forgot|kept|won|spoke|saw|heard|found|bought|brought|paid|sent|(?-i:[a-z]{2,}[^\We]ed)"
    r"|(?-i:(?!heute|seite|leute|karte|heiße|(?:be|ers|letz|zwei|drit|näch?s|rech|spä)te|\w*(?:war|arbei|antwor|bit|bie|hal|lei"
    r"|ra|star|rich|fürch|tre|ach|kos|lau|ret|rei)te)[a-zäöüß]{3,}ten?))\b"
)
_HAVE: Final = re.compile(r"(?i)\b(?:hab|habe|hast|hat|habt|haben|has|have|\w+['’](?:ve|s))\b")
_DONE: Final = re.compile(
    r"(?i)\b(?:\w*ge\w+(?:t|en)|\w+iert|(?:be|ver|er|zer|ent|über|unter)\w+(?:t|en)|sie|die|eine[ns]?|\w+ed)\W*$"
)
_HURRY: Final = re.compile(
    r"(?i)(?:(?:es|das|it|that) )?(?:(?:ist|is|wäre|wär) (?:\w+ )?(?:dringend|eilig|wichtig|urgent|important)|eilt)"
)
_REASON: Final = re.compile(r"(?i)(?:denn|weil|because|since)\b")
HARMLESS: Final = frozenset(
    {"close_app", "open_app", "open_document", "navigate_url", "search_mail", "read_mail", "web_search"}
    | {"search_document"}
)
"""Intents that change nothing for anybody else."""
_ENDS_UNSURE: Final = re.compile(
    r"(?i)[,.;–—-] ?(?:but |aber )?(?:(?:still |noch )?(?:pending|awaiting|subject to(?! be\b)|vorbehaltlich)"
    r" [^,.;!?]{1,40}|(?:just|only) (?:testing|an? (?:test|example))|nur (?:ein|zum) test|zum beispiel|z\. ?b"
    r"|for (?:example|instance)"
    r"|e\.g|(?:i'?m |bin |ich bin )?(?:(?:not|nicht) sure|unsure|unsicher|nicht sicher)(?: though| aber| yet)?)"
    r"[ .!?]*$"
)
"""What doubts the order before it, or says that it is none, without a verb of its own."""
_WAITS: Final = re.compile(
    r"(?i)\b(?:warte\w*|frag\w*|drängel\w*|sitz\w*|is|are|be)(?: ja| auch)? (?:schon|already|bereits)\b"
)
_FOR_IT: Final = re.compile(r"(?i)\b(?:wait\w*|ask\w*) for (?:it|them|that)\b")
_NEXT: Final = re.compile(r"\s*[,.;!?–—-]+\s*(?!(?:and|und|or|oder|but|aber)\b)(?=\w)")
_REMINDS: Final = re.compile(
    r"(?i)(?:(?:bitte|please) )?(?:denk\w*(?: sie)?(?: bitte)? (?:dran|daran)"
    r"|(?:vergiss|vergesst|vergessen sie)(?: bitte)? nicht|(?:don'?t|do not|never) forget|(?:please )?remember)"
    r"(?:,| to) (?=\w)"
)
_TO_DO: Final = re.compile(r"\bzu (?=\w+n\W*$)")
_PERSONS: Final = PERSONS | {"sender"}
_HIM: Final = re.compile(r"(?i)\b(?:ih[mnr]|ihnen|ihre[nrms]?|seine?[nrms]?|sie|him|his|hers?|them|their)\b")
_IT: Final = re.compile(r"(?i)\b(?:ihn|sie|es|das|diese[nrs]?|it|them|this|that)\b")
_ARTICLE: Final = r"(?:\w+ )?"
_WHY_IS: Final = r"(?:\w+ ){0,2}"


def order_alone(text: str, read: Orders) -> str:
    """Return the words of the one plain order that rules are sure of, without what is said beside it.

    Empty where there is nothing beside it, and where that may change it.
    """
    orders, remarks = [part for part in read.parts if part.routed.no_order is not NoOrder.REMARK], _remarks(read)
    if len(text) > _LONGEST or len(orders) != 1 or orders[0].routed.score < SURE:
        return ""
    alone = _reminded(text) or (remarks and _without_remarks(text, remarks))
    said = [one for one in remarks if not (reminds(text) and text.startswith(one))]
    if not alone or any(_may_change(one, orders[0].routed.name, alone) for one in said):
        return ""
    if not orders_plainly(alone, orders[0].routed.name) or NEGATION & Words(tokens_of(alone)).keys:
        return ""
    order = orders[0]._replace(after=())
    order = order._replace(routed=with_slots(order.routed, order.text, own=order.own, filled=order.said))
    (meant,) = resolved((order,), text)
    return alone if _says_all(alone, text, meant.routed) else ""


def undone_beside(text: str, read: Orders) -> bool:
    """Whether what is said beside an order surely takes it back, quotes or doubts it: "Close Word, just testing"."""
    return any(map(undone_by_remark, _remarks(read))) or _ENDS_UNSURE.search(text[-_LONGEST:]) is not None


def _remarks(read: Orders) -> tuple[str, ...]:
    said = (*read.overlooked, *(part.text for part in read.parts if part.routed.no_order is NoOrder.REMARK))
    return tuple(normalise(one).strip(_AROUND) for one in said)


def reminds(text: str) -> bool:
    """Whether a request says itself that something is to be done: "Vergiss nicht, …", "remember to …"."""
    return _REMINDS.match(text) is not None


def urges(read: Orders) -> bool:
    """Whether all that is said beside an order is that it is urgent: "Schick Tom die Liste, ist dringend"."""
    said = _remarks(read)
    return bool(said) and all(_HURRY.fullmatch(one) for one in said)


def _reminded(text: str) -> str:
    """Return what a request reminds of: "Vergiss nicht, Eva zu schreiben"; empty where it does not."""
    found = _REMINDS.match(text)
    return _TO_DO.sub("", text[found.end() :]) if found else ""


def _may_change(remark: str, intent: str, order: str) -> bool:
    """Whether a remark may forbid an order, take it back, quote it, or tell that somebody did it or does it."""
    words = Words(tokens_of(remark))
    if _FORBIDS.search(_FOR_IT.sub("", _WAITS.sub("", remark))) or _UNSURE.search(remark) or _DOES_IT.search(remark):
        return True
    if words.senses & Words(tokens_of(order)).senses:
        return True
    first = words.tokens[0]
    inverted = first.has("auxiliary") or first.has("modal") or (first.is_verb and not first.has("noun"))
    if (inverted or _PAST.match(remark)) and not _HURRY.match(remark):
        return True
    past = _PAST.search(remark) or (_HAVE.search(remark) and _DONE.search(remark))
    return past is not None and intent not in HARMLESS and not _REASON.match(remark)


def _without_remarks(text: str, remarks: Sequence[str]) -> str:
    """Return a request without the remarks that it begins and ends with; empty where they stand elsewhere."""
    alone = text
    for remark in remarks:
        start = alone.rfind(remark)
        before = alone[: max(start, 0)].rstrip()
        if alone.startswith(remark) and (after := _NEXT.match(alone, len(remark))):
            alone = alone[after.end() :]
        elif start > 0 and before.endswith(_MARKS) and not alone[start + len(remark) :].strip(_AROUND):
            alone = before.rstrip(_AROUND)
        else:
            return ""
    return alone


def _says_all(alone: str, text: str, routed: RoutedIntent) -> bool:
    """Whether the order names all that rules found, but for one thing or person that a remark begins with.

    "Der Kunde wartet, schick ihm das Angebot" says who is meant; "Tom hat den Vertrag, schick ihn Eva" leaves doubt.
    """
    elsewhere = [(slot, words) for slot, many in routed.all_words.items() for words in many if words not in alone]
    if not elsewhere:
        return True
    if len(elsewhere) > 1:
        return False
    ((slot, words),) = elsewhere
    pronoun = _HIM if slot in _PERSONS else _IT
    before = _WHY_IS if slot == "application" else _ARTICLE
    return bool(pronoun.search(alone) and re.match(before + re.escape(words) + r"\b", text))
