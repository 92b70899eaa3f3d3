"""Says of a run of words what grammar they show: an order, a question, a report, and by which verb."""

import functools
from collections.abc import Sequence
from typing import Final

from scheduler.core.lexicon import Meaning
from scheduler.core.order_form import order_verb
from scheduler.core.phrases import Token, acts
from scheduler.core.word_forms import (
    BASE,
    GERUND,
    IMPERATIVE,
    INFINITIVE,
    JOINED,
    PARTICIPLE,
    PAST,
    PAST_OR_PARTICIPLE,
    THIRD,
    TO_INFINITIVE,
)
from scheduler.core.word_kinds import (
    ENGLISH,
    FINITE,
    GERMAN,
    GREETINGS,
    I_WE,
    OBLIGES,
    PARTICLES,
    PRONOUNS,
    SUBJECTS,
    SUBORDINATE_ENDS,
    is_subject,
)


def _fits(meaning: Meaning, keys: frozenset[str]) -> bool:
    return meaning.kind == "verb" and (not meaning.apart or meaning.apart in keys)


_ONESELF: Final = frozenset({"dich", "sich", "euch"})
_POINTING: Final = frozenset({"show", "find", "open", "forward", "download", "convert"})
_TOLD_OF: Final = frozenset({"send", "write", "forward", "reply", "tell", "make", "save"})


def _tells_which(token: Token, meanings: list[Meaning], first: list[Meaning], before: Token) -> bool:
    """Whether a later verb only tells which one is meant: "find the email Oliver sent"."""
    return (
        any(one.sense in _POINTING for one in first)
        and all(one.form in {PAST, PAST_OR_PARTICIPLE} and one.sense in _TOLD_OF for one in meanings)
        and token.key not in {"let", "put", "set"}
        and (before.is_name or before.has("noun", "person_title") or before.key in SUBJECTS)
    )


class Words:
    """A run of tokens; everything is found out when it is first asked for."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = list(tokens)

    @functools.cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(one.key for one in self.tokens)

    @functools.cached_property
    def content(self) -> list[Token]:
        """The words without the adverbs, greetings and marks they begin with."""
        start = 0
        for place, token in enumerate(self.tokens):
            if token.key == "once" and place + 1 < len(self.tokens) and is_subject(self.tokens[place + 1]):
                break
            verb = any(one.orders for one in token.meanings) and (
                not token.has("adverbs") or (token.key == "halt" and "frei" in self.keys)
            )
            if verb or not (token.kind == "mark" or token.has("adverbs") or token.key in GREETINGS):
                break
            start += 1
        return self.tokens[start:]

    @functools.cached_property
    def verbs(self) -> list[tuple[int, Token, list[Meaning]]]:
        """The verbs that act here: place in `content`, word, and what it may mean by the parts that are there."""
        found = list[tuple[int, Token, list[Meaning]]]()
        parts = set[str]()
        for place, token in enumerate(self.content):
            if (
                not token.is_verb
                or token.key in parts
                or token.kind != "word"
                or token.has("determiners")
                or (token.has("adverbs") and place != 0)
            ):
                continue
            fitting = self._fitting(token, place)
            pronoun = (
                place == 1
                and self.content[0].key in PRONOUNS
                and (
                    any(one.form == THIRD for one in fitting)
                    or (place + 1 < len(self.content) and self.content[place + 1].key in {"ich", "wir", "i"})
                )
            )
            if (
                token.has("noun")
                and not any(one.orders for one in fitting)
                and not (place and is_subject(self.content[place - 1]))
            ):
                continue
            final = (
                place
                and place + 1 == len(self.content)
                and token.text[:1].islower()
                and any(one.form == INFINITIVE for one in fitting)
            )
            if fitting and (
                pronoun or final or acts(token, self.content, place) or (place == 0 and not token.has("noun"))
            ):
                if found and _tells_which(token, fitting, found[0][2], self.content[place - 1]):
                    continue
                found.append((place, token, fitting))
                parts |= {one.apart for one in fitting if one.apart}
        return found

    def _fitting(self, token: Token, place: int) -> list[Meaning]:
        """Return what a verb may mean by the parts that are there; nothing where it is a name: "launch Sage"."""
        fitting = [one for one in token.meanings if one.kind == "verb" and (not one.apart or self.has_part(one, place))]
        if place and token.text[:1].isupper() and all(one.language != self.language for one in fitting):
            return []
        if self.keys & _ONESELF and any(one.lemma == "erinnern" for one in fitting):
            return [one._replace(sense="know") for one in fitting]
        return [one for one in fitting if one.apart] or fitting

    def has_part(self, meaning: Meaning, place: int) -> bool:
        """Whether the part of a verb stands here as that, and not as a preposition: "mach auf jeden Fall …"."""
        for at, token in enumerate(self.content):
            if token.key != meaning.apart or at == place:
                continue
            after = self.content[at + 1] if at + 1 < len(self.content) else None
            if meaning.language == "en" and 0 < at - place <= 6:
                return (
                    at == place + 1
                    or after is None
                    or not (after.has("determiners") or after.is_name)
                    or not token.has("prepositions")
                )
            if (
                after is None
                or after.kind == "mark"
                or not token.has("prepositions")
                or after.has("adverbs")
                or after.is_verb
                or after.has("prepositions")
            ):
                return True
        return False

    @functools.cached_property
    def senses(self) -> frozenset[str]:
        return frozenset(one.sense for _, _, meanings in self.verbs for one in meanings)

    def lemmas(self, *senses: str) -> frozenset[str]:
        return frozenset(one.lemma for _, _, meanings in self.verbs for one in meanings if one.sense in senses)

    @functools.cached_property
    def language(self) -> str:
        german = sum(1 for one in self.tokens for m in one.meanings[:1] if m.language == "de")
        english = sum(1 for one in self.tokens for m in one.meanings[:1] if m.language == "en")
        small = sum(one.key in ENGLISH for one in self.tokens) - sum(one.key in GERMAN for one in self.tokens)
        return "en" if english - german + small > 0 else "de"

    @property
    def main_verb(self) -> Token | None:
        return self.verbs[0][1] if self.verbs else None

    @property
    def has_verb(self) -> bool:
        return bool(self.verbs) or any(one.has("modal") or one.has("auxiliary") for one in self.content)

    @property
    def has_full_verb(self) -> bool:
        return bool(self.verbs)

    @property
    def has_predicate(self) -> bool:
        return self.has_verb or self.particle

    def has_form(self, form: str) -> bool:
        return any(one.form == form for _, _, meanings in self.verbs for one in meanings)

    @functools.cached_property
    def imperative(self) -> Token | None:
        """The verb an order begins with, or the modal of a polite question; None where the words do not begin so."""
        return order_verb(self)

    @functools.cached_property
    def finite(self) -> int | None:
        """The place in `content` of the finite verb of a report."""
        for place, token in enumerate(self.content):
            if token.key in {"am", "im"} and not (place and self.content[place - 1].key == "i"):
                continue
            if (token.has("modal") or token.has("auxiliary")) and not (
                place and self.content[place - 1].has("determiners")
            ):
                return place
            if token.key.endswith(("'s", "'re", "'ll", "'d", "'ve", "'m")) and token.key in SUBJECTS:
                return place
        for place, _, meanings in self.verbs:
            before = self.content[place - 1].key if place else ""
            after = self.content[place + 1].key if place + 1 < len(self.content) else ""
            if any(one.form in FINITE for one in meanings):
                return place
            if before in I_WE | {"they", "you", "du", "sie"} or after in {"ich", "wir"}:
                return place
        return None

    @functools.cached_property
    def declares(self) -> bool:
        """Whether there is a subject and a finite verb, and the verb is not first."""
        if self.finite is None or self.imperative is not None:
            return False
        if self.finite == 0:
            return bool((self.content[0].key in SUBJECTS or self._inverted) and len(self.content) > 1)
        first = self.content[0]
        near = self.content[self.finite + 1] if self.finite + 1 < len(self.content) else None
        return (
            is_subject(first)
            or first.has("noun")
            or first.kind in {"file", "quoted"}
            or (near is not None and is_subject(near))
            or bool({one.key for one in self.content[: self.finite]} & SUBJECTS)
            or first.text[:1].isupper()
            or not first.meanings
        )

    @functools.cached_property
    def asks(self) -> bool:
        """Whether it has the form of a question that is no order."""
        if not self.content or self.imperative is not None or self.keys & {"angeht", "betrifft", "anbelangt"}:
            return False
        first = self.content[0]
        if first.has("modal") and self.tokens[0].key == "there":
            return False
        if (
            first.key in {"what", "was", "wos"}
            and len(self.content) > 2
            and self.content[1].key in I_WE
            and self.content[2].key in {"need", "want", "brauche", "brauch", "will", "would"}
        ):
            return False
        return (
            first.has("question")
            or first.key in {"was", "what", "wo", "where", "what's", "where's", "who's", "ob"}
            or (
                len(self.content) > 1
                and (first.has("auxiliary") or first.has("modal") or first.key in {"any", "irgendwas"})
                and first.key
                not in {
                    "need",
                    "am",
                    "moechte",
                    "will",
                    "wuerde",
                    "haette",
                    "muss",
                    "wanna",
                    "gotta",
                    "brauch",
                    "brauche",
                    "haett",
                    "braeuchte",
                }
            )
            or (
                len(self.content) > 1
                and self.finite == 0
                and first.key not in SUBJECTS
                and is_subject(self.content[1])
                and not self._inverted
                and not any(one.form in {PAST_OR_PARTICIPLE, PARTICIPLE} for one in first.meanings)
            )
        )

    @property
    def _inverted(self) -> bool:
        """Whether an adverb stands before the verb: "außerdem brauch ich …" is no question."""
        dropped = self.tokens[: len(self.tokens) - len(self.content)]
        return any(
            one.has("adverbs") and one.key not in GREETINGS and one.key not in {"bitte", "please"} for one in dropped
        )

    @functools.cached_property
    def obliges(self) -> bool:
        return bool(self.keys & OBLIGES)

    @functools.cached_property
    def nonfinite(self) -> Token | None:
        """The infinitive at the end, as in "den Vertrag suchen"."""
        last = next(
            (
                one
                for one in reversed(self.content)
                if not (one.kind == "mark" or one.has("adverbs") or one.key in {"?", "bitte"})
            ),
            None,
        )
        if last is None or not last.is_verb:
            return None
        place = self.content.index(last)
        if place and self.content[place - 1].has("determiners"):
            return None
        return last

    @functools.cached_property
    def last_form(self) -> str:
        last = next((one for one in reversed(self.content) if not (one.kind == "mark" or one.has("adverbs"))), None)
        if last is None:
            return ""
        if last.has("modal"):
            return "modal"
        if last is not self.nonfinite:
            return "auxiliary" if last.has("auxiliary") else ""
        forms = {one.form for one in last.meanings if _fits(one, self.keys)}
        for form in (
            TO_INFINITIVE,
            INFINITIVE,
            PARTICIPLE,
            PAST_OR_PARTICIPLE,
            JOINED,
            THIRD,
            BASE,
            GERUND,
            IMPERATIVE,
        ):
            if form in forms:
                return PARTICIPLE if form == PAST_OR_PARTICIPLE else form
        return ""

    @functools.cached_property
    def first_form(self) -> str:
        if not self.content or not self.content[0].is_verb:
            return ""
        forms = {one.form for one in self.content[0].meanings if one.kind == "verb"}
        if GERUND in forms:
            return GERUND
        return PARTICIPLE if forms & {PARTICIPLE, PAST_OR_PARTICIPLE} else ""

    @functools.cached_property
    def particle(self) -> bool:
        """Whether a part of a verb stands for the whole: "Excel zu", "raus an Bauer"."""
        if self.verbs or len(self.content) < 2 or any(one.has("auxiliary") for one in self.content):
            return False
        words = [one for one in self.tokens if one.kind != "mark" and (one.key in PARTICLES or not one.has("adverbs"))]
        if len(words) > 2 and words[0].key in PARTICLES and words[1].key in {"mit", "with", "damit"}:
            return True
        return bool(words) and (
            words[-1].key in PARTICLES
            or words[0].key in {"raus", "rüber", "rueber"}
            or self.content[0].key in {"raus", "rueber"}
        )

    @functools.cached_property
    def is_relative(self) -> bool:
        """Whether the clause is one that describes: its verb is last, or it goes on from "which"."""
        if self.content[0].key in {"which", "who", "whose", "that"}:
            return True
        after = self.content[1] if len(self.content) > 1 else None
        if after is None or (after.has("noun") and not after.has("noun", "person_title")):
            return False
        finite = self.finite
        if finite == 1 or (len(self.content) > 2 and self.content[-2].key in {"zu", "to"}):
            return False
        last = next((one for one in reversed(self.content) if one.kind != "mark"), None)
        return last is not None and (
            last.key in SUBORDINATE_ENDS
            or self.last_form in {THIRD, JOINED, PARTICIPLE, PAST, "modal", "auxiliary"}
            or (last.is_verb and any(is_subject(one) for one in self.content[1:]))
        )

    def is_gap_after(self, before: "Words") -> bool:
        """Whether these words are an order that leaves out the verb: "… und die Rechnung an Tom"."""
        if self.has_verb or not before.imperative:
            return False
        to = any(one.key in {"an", "to"} and one.has("prepositions") for one in self.tokens)
        return to and any(one.key in {"an", "to"} for one in before.tokens) and self.content[0].has("determiners")

    @functools.cached_property
    def ends_open(self) -> bool:
        last = self.tokens[-1] if self.tokens else None
        return last is not None and (last.has("determiners") or last.has("prepositions"))
