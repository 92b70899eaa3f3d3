"""The words behind an order that may take it back, forbid, doubt, delay or narrow it, or say that others gave it."""

import re
from typing import Final

from scheduler.core.taken_back import correcting, holds_off, undone_by_remark

_IT: Final = (
    r"(?:it|them|es|sie|ihn|(?:this|that|das|die|den)"
    r"(?=\W*$| (?:is|was|has|will|one|ist|hat|hab\w*|war|wird|kann|ich|er|wir|doch|nicht)\b))"
)
_MAY_CHANGE: Final = re.compile(
    rf"(?i)\b(?:not|nicht|nich|ned|never|nie|kein\w*|no)\b.*\b{_IT}\b|\b{_IT}\b.*(?:n['’]t|\b(?:not|nicht|nich"
    rf"|ned|never|nie))\b"
    rf"|\b(?:nicht|nimmer|kein\w*|not|n['’]t|no) (?:\w+ )?(?:mehr|any ?more|longer|yet|needed|nötig|necessary)\b"
    rf"|\bnoch nicht\b"
    rf"|\b(?:already|schon|bereits|longst|längst)\b.*\b(?:{_IT}|done|erledigt|gemacht)\b|\b{_IT}\b.*\b(?:already"
    rf"|schon|bereits|längst)\b"
    r"|\b(?:erledigt|sorted|settled|cancel\w*|stornier\w*|abgesagt|hinfällig|vergiss|forget|scratch|scrap|ignore"
    r"|egal)\b"
    r"|\b(?:vielleicht|maybe|perhaps|eventuell|unless|except|außer|ausser|stattdessen|lieber|doch nicht|anders"
    r"|beispiel|example|witz|joke|kidding|scherz|nur ein test|just testing|not sure|nicht sicher|pending|awaiting"
    r"|vorbehaltlich)\b"
    rf"|\b(?:first|erst|zuerst|vorher|zuvor|beforehand)\b.*\b(?:{_IT}|approv\w*|check\w*|prüf\w*|genehmig\w*"
    rf"|freigeb\w*|unterschr\w*|sign\w*)\b"
    rf"|\b{_IT}\b.*\b(?:first|erst|zuerst|vorher|zuvor|beforehand|approv\w*|genehmig\w*)\b"
    r"|\b(?:nein|nee|nö|no|nope|halt|stopp?|wait|warte|moment|actually|quatsch|sorry)\b\s*(?:$|[,.!])"
    r"|\b(?:must|should|soll\w*|darf|dürfen|may)(?:n['’]t| not| nicht)?\b.*\b(?:not|nicht|nie|never)\b"
)
"""What may take back, forbid, doubt or delay an order that stands before it."""
_ASKED_FOR: Final = re.compile(
    r"(?i)\b(?:already|schon|bereits)\b(?=.*\b(?:gefragt|gewartet|angerufen|gedrängelt|genervt|asked|waiting"
    r"|called|rung|phoned)\b)"
)
"""What only urges: "she has already asked twice"."""
_OTHER_THING: Final = re.compile(r"(?i)(?:der|die|das|den|the|my|meine?n?) \w+ \w+")
"""How a piece begins that says of another thing who does it: "die Prüfung übernehme ich"."""
_REPORTED: Final = re.compile(
    r"(?i)(?<!\bit )\bsays?\b|(?<!\bi )\b(?:said|told|tells|wrote)\b|\bexact words\b"
    r"|^(?!.*\b(?:ich|wir)\b).*\b(?:sag(?:t|te|ten)|gesagt|mein(?:t|te|ten)|gemeint|(?:ge)?schrieben|aufgetragen)\b"
)
"""What somebody says of an order, or that he gave it: "the boss says …", "those were his exact words"."""
_FORBIDS: Final = re.compile(
    r"(?i)\b(?:under no circumstances|by no means|(?:auf|unter) keine[nm]|(?:not|n['’]t) supposed|allowed|permitted"
    r"|forb[aio]d\w*|prohibit\w*|banned|verboten|untersagt|erlaubt|nichts (?:\w+ )?(?:raus|davon|erfahren)"
    r"|davon (?:\w+ )?nichts|not to (?:know|see|get)|exceptions?|excepted|excluded|ausnahmen?|ausgenommen"
    r"|kriegt (?:\w+ )?kein\w*|(?:bleib|stay)\w*\b.*\b(?:open|offen|auf|zu|closed)|rather|eher"
    r"|zweif\w*|doubt\w*|frag\w* mich|wonder\w*|klug|wise)\b"
)
_BEFOREHAND: Final = re.compile(
    r"(?i)\b(?:under no circumstances|by no means|(?:auf|unter) keine[nm]|(?:not|n['’]t) allowed|nicht erlaubt|verboten"
    r"|untersagt|forbidden|prohibited|not to get"
    r"|(?:solange|as long as|until|unless)\b.*\b(?:nicht|not|kein\w*|never|no))\b"
    r"|n['’]t until\b"
)
"""What forbids beforehand what is ordered later: "as long as I have not signed, nothing leaves the house"."""
_NO: Final = re.compile(r"(?i)\b(?:nicht|kein\w*|nie|not|no|never)\b|n['’]t\b")
_MISTAKEN: Final = re.compile(
    r"(?i)\b(?:vertan|(?:ge)?irrt\w*|irrtum|verwechsel\w*|versehen|versehentlich|mistaken?|mixed (?:up|them)|mean|meant"
    r"|mein(?:e|en)? (?:ich|wir)|ich meine?|intended|(?:für|an) .*\bgedacht|spaß|spass|your leg|in jest"
    r"|got (?:that|it|this) wrong|(?:ist|war|is|was) (?:\w+ )?(?:falsch|wrong)|(?:taugt|good) .*\b(?:tonne|bin))\b"
)
_DELAYS: Final = re.compile(
    r"(?i)\b(?:(?:can|may|could|should) wait|(?:hat|hätte|haben) (?:\w+ )?zeit|reicht|genügt|eilt nicht"
    r"|no (?:rush|hurry)|kann (?:\w+ )?warten|tell you when|(?:let|lets) (?:me|us|you) know"
    r"|(?:geb|gib|sag)\w* .*\bbescheid"
    r"|bescheid (?:geb|sag)\w*)\b"
)
_DEPENDS: Final = re.compile(
    r"(?i)\b(?:provided|assuming|supposing|presuming|i take it|vorausgesetzt|angenommen"
    r"|only (?:if|when|once|after)|(?:nur|erst) (?:wenn|falls|sofern|sobald|nachdem))\b"
)
_FEW: Final = ".{0,60}"
_AGAIN: Final = "(?:still|noch|once more|nochmal)"
_IN_HAND: Final = re.compile(
    rf"(?i)\b{_IT}\b{_FEW}\b{_AGAIN}\b|\b{_AGAIN}\b{_FEW}\b{_IT}\b|\b{_AGAIN}\b{_FEW}\bin it\b"
    rf"|\b(?:ha[bt]\w*|has|have|had|took|fetched|got)\b{_FEW}\b{_IT}\b{_FEW}\b(?:selbst|selber|\w+self|themselves)\b"
    r"|\bdid (?:so|that|this|it)\b|\b(?:(?:to|will|shall|['’]ll) do|doing) (?:that|this|it|so)\b|\bda kümmer\w*"
    r"|^(?!.*\b(?:letzte\w*|früher|sonst|immer)\b).*\b(?:das|es) (?:\w+ ){0,6}(?:gemacht|getan|erledigt)\b"
)
"""What says that somebody has or does what was ordered, or is not done with it: "Tom did so this morning"."""
_NARROWS: Final = re.compile(
    r"(?i)\b(?:allerdings|jedoch|however|nevertheless|though)\b|^(?:obwohl|although|wobei|aber|but)(?:,|$)"
    r"|^(?:(?:aber|but|und|and) )?(?:nur|only|bloß)\b"
    r"|\b(?:will|wants?|braucht|needs?|kriegt|gets?|bekommt) (?:\w+ )?(?:nur|bloß|only|just)\b"
    r"|\b(?:only|just|nur) (?:wants?|needs?|gets?)\b"
)
_OF_THE_ORDER: Final = re.compile(
    r"(?i)(?:(?:und|and|aber|but) )?(?:that(?!['’]s (?:our|my|the|an?)\b)|those|it(?!['’]s only\b)|this"
    r"|das|dies|es|so (?:hat|ist|war|sagt|wie)|darum|dem)\b"
)
"""How a piece begins that says something of the order itself, or of its thing."""
_SHALL_KNOW: Final = re.compile(
    r"(?i)\b(?:muss|müssen|soll\w*|needs?|must|has|have|should|ought)\b.*\b(?:know|wissen|erfahren)\b"
)
"""What says what somebody is to be told."""
_CHANGES: Final = (_REPORTED, _FORBIDS, _MISTAKEN, _DELAYS, _DEPENDS, _IN_HAND, _NARROWS, _SHALL_KNOW)


def may_change(said: str) -> bool:
    """Whether what is told behind an order may take it back, forbid, doubt, delay or narrow it."""
    if holds_off(said) or correcting(said) is not None or (undone_by_remark(said) and not _OTHER_THING.match(said)):
        return True
    if _OF_THE_ORDER.match(said) or any(one.search(said) for one in _CHANGES):
        return True
    return _MAY_CHANGE.search(_ASKED_FOR.sub("", said)) is not None


def may_forbid(said: str, *, names_ordered: bool) -> bool:
    """Whether what is told before an order may forbid it; `names_ordered`: it names somebody whom the order names."""
    return _BEFOREHAND.search(said) is not None or (names_ordered and _NO.search(said) is not None)
