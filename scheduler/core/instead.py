"""Takes out of an order what is named only to say that something else is meant.

"Schick die Liste an Eva statt an Tom", "nicht an Tom, sondern an Eva" and "an Eva, nicht an Tom" are "an Eva".
"""

import re
from collections.abc import Sequence
from typing import Final

from scheduler.core.letters import word_set
from scheduler.core.mood_words import DO_NOT, NOT
from scheduler.core.persons_named import person_end
from scheduler.core.phrases import Token, tokens_of
from scheduler.core.sent_pairs import BOTH, parts_of
from scheduler.core.sign_offs import only_polite
from scheduler.core.told_words import MAIL_FIELDS, MAY_TELL, TOLD
from scheduler.core.words import Words

_INSTEAD_OF: Final = r"(?:statt(?! dessen)|anstatt|anstelle von|instead of|rather than)"
_MAY_MATTER: Final = re.compile(rf"(?i)\b(?:{_INSTEAD_OF}|{NOT}|{DO_NOT})\b")
_LONGEST: Final = 300
"""Characters of a request that is looked at."""
_WRITING: Final = frozenset({"write", "tell", "reply", "know", "fill"})
_SEEKING: Final = frozenset({"find", "lookup"})
"""In what is written such words stay, and most of them in what is looked for."""
_REPROACH: Final = re.compile(r"(?i)(?:du|sie|ihr|you) (?:soll\w*|hätte\w*|were|was|should)\b")
_FREE: Final = re.compile(rf"(?i):|\b(?:{MAIL_FIELDS}|{MAY_TELL}|called|namens)\b")
_INSTEAD: Final = re.compile(rf"(?i),? ?\b{_INSTEAD_OF} ")
_INSTEAD_OF_DOING: Final = re.compile(
    r"(?i)^(?:(?:statt|anstatt) [^,.;!?]+ (?:zu \w+|\w+zu\w+)en|(?:instead of|rather than) \w+ing [^,.;!?]+), "
)
_REFERS: Final = re.compile(r"(?i)\b(?:sie|ihn|es|it|them|her|him|ihr|ihm|damit|so)\b")
_NOT: Final = re.compile(
    rf"(?i)(?P<before>,? )(?:(?P<but>und|and|aber|but) )?(?:bitte |auch )?(?:{NOT}) "
    r"(?!nur|only|just|mehr|any|so |alle|all |jede|every|yet|auch|too|zu )"
)
_TAKEN_BACK: Final = re.compile(r"(?i)\b(?:doch|lieber|besser|noch)\s*$")
_BUT: Final = re.compile(r"(?i),? (?:sondern|but)(?: lieber| rather)? (?!auch|also|nur|only|not|nicht)")
_BUT_NOT: Final = re.compile(r"(?i),? (?:aber|but) (?:auch )?nicht(?=[,.;!]|\s*$)")
_TO: Final = re.compile(r"(?i) (?P<to>an|to|mit|with) ")
_DONT: Final = re.compile(rf"(?i)^(?P<please>please )?{DO_NOT} (?P<rest>[a-z]+ [^.;!?]+?),? but (?:rather )?")
_PREPOSITIONS: Final = word_set("an to mit with fuer for von vom from auf on am um at in aus")
_SMALL: Final = word_set("bitte please mal noch schon auch lieber eher")
_JOINS: Final = word_set("und and oder or sowie")
_MOST_WORDS: Final = 4


def meant(text: str) -> str:
    """Return a request without what its words say is not meant; as it is where it looks for words or tells them."""
    if len(text) > _LONGEST or _MAY_MATTER.search(text) is None or TOLD.search(text) or _FREE.search(text):
        return text
    senses = Words(tokens_of(text)).senses
    if senses & _WRITING or _REPROACH.match(text):
        return text
    if senses & _SEEKING:
        return _not_but(text).strip()
    return _without_not(_not_but(_without_instead(_without_dont(text)))).strip()


def _without_instead(text: str) -> str:
    doing = _INSTEAD_OF_DOING.match(text)
    if doing is not None and _REFERS.search(text, doing.end()) is None:
        return text[doing.end() : doing.end() + 1].upper() + text[doing.end() + 1 :]
    found = _INSTEAD.search(text)
    if found is None or doing is not None:
        return text
    end = _end_of_list(text, found.end())
    if not end or re.match(r" (?:\S+ )?zu\b", text[end:]):
        return text
    before = text[: found.start()]
    to = _TO.match(text, end)
    if to is not None and re.search(rf"\b{to['to']} ", before):
        end = _end_of_list(text, to.end()) or end
    more = _end_of_list(text, end + 1) if text[end : end + 1] == " " else 0
    if (
        more
        and (not (rest := text[more:].strip(" ,.!")) or only_polite(rest))
        and [one.kind for one in parts_of(before)][-1:] == [BOTH]
    ):
        end = more
    after = text[end:]
    return before + (after if before else after.lstrip(" ,")[:1].upper() + after.lstrip(" ,")[1:])


def _not_but(text: str) -> str:
    """Return an order without "not X but" before what is meant."""
    found = _NOT.search(text)
    end = _end_of_list(text, found.end()) if found is not None and found.start() else 0
    but = _BUT.match(text, end) if end else None
    if found is None or but is None or not _end_of_list(text, but.end()):
        return text
    return text[: found.start()] + " " + _given(text, found.end(), but.end(), Words(tokens_of(text)))


def _without_not(text: str) -> str:
    """Return an order without "not X" behind what is meant: set off from it, or with the same preposition."""
    found = _NOT.search(text)
    end = _end_of_list(text, found.end()) if found is not None else 0
    if found is not None and end and _contrasts(text, found) and not _is_named_after(text, end):
        text = text[: found.start()] + text[end:]
    found = _BUT_NOT.search(text)
    if found is not None:
        start = max(text.rfind(mark, 0, found.start()) for mark in ",;")
        if start > 0 and _end_of_list(text, start + 2) == found.start():
            text = text[:start] + text[found.end() :]
    return text


def _contrasts(text: str, found: re.Match[str]) -> bool:
    """Whether "not X" stands against something in the same sentence, and does not negate what is ordered."""
    before, to = text[: found.start()], _TO.match(text, found.end() - 1)
    sentence = before[max(before.rfind(mark) for mark in ".!?") + 1 :]
    if not sentence.strip() or _TAKEN_BACK.search(sentence):
        return False
    same = to is not None and re.search(rf"(?i)\b{to['to']} ", sentence) is not None
    return same or "," in found["before"] or found["but"] is not None


def _is_named_after(text: str, end: int) -> bool:
    """Whether words go on behind "not X", or name behind a comma what is meant instead: "not the list, the plan"."""
    rest = text[end:].lstrip()
    after = tokens_of(rest)[1:2] if rest[:1] in {",", "–", "-"} else []
    return rest[:1].isalnum() or any(one.has("determiners") or one.is_name for one in after)


def _given(text: str, wrong: int, right: int, words: Words) -> str:
    """Return what is meant, with "an" before somebody who is sent something named before."""
    rest = text[right:]
    tokens, left = tokens_of(rest), tokens_of(text[:wrong])
    alone = person_end(tokens, 0) == len([one for one in tokens if one.kind != "mark"])
    named = any(one.has("noun", "document") for one in left)
    return f"an {rest}" if alone and named and words.senses & {"send", "forward"} and "nicht" in text else rest


def _without_dont(text: str) -> str:
    """Return "send it to Ben" for "don't send it to Anna but to Ben"."""
    found = _DONT.match(text)
    if found is None or not _end_of_list(text, found.end()):
        return text
    rest, right = found["rest"], text[found.end() :]
    first = tokens_of(right)[0]
    wrong = [
        one
        for one in tokens_of(rest)
        if (one.key == first.key and one.has("prepositions")) or (first.has("determiners") and one.has("determiners"))
    ]
    if not wrong:
        return text
    said = f"{rest[: wrong[-1].start]}{right}"
    return found["please"] + said if found["please"] else said[:1].upper() + said[1:]


def _end_of_list(text: str, start: int) -> int:
    """Return where somebody or something named from there on ends, or several joined by "und"; 0: nothing is."""
    tokens = tokens_of(text[start:])
    end = _end_of_one(tokens, 0)
    while end and end + 1 < len(tokens) and tokens[end].key in _JOINS:
        more = _end_of_one(tokens, end + 1)
        if not more or (more < len(tokens) and tokens[more].kind != "mark"):
            break
        end = more
    return start + tokens[end - 1].end if end else 0


def _end_of_one(tokens: Sequence[Token], start: int) -> int:
    """Return where somebody or something named from here on ends, with the preposition before it; 0: it is nothing."""
    place = start + 1 if start < len(tokens) and tokens[start].key in _PREPOSITIONS else start
    if end := person_end(tokens, place):
        return end
    if place < len(tokens) and tokens[place].kind in {"date", "time", "file", "address"}:
        return place + 1
    begins = place
    while place < len(tokens) and tokens[place].has("determiners"):
        place += 1
    articled = place > begins
    for end in range(place, min(place + _MOST_WORDS, len(tokens))):
        token = tokens[end]
        if token.kind not in {"word", "file"} or token.key in _JOINS | _SMALL or token.has("prepositions"):
            return 0
        if not articled and _leads_on(token):
            return 0
        if token.has("noun") or token.text[:1].isupper() or token.kind == "file":
            return _with_number(tokens, end + 1)
    return 0


def _leads_on(token: Token) -> bool:
    return token.has("modal") or (token.is_verb and not token.has("noun"))


def _with_number(tokens: Sequence[Token], end: int) -> int:
    """Return where the number, or the second noun, of a thing ends: "invoice 5", "cost sheet"."""
    while end < len(tokens) and (
        tokens[end].text.isdigit()
        or (tokens[end].has("noun") and tokens[end].text.islower() and not tokens[end].is_verb)
    ):
        end += 1
    return end
