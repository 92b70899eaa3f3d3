"""What stands around an order and is none: a greeting by name, good wishes, a remark behind a comma."""

import functools
import re
from collections.abc import Iterator
from typing import Final

from scheduler.core.mood_words import HYPOTHETICAL
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.word_kinds import FINITE
from scheduler.core.words import Words

Stretch = tuple[int, int]

_GREETING: Final = re.compile(
    r"\s*(?:hi|hallo|hey|moin|hello|servus|dear|liebe[rs]?|morning|guten (?:morgen|tag|abend)|good (?:morning|afternoon|evening))"
    r"(?: (?!zusammen|all\b|there)(?:(?:frau|herr|mr|mrs|ms|dr)\.? )?[A-ZÄÖÜ][\w-]+)(?: (?:und|and|&) [A-ZÄÖÜ][\w-]+)?\s?[,!.]+(?=\s)"
    r"|\s*(?:hi|hallo|hey|moin|hello) (?:zusammen|all|there|everyone|team)\s?[,!.]+(?=\s)",
    re.IGNORECASE,
)
_FAVOUR: Final = re.compile(
    r"\b(?:(?:bist|wärst|wärest|seien|sind|wären) (?:du|sie|ihr) (?:mal |bitte |vielleicht |eben )?(?:so )?(?:gut|nett|lieb|freundlich|ein schatz|ein engel),? und(?= \w)"
    r"|(?:hast|hättest|haben|hätten) (?:du|sie) (?:mal |bitte |vielleicht |gerade |kurz )*(?:(?:eine?n? |ne |kurz |etwas |ein bisschen )*(?:zeit|minute|moment|sekunde|augenblick|luft))(?:,? und|[?.!,])(?= \w)"
    r"|(?:tu|tust du|tun sie|mach|könntest du) (?:mir|uns) (?:bitte |mal )*(?:den|einen|nen) (?:großen |riesen)?gefallen(?: tun)?\s?(?:und|[,:!?.])(?= \w)|sei (?:bitte )?(?:so )?(?:ein schatz|ein engel|so lieb|so gut|so nett|lieb|gut|nett|ein lieber),? und(?= \w)"
    r"|(?:could you |can you |would you |please )*(?:do me (?:a|the) (?:big |huge |quick )?(?:favou?r|solid)|be an? (?:dear|love|star|angel|pal|sport|legend|hero)|help me out)(?: here)?\s?(?:and|[,:!?.–-]+)(?= ?\w)"
    r"|(?:would you |please )*be so (?:good|kind|nice) as to(?= \w)"
    r"|wenn (?:du|sie|ihr) (?:die (?:freundlichkeit|güte)|so (?:gut|freundlich|nett|lieb)) (?:hätte\w*|wär\w*),?(?= \w)"
    r"|would it trouble you (?:terribly |much |too much )?to(?= \w)"
    r"|würde es (?:dir|ihnen|euch) (?:etwas|was|viel) ausmachen,?(?= \w)|(?:hättest du|hätten sie) (?:etwas|was) dagegen,?(?= \w)"
    r"|(?:have you )?(?:got|do you have) (?:a|five|two) (?:sec|second|moment|minute|minutes|mins?)[?,.!]+(?= \w))",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(
    r"\s*(?:to ?-?do|aufgaben?|tasks?|(?:das )?muss (?:noch |heute )*(?:raus|weg|erledigt werden)|(?:noch |bitte |heute |jetzt )*(?:zu )?erledigen|(?:eine |kleine |kurze |große |noch eine )+bitte(?: an dich)?|noch (?:was|etwas|eins)|one (?:more|last) thing|"
    r"(?:a )?(?:quick|small|little) (?:one|request|favou?r|ask|thing)|(?:also )?pass auf|hör(?: mal)?(?: zu)?|(?:es geht um )?folgendes|listen|here's the thing|(?:so )?ich diktier\w* (?:mal |eben |kurz )*|needs? (?:sending|doing|to go(?: out)?)|for you|für dich|jobs? for (?:you|today))\s?[:–](?= ?\w)",
    re.IGNORECASE,
)
_STEP: Final = re.compile(
    r"(?:(?<=[.!?,:;] )|^)\s*(?:job|task|step|item|punkt|schritt|aufgabe|thing)(?: number| nr\.?)? (?:one|two|three|four|eins|zwei|drei|vier|\d)\s?[,:.–-]+(?= ?\w)",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(r"\s*\w+ (?:\w+ )*?[A-ZÄÖÜ]|.*(?:zusammen|all|there|everyone|team)", re.DOTALL)
_WISHES: Final = re.compile(
    r"(?:(?<=[.!?,] )|^)\s*(?:(?:ich |wir |i |we )?(?:hoffe|hoffen|hope)\b (?!(?:you|du|sie) (?:can|could|kannst|können))[^.!?]*|how are you[^.!?]*|wie geht'?s?[^.!?]*)[.!?]+(?=\s)",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(r",\s+(?P<tail>[^,.;!?:]+)(?=[.;!?,]|$)")
_FOR_INFORMATION: Final = re.compile(
    r"\s*(?:(?:nur )?(?:kurz )?(?:zur|z\.) (?:info|information|kenntnis|erinnerung)|fyi|heads[ -]?up|(?:friendly |just a )?reminder|(?:kleiner |kurzer )?hinweis|"
    r"just so you know|just to let you know|just letting you know|nur damit (?:du|sie|ihr) \w+|for your information)\s?[:,;.–-]+\s*(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_HAD_IT_BEEN: Final = re.compile(
    r"\s*(?:hätte|wäre|hättest|hätten|wären)n? \w+\b.*,\s*(?:dann |so )?(?:wäre|hätte|würde|müsste|könnte|säße|ginge|käme|stünde|läge|gäbe|bliebe)\w*\b|\s*had (?:i|we|he|she|they|it)\b.*,.*\bwould\b",
    re.IGNORECASE | re.DOTALL,
)
_AWAY: Final = re.compile(
    r"\s*(?:ich )?(?:bin|i am|i'm)\b[^.!?]*\b(?:krank|abwesend|erreichbar|im urlaub|sick|ill|out of office|on leave)\b[^.!?:]*[.!]*$",
    re.IGNORECASE,
)
_PERHAPS_LATER: Final = re.compile(
    r"\s*(?:if|when|wenn|falls)\b[^.!?]*\b(?:i|we) (?:may|might)\b[^.!?]*[.!?]*$", re.IGNORECASE
)
_SAID_OF: Final = re.compile(
    r"\s*(?:and |und )?(?:i|we) (?:do |really |just |quite )*(?:like|love|enjoy|adore) (?:how|that|when|the way)\b"
    r"|\s*(?:according to|laut|gemäß) (?!.*\b(?:should|must|needs?|muss|soll\w*|müss\w+)\b)[^,]*,? "
    r"|\s*(?!(?:you|i|we)\b)[\w' ]{2,40}? used to (?!it\b|that\b|this\b)\w+"
    r"|\s*should\b[^.!?]*\bever\b[^.!?]*,.*(?:'d|would)\b"
    r"|\s*(?:great|nice|lovely|good|beautiful|schöner?|tolle[rs]?|super|gute[rs]?) [^.!?:]*\b(?:by the way|btw|übrigens)\b[^.!?:]*[.!]*$"
    r"|\s*\w+(?:'s| is) (?:fixin'?g?|about|going|planning) to\b",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"^\s*(?:schick (?:ist|sind|war|waren|sieht|wird)|(?:please (?:note|be aware|be advised) that|bitte (?:zu )?(?:beachten|merken)"
    r"(?: sie)?,? dass)\b(?!.*[.!?;]\s+\S))"
    r"|\b(?:he|she|they|er|sie|i|he's|she's|i'm) (?:goes?|went|was like|were like|is like|like|meinte so|so), "
    r"|\b(?:oder soll|or (?:shall|should)) (?:ich|wir|i|we)\b[^.!?]*\?\s*$",
    re.IGNORECASE,
)
_MORE: Final = re.compile(
    r"(?i)[.!?;]\s+\S|\b(?:bitte|please|pls|kindly|can you|could you|kannst du)\b(?! (?:note|be a|beacht|zu ))"
)
_REPORTS: Final = frozenset({"idle", "need", "know", "lie", "arrive"})
_LONGEST_SUBJECT: Final = 5


def only_informs(text: str) -> bool:
    """Whether the whole is said for information, or of what did not happen: "FYI: …", "Hätte ich …, wäre …"."""
    told = _FOR_INFORMATION.match(text)
    if told is not None:
        return Words(tokens_of(told["rest"])).imperative is None
    if _SAID_OF.match(text) and Words(tokens_of(text)).imperative is None and not _MORE.search(text):
        return True
    if _AWAY.match(text) or HYPOTHETICAL.match(text) or _QUOTED.search(text):
        return True
    return _HAD_IT_BEEN.match(text) is not None or _PERHAPS_LATER.match(text) is not None


def without_remarks(text: str) -> str:
    """Return the text with what only stands around the order blanked out, of the same length."""
    for start, end in remarks_in(text):
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


@functools.lru_cache(maxsize=64)
def remarks_in(text: str) -> tuple[Stretch, ...]:
    """Return where something stands beside the order; never the whole text."""
    return tuple(_remarks(text))


def _remarks(text: str) -> Iterator[Stretch]:
    greeting = _GREETING.match(text)
    if greeting is not None and _NAMED.match(greeting[0]) and text[greeting.end() :].strip():
        yield greeting.span()
    header = _HEADER.match(text)
    if header is not None:
        yield header.span()
    for step in _STEP.finditer(text):
        yield step.span()
    for favour in _FAVOUR.finditer(text):
        if not text[: favour.start()].strip(" .,!?;:") or text[: favour.start()].rstrip()[-1:] in ".!?,;:–-":
            yield favour.span()
    for wish in _WISHES.finditer(text):
        if text[wish.end() :].strip():
            yield wish.span()
    for tail in _TAIL.finditer(text):
        before = text[: tail.start()]
        if ": " not in before and len(before.split()) > 1 and _reports(tokens_of(tail["tail"])):
            yield tail.start(), tail.end()


def _reports(tokens: list[Token]) -> bool:
    """Whether words tell something of somebody or something: "boss wants an answer", "die Zahlen stimmen nicht"."""
    if len(tokens) < 3 or Words(tokens).imperative is not None:
        return False
    first = tokens[0]
    if not (
        (first.has("determiners") and not first.is_verb and tokens[1].kind == "word" and not tokens[1].is_verb)
        or first.has("noun", "person_title")
    ):
        return False
    for place, token in enumerate(tokens[1:_LONGEST_SUBJECT], 1):
        senses = {one.sense for one in token.meanings if one.kind == "verb"}
        finite = any(one.form in FINITE for one in token.meanings)
        if senses & _REPORTS and (place + 1 < len(tokens)) and not tokens[place - 1].has("determiners"):
            return True
        if finite and not token.has("noun") and place + 1 < len(tokens):
            return True
    return False
