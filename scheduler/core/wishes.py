"""Says as an order what somebody is wished to get by mail: "Wäre schön, wenn Tom die Liste im Postfach hätte"."""

import re
from typing import Final

from scheduler.core.calendar_words import WEEKDAY
from scheduler.core.dictation import dictation
from scheduler.core.letters import fold, word_set
from scheduler.core.quotation import MARKS

_ENDS: Final = r"(?=\s*(?:[.,;!?–]|$| und | and | bevor | before | when | bis | by | so that ))"
_WORDS: Final = rf"[^\s,.;:!?{MARKS}]+"
_LONGEST: Final = 1000
"""Characters of a request that is looked through."""
_START: Final = r"(?P<before>^\s*|[.!?]\s{1,3}|\n|^(?:hallo|hi|hey|moin|guten|good|dear|liebe\w*)\b[^,.!?]{0,25}, )"
_NICE: Final = (
    r"(?:schön|nett|lieb|toll|super|prima|gut|klasse|fein|wichtig|spitze|hilfreich|ideal|am (?:best|lieb)sten)"
)
_VERY: Final = r"(?: (?:halt|schon|echt|wirklich|sehr|ganz|doch|auch|natürlich|besonders))*"
_GLADLY: Final = r"(?: ?['’]?(?:s|es))?(?: (?:gern|gerne|gut|schön|toll))+"
_WISH: Final = rf"(?:(?:es )?w(?:ä|ae)re?(?:'s)?{_VERY} {_NICE},? wenn|ich (?:fänd|hätt)e?{_GLADLY},? (?:wenn|dass))"
_WHEN: Final = (
    r"(?: (?:heute?|noch|morgen|gleich|bald|endlich|mal|auch"
    rf"|bis (?:heute|morgen|{WEEKDAY}|mittag|abend)))*"
)
_MAILED: Final = (
    r"(?:im (?:postfach|posteingang|maileingang)|in der inbox|per (?:e-?)?mail"
    r"|(?:zu)?gemailt|(?:zu)?geschickt|zugesandt)"
)
_GETS: Final = (
    r"(?:hätten?|hätt|hat|haben|bekäme?n?|bekommt|bekommen|kriegte?n?|kriegt|kriegen|erhielten?|erhält|fänden?"
    r"|vorfänden?)(?: würden?)?"
)
_GERMAN: Final = re.compile(
    rf"(?i){_START}{_WISH} (?P<who>{_WORDS}(?: {_WORDS}){{0,4}}?)(?P<when>{_WHEN})"
    r" (?P<what>(?:die|den|das|eine?n?|meine?n?|unsere?n?|deine?n?|ihre?n?|seine?n?|es|ihn)\b"
    rf"(?: {_WORDS}){{0,7}}?)(?P<later>{_WHEN}) {_MAILED} {_GETS}{_ENDS}"
)
_GOOD: Final = (
    r"(?:nice|great|good|lovely|wonderful|brilliant|fantastic|super|helpful|kind(?:ness)?|best|perfect|ideal)"
)
_ENGLISH: Final = re.compile(
    rf"(?i){_START}(?:(?:(?:it|that)(?:['’]d| would) |would )(?:really )?be(?: (?:a|an|so|very|really|much|real|most))*"
    rf" {_GOOD}(?: of you)?|i(?:['’]d| would) (?:really )?(?:love|like|appreciate) it) if"
    rf" (?P<who>{_WORDS}(?: {_WORDS}){{0,4}}?) (?:had|got|received|found|could (?:have|get|find))"
    rf" (?P<what>(?:the|an?|my|our|your|his|her|their|it|that|this)\b(?: {_WORDS}){{0,7}}?)(?P<later>(?P<when>))"
    rf" (?:in (?:his|her|their|the|my|our) (?:inbox|mailbox)|(?:by|via) e-?mail|e-?mailed|mailed)(?: over)?{_ENDS}"
)
_TO: Final = {
    "ich": "mir",
    "wir": "uns",
    "er": "ihm",
    "sie": "ihr",
    "i": "me",
    "we": "us",
    "he": "him",
    "she": "her",
    "they": "them",
}
_NOBODY: Final = word_set(
    """
    du ihr man jeder jede alle niemand jemand es das you it that someone somebody everyone everybody anyone nobody all
    erst nie niemals nur auch schon kaum bloß ever only never just also
    """
)
"""Words of whom nothing can be sent to, or with which somebody gets it later or alone."""
_ON_CONDITION: Final = re.compile(
    r"(?i)[\s,]*(?:sobald|sofern|falls|wenn|nachdem|vorausgesetzt"
    r"|once|when|if|after|as soon as|provided|unless|until)\b"
)
_ARTICLE: Final = re.compile(r"(?i)(?:der|die|das) ")
_PLURAL: Final = re.compile(r"(?i)\b(?:hätten|haben|bekämen|bekommen|kriegten|kriegen|erhielten|fänden|vorfänden)\b")
_NOT: Final = re.compile(r"(?i)\b(?:nicht|kein\w*|nie|not|no|never)\b|n['’]t\b")


def wishes_as_orders(text: str) -> str:
    """Return a request that wishes somebody had something by mail with an order to send it; else the text itself."""
    if len(text) > _LONGEST or dictation(text)[1] is not None:
        return text
    found = _GERMAN.search(text) or _ENGLISH.search(text)
    if found is None or _NOT.search(found[0]) or _ON_CONDITION.match(text, found.end()):
        return text
    if set(map(fold, found["who"].split())) & _NOBODY or found["who"] == "Sie":
        return text
    verb, to = ("Schick", "an") if found.re is _GERMAN else ("Send", "to")
    person = _TO.get(found["who"].casefold())
    if person == "ihr" and _PLURAL.search(found[0]):
        person = "ihnen"
    when = " ".join((found["when"] + found["later"]).split())
    what = f"{when} {found['what']}" if when and verb == "Schick" else found["what"]
    who = _ARTICLE.sub("", found["who"], count=1) if verb == "Schick" else found["who"]
    order = f"{verb} {person} {what}" if person else f"{verb} {what} {to} {who}"
    return f"{text[: found.end('before')]}{order}{text[found.end() :]}"
