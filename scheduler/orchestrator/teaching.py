"""What people teach: an example of what they meant, or a whole intent; every process knows it at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import yaml
from pydantic import ValidationError

from scheduler.core.actions import ActionCatalog
from scheduler.core.clock import Clock
from scheduler.core.errors import IntentExistsError, InvalidFieldError, InvalidRequestError, UnknownIntentError
from scheduler.core.ids import IdFactory, TenantId
from scheduler.core.intents import UNKNOWN, Intent, IntentFileError, RoutedIntent
from scheduler.core.problems import first_flaw
from scheduler.core.sentences import Sentence
from scheduler.core.slots import SLOTS
from scheduler.core.strict_yaml import read_strictly
from scheduler.core.taught import Taught, mark, read_example, slots_marked
from scheduler.core.taught_book import TaughtBook
from scheduler.core.templates import check_template, fill_template
from scheduler.orchestrator.plan_check import check_plan
from scheduler.repository.taught_repository import TaughtRepository
from scheduler.security.policies import PolicyEngine

_LONGEST: Final = 2_000  # characters of an example
_LARGEST: Final = 100_000  # characters of an intent's document
_MOST: Final = 2_000  # things that one tenant may teach
_KEYS: Final = frozenset(
    {"name", "description", "examples", "task_template", "texts", "required", "only_with", "questions"}
)
_VALUES: Final = {
    "site": "site",
    "site_url": "https://example.com",
    "search_address": "https://example.com",
    "start": "2030-01-01T10:00:00+01:00",
    "end": "2030-01-01T11:00:00+01:00",
    "zone": "Europe/Berlin",
}
"""What a template is filled with for a trial, besides the slots of its examples."""
_CORRECTED: Final = "answer to which one was meant"


class Teaching:
    """`intents` are those that come with the installation. `catalog_of` tells what plans of a tenant may name."""

    def __init__(
        self,
        *,
        taught: TaughtRepository,
        intents: Sequence[Intent],
        catalog_of: Callable[[TenantId], ActionCatalog],
        policy: PolicyEngine,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._taught = taught
        self._intents = {one.name: one for one in intents if one.name != UNKNOWN}
        self._catalog_of = catalog_of
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._books: dict[TenantId, tuple[tuple[int, int], TaughtBook]] = {}

    async def list(self, tenant: TenantId) -> Sequence[Taught]:
        return await self._taught.list(tenant)

    async def intents(self, tenant: TenantId) -> Mapping[str, Intent]:
        """Return all intents of a tenant by name, taught ones included."""
        return (await self.book(tenant)).intents

    async def route(self, text: str, tenant: TenantId) -> RoutedIntent | None:
        """Return what a request, or the first of its orders, means by what was taught; None: nothing."""
        return (await self.book(tenant)).route(text)

    async def teach(self, tenant: TenantId, intent: str, text: str, reason: str = "") -> Taught:
        """Remember that a sentence means an intent. Raises UnknownIntentError and InvalidFieldError."""
        known = await self.intents(tenant)
        if intent not in known:
            raise UnknownIntentError(intent, nearest=(), field="intent")
        said = " ".join(text.split())
        strange = [name for name in slots_marked([said]) if name not in SLOTS | set(known[intent].own_slots)]
        if strange:
            raise InvalidFieldError("text", _strange(strange[0]))
        if not 0 < len(said) <= _LONGEST or not read_example(intent, said).anchors:
            raise InvalidFieldError("text", _NO_WORDS)
        await self._room(tenant)
        one = self._new(tenant, "example", intent, text=said, reason=reason)
        await self._taught.add([one])
        return one

    async def add(self, tenant: TenantId, document: str) -> Taught:
        """Add a whole intent of a YAML document. Raises InvalidFieldError, which names what is wrong."""
        read = _read(document)
        examples = [text for texts in read["examples"].values() for text in texts]
        intent = self._checked(read, examples, self._catalog_of(tenant))
        if intent.name in await self.intents(tenant):
            raise IntentExistsError(intent.name)
        await self._room(tenant)
        one = self._new(tenant, "intent", intent.name, document=read)
        await self._taught.add([one])
        return one

    async def forget(self, tenant: TenantId, named: str) -> int:
        """Forget an example by its id, or a taught intent by its name, with its examples. Raises UnknownIntentError."""
        known = await self._taught.list(tenant)
        whole = any(one.kind == "intent" and one.intent == named for one in known)
        ids = [one.id for one in known if one.id == named or (whole and one.intent == named)]
        if not ids:
            raise UnknownIntentError(named, nearest=(), field="intent")
        return await self._taught.forget(tenant, ids, self._clock.now())

    async def correct(self, tenant: TenantId, intent: str, text: str, slots: Mapping[str, str]) -> None:
        """Remember what somebody answered who was asked which intent is meant; what cannot be learned is left.

        `slots` are what was understood: those of a taught intent are marked.
        """
        known = (await self.intents(tenant)).get(intent)
        own = {name: words for name, words in slots.items() if known is not None and name in known.own_slots}
        try:
            await self.teach(tenant, intent, mark(text, own), reason=_CORRECTED)
        except InvalidRequestError:
            return

    def _new(self, tenant: TenantId, kind: Any, intent: str, **more: Any) -> Taught:  # noqa: ANN401 - fields of Taught
        return Taught(id=self._new_id(), tenant=tenant, kind=kind, intent=intent, at=self._clock.now(), **more)

    async def _room(self, tenant: TenantId) -> None:
        if len(await self._taught.list(tenant)) >= _MOST:
            raise InvalidFieldError("text", _FULL)

    async def book(self, tenant: TenantId) -> TaughtBook:
        """Return all that a tenant has taught."""
        version = await self._taught.version(tenant)
        held = self._books.get(tenant)
        if held is None or held[0] != version:
            taught = await self._taught.list(tenant) if version != (0, 0) else ()
            own = {one.intent: _intent_of(one.document) for one in taught if one.kind == "intent"}
            known = self._intents | {name: one for name, one in own.items() if name not in self._intents}
            sentences = [(one.intent, one.text) for one in taught if one.kind == "example"]
            sentences += [(one.name, text) for one in own.values() for texts in one.examples.values() for text in texts]
            held = version, TaughtBook(known, [read_example(*one) for one in sentences])
            self._books[tenant] = held
        return held[1]

    def _checked(self, document: Mapping[str, Any], examples: Sequence[str], catalog: ActionCatalog) -> Intent:
        """Return the intent when its template can be filled by its examples and may run."""
        try:
            intent = _intent_of(document)
            check_template(intent, "document")
        except ValidationError as error:
            raise InvalidFieldError(*first_flaw(error)) from error
        except IntentFileError as error:
            raise InvalidFieldError("task_template", _plain(str(error).removeprefix("document: "))) from error
        if not intent.task_template:
            raise InvalidFieldError("task_template", Sentence("es hat keine Schritte", "it has no steps"))
        marked = {slot.slot: slot.words for text in examples for slot in read_example(intent.name, text).slots}
        missing = [names for names in intent.required if not marked.keys() & {*names.split("/")}]
        if missing:
            raise InvalidFieldError("required", _unmarked(missing[0]))
        said = RoutedIntent(**dict(intent), slots=marked, score=1.0)
        graph = fill_template(said, _VALUES, lambda _name: ["a@example.com"])
        check_plan(graph, catalog, self._policy)
        return intent


def _read(document: str) -> dict[str, Any]:
    if len(document) > _LARGEST:
        raise InvalidFieldError("document", _TOO_LONG)
    try:
        read = read_strictly(document)
    except yaml.YAMLError as error:
        raise InvalidFieldError("document", _plain(str(error).replace("\n", " "))) from error
    if not isinstance(read, dict):
        raise InvalidFieldError("document", _NO_MAP)
    strange = sorted(map(str, read.keys() - _KEYS))
    if strange:
        raise InvalidFieldError(strange[0], _STRANGE_KEY)
    examples = read.get("examples")
    if not isinstance(examples, dict) or not any(examples.values()):
        raise InvalidFieldError("examples", _NO_EXAMPLES)
    if not all(isinstance(texts, list) and all(isinstance(one, str) for one in texts) for texts in examples.values()):
        raise InvalidFieldError("examples", _NO_EXAMPLES)
    return read


def _intent_of(document: Mapping[str, Any]) -> Intent:
    examples = [text for texts in document["examples"].values() for text in texts]
    return Intent.model_validate({**document, "own_slots": slots_marked(examples)})


def _plain(text: str) -> Sentence:
    return Sentence(text, text)


def _strange(name: str) -> Sentence:
    return Sentence(f"„{name}“ ist kein Slot dieses Intents", f"“{name}” is no slot of this intent")


def _unmarked(names: str) -> Sentence:
    return Sentence(
        f"kein Beispiel markiert „{names}“, etwa [{names}:4711]",
        f"no example marks “{names}”, for example [{names}:4711]",
    )


_NO_WORDS: Final = Sentence(
    "der Satz braucht Wörter, an denen man ihn erkennt", "the sentence needs words that it is known by"
)
_TOO_LONG: Final = Sentence(f"höchstens {_LARGEST} Zeichen", f"at most {_LARGEST} characters")
_STRANGE_KEY: Final = Sentence(
    f"hier unbekannt; bekannt sind: {', '.join(sorted(_KEYS))}", f"not known here; known: {', '.join(sorted(_KEYS))}"
)
_FULL: Final = Sentence(f"mehr als {_MOST} Dinge kann man nicht lehren", f"no more than {_MOST} things can be taught")
_NO_MAP: Final = Sentence(
    "erwartet wird ein Intent: name, examples, task_template", "expected is one intent: name, examples, task_template"
)
_NO_EXAMPLES: Final = Sentence(
    "erwartet werden Sätze unter de oder en, etwa „storniere die Bestellung [order_id:881]“",
    "expected are sentences under de or en, such as “cancel order [order_id:881]”",
)
