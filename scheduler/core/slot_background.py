"""Says which words of a request only stand around an order, and what they may fill for it all the same.

The slots of an order are filled by its own words. What is told beside it fills one only where the order points there,
with a pronoun or by naming nothing itself, or where it lacks what it cannot be done without. A detail may follow:
"Fill in the permit. The project starts on 1 September."
"""

import functools
import re
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from scheduler.core.letters import word_set
from scheduler.core.phrases import tokens_of
from scheduler.core.slot_persons import pronoun_of_person
from scheduler.core.slots import FILES, PERSONS, PLACES
from scheduler.core.word_kinds import ADDRESS, I_WE, POLITE, YOU
from scheduler.core.words import Words

Stretch = tuple[int, int]

_GAP: Final = re.compile(r"\s{4,}[,;]?\s*")
_WHO: Final = PERSONS | {"sender"}
_LATE: Final = PLACES - {"application"} | {
    "amount", "date", "time", "subject", "cc", "title", "participants", "body", "file_name", "query",
}  # fmt: skip
"""What is often told behind an order."""
_SENDING: Final = frozenset({"send_mail", "fetch_and_send"})
_WE: Final = re.compile(r"(?i)\b(?:wir|uns|we|us|we'll|we’ll)\b")
"""Who meets tells what about: "We have to talk about the fair, put it on Monday"."""
_WHOSE: Final = re.compile(r"(?i)\b(?:his|her|their|seine?[nmrs]?|ihre?[nmrs]?|deren|dessen) (?:\w+ )?(?:e-?)?mails?\b")
_THING: Final = FILES | {"table", "form", "url"}
_NEEDS: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "send_mail": (frozenset({"recipient"}), FILES | {"body"}),
    "fetch_and_send": (frozenset({"recipient"}), FILES, PLACES),
    "download_file": (FILES, PLACES),
    "search_document": (FILES,),
    "open_document": (FILES,),
    "export_pdf": (FILES,),
    "extract_table": (_THING,),
    "fill_form": (frozenset({"form"}),),
    "navigate_url": (frozenset({"url", "portal"}),),
    "open_app": (frozenset({"application"}),),
    "close_app": (frozenset({"application"}),),
    "create_appointment": (frozenset({"date", "time"}), frozenset({"participants", "title"})),
    "read_mail": (),
    "search_mail": (frozenset({"sender", "subject", "query"}),),
}
"""What an order cannot be done without: one slot of each."""
_ALONE: Final = (
    r"(?=\s*(?:$|[.,;!?–-]|\b(?:to|from|for|in|on|as|up|please|over|off|bitte|mal|ma|mir|uns|ihm|ihr|ihnen|noch|gleich|grad"
    r"|dann|doch|schnell|kurz|eben|heute|morgen|jetzt|nicht|an|auf|aus|als|zu|zum|per|im|ins|von|vor|sich|wieder|irgendwo"
    r"|ausfindig|with|mit|would|will|could|can)\b|(?-i:[a-zäöü]\w+e?n\b)))"
)
"""What may stand behind a pronoun, and behind an article not."""
_KINDS: Final = (
    r"(?:maske|seite|papier|mails?|e-mails?|emails?|nachricht(?:en)?|datei|dokument|formular|unterlagen?|programm|app"
    r"|adresse|tabelle|liste|page|site|file|document|form|thing|program(?:me)?|address|message|table|list|report|bericht|browser)\b"
    r"(?! (?:von|vom|(?:mit|with)(?! \d)|wegen|zu[rm]?|über|des|der|unter|of|from|about|that|on|re|in|für|for|at|regarding|called"
    r"|namens)\b| [\"„“‚(]?(?-i:[A-ZÄÖÜ\d]))"
)
_IT: Final = re.compile(
    r"(?i)\b(?:it|them|this|these|those|both|es|ihn|dies\w*|beides?|da(?:r)?(?:aus|von|mit|zu|rauf|rin|für|über|bei)"
    r"|draus|dings?|there|dort|da|dorthin|drin|same|selben?|(?-i:sie)|(?:du|ihr)s)\b"
    r"|\b(?:mach|schick|leite?|send|öffne?|such|trag|füll|zeig|druck|lad|hol|lies|wandle?|speicher|stell|setz|pack|gib)['’]s\b"
    rf"|\b(?:der|die|das|den|des|deren|that)\b{_ALONE}|\b(?:der|die|das|den|dem|des|the|that|this) {_KINDS}"
)
"""What points back: a pronoun, or the mere kind of a thing that was named before ("die Seite")."""
_HANGS: Final = re.compile(
    r"(?i)(?<=\w)(?:,? (?:damit|weil|obwohl|bevor|ehe|because|so that|although|before|while|cos"
    r"|so (?:i|we|he|she|they))\b|, (?:denn|da|sodass|since|as|who\w*|which|whose|he|she|they|was|wo\w*|er"
    r"|(?:der|die|das|sie) \w+te?n?)\b).*"
)
"""What hangs on an order, for what or why it is: what pronouns in it mean is not what the order points to."""
_TELLS_OF: Final = I_WE | word_set("he she they man er himself herself who whose wer er's he's she's they're they've")
_FEWEST: Final = 4
"""Content words of a sentence that only tells; shorter ones are often phrases: "that's Fresha", "permit form"."""
_SHORT: Final = re.compile(r"\w['’](?:ve|re|d|ll|s) ")
_I_THINK: Final = re.compile(
    r"(?i)\b(?:glaub\w* ich|ich glaub\w*|mein\w* ich|denk\w* ich|sagen wir|i think|i believe"
    r"|i guess|i mean|let['’]?s say)\b"
)
_LABELLED: Final = frozenset({"subject", "title"})
_LABEL: Final = re.compile(r"(?i)\b(?:betreff|subject|titel|title|thema|topic|anlass|agenda)\b")
"""What is told with its label belongs to the order wherever it stands: "Im Betreff steht …"."""
_REASON: Final = word_set("weil denn damit da sonst because cos cause cuz since for so zumal obwohl although though")
_WHEN: Final = frozenset({"date", "time"})
_FREE: Final = re.compile(
    r"(?i)^(?!.*(?:\b(?:no|not|never|cannot|nicht|keine?n?|nie)\b|n['’]t\b)).*\b(?:he|she|they|er|sie|(?:herrn?|frau|mr|mrs|ms|dr)\.? [\w-]+)(?:['’]s|['’]re| is| are)?"
    r" (?:(?:only|just|nur|erst|leider) )*(?:can|could|kann|können|könnte|free|available|(?:has|have|hat|haben) (?:[^.,;!?]* )?(?:time|zeit))\b"
)
"""When somebody can come: "Book a meeting with Anna on Monday. She can only come at 9."."""
_SUBJECT: Final = re.compile(r"(?i)\W*(?:the|der|die|das|this|diese[rs]?) (?P<noun>[\w-]+(?: (?-i:[a-z][\w-]+))?)")
_MAIL: Final = re.compile(r"(?i)\b(?:an?|eine|the|die) (?P<noun>e?-?mail)\b")
_MET: Final = re.compile(r"(?i).*(?:termin|treffen|sitzung|besprechung|gespräch|meeting|appointment|call|mail)")
_OF_THING: Final = FILES | PLACES | {"document_id", "table", "form", "url"}
_OF_MEETING: Final = _WHEN | {"participants", "sender", "subject", "title"}


class Beside(NamedTuple):
    """Where something is only told: before the order, and behind it."""

    before: tuple[Stretch, ...] = ()
    behind: tuple[Stretch, ...] = ()
    own: str = ""
    """The words of the order."""

    def __bool__(self) -> bool:
        """Whether anything is."""
        return bool(self.before or self.behind)

    def has(self, place: int) -> bool:
        """Whether what begins at a place of the text is only told beside the order."""
        return any(start <= place < end for start, end in (*self.before, *self.behind))

    def gives(self, slot: str, place: int, text: str, opened: Collection[str] | None) -> bool:
        """Whether words that begin at a place may fill a slot, of which those `opened` may be filled from beside."""
        if opened is None:
            return True
        many = (*self.before, *self.behind)
        told = next((text[start:end] for start, end in many if start <= place < end), None)
        if told is None or slot in opened or (slot == "title" and _WE.search(told)):
            return True
        if (slot in _LABELLED and _LABEL.search(told)) or (slot in _WHEN and _FREE.search(told)):
            return True
        if slot in _told_of(told, self.own):
            return True
        late = any(start <= place < end for start, end in self.behind)
        return late and (
            slot == "file_format" or (slot in _LATE and _is_detail(told)) or _I_THINK.search(told) is not None
        )

    def blanked(self, text: str) -> str:
        """Return the text without it, of the same length."""
        for start, end in (*self.before, *self.behind):
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
        return text


def beside(text: str, own: str, overlooked: Iterable[str]) -> Beside:
    """Return what is only told beside an order of these words; `overlooked` is all that is only told in the text."""
    at = located(text, own)[0]
    found = [
        (start, start + len(piece))
        for one in overlooked
        for piece in _GAP.split(one)
        if (start := text.find(piece)) >= 0 and not (start <= at < start + len(piece)) and _tells(piece)
    ]
    return Beside(tuple(one for one in found if one[0] < at), tuple(one for one in found if one[0] >= at), own)


def located(text: str, own: str) -> Stretch:
    """Return where the words of an order stand, those of two clauses that are one order from the first to the last."""
    start = text.find(own) if own else -1
    if start >= 0:
        return start, start + len(own)
    first, *others = own.split(", ")
    start, last = text.find(first), text.rfind(others[-1]) if others else -1
    return (start, last + len(others[-1])) if own and 0 <= start < last else (0, len(text))


@functools.lru_cache(maxsize=256)
def _tells(piece: str) -> bool:
    """Whether words are a sentence that orders and asks nothing; a mere phrase may belong to the order beside it."""
    words = Words(tokens_of(piece))
    if len(words.content) < _FEWEST or words.imperative is not None:
        return False
    verb = None if words.finite is None else words.content[words.finite]
    if verb is None or (words.finite and verb.text[:1].isupper()):  # "Do" is Thursday
        return _SHORT.search(piece) is not None
    return not (words.asks and words.keys & (YOU | ADDRESS | POLITE))


def opened(intent: str, text: str, own: str, filled: Collection[str], *, refers: bool) -> frozenset[str] | None:
    """Return the slots that what is told beside an order may fill; None: all.

    `own` are its words, `filled` the slots that these fill, `refers`: a pronoun stands for its thing, or nothing does.
    """
    if own not in text and intent in _SENDING:  # to get it and to send it: the second clause points to the first
        own, refers = own.partition(", ")[0], False
    own = _HANGS.sub("", own)
    if not filled or refers or intent not in _NEEDS or _IT.search(own):
        return None
    found = set[str]()
    if pronoun_of_person(own, invites=intent == "create_appointment") is not None or _WHOSE.search(own):
        found |= _WHO
    for needed in _NEEDS.get(intent, ()):
        if not needed & {*filled}:
            found |= needed | PLACES if needed & _THING else needed
            if needed == _WHEN and "participants" not in filled:  # who comes then is met
                found.add("participants")
    return frozenset(found)


def _told_of(told: str, own: str) -> frozenset[str]:
    """Return what a sentence may fill that tells of the very thing of an order: "The list is in A. Send the list"."""
    for found in (_SUBJECT.match(told), _MAIL.search(told)):
        for noun in (found["noun"], found["noun"].partition(" ")[0]) if found else ():
            same = (
                rf"(?i)\b(?:the|der|die|das|den|dem|des) {re.escape(noun)}\b(?! (?:von|vom|from|of|by|[a-z]+['’]s)\b)"
            )
            if re.search(same, own):
                return _OF_MEETING if _MET.fullmatch(noun) else _OF_THING
    return frozenset()


def _is_detail(told: str) -> bool:
    """Whether what is told behind an order may say more of it, and not of somebody or why."""
    keys = [one.key for one in tokens_of(_I_THINK.sub("", told))]
    return not _TELLS_OF & {*keys} and not {*keys[:1]} & _REASON
