"""How a request in words becomes a plan: intent, slots, portal, template, checks."""

from typing import Any

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.address_book import AddressBook, UnfitNameError, nobody_known
from scheduler.core.errors import (
    ActionForbiddenError,
    InvalidFieldError,
    InvalidRequestError,
    MissingSlotError,
    NoTemplateError,
    UnknownActionError,
    UnknownIntentError,
    UnknownSiteError,
)
from scheduler.core.ids import TaskId
from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import read_intents
from scheduler.core.questions import AskBackError
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.planned_request import given_slots
from scheduler.orchestrator.planner import Planner
from scheduler.security.policies import PolicyEngine, PolicyTable, Rule
from tests.support.services import SENTENCE, ScriptedExecutor, router
from tests.support.sites import FakeSites

__all__ = ["router"]

NORTH, SOUTH = "https://nord.example.com", "https://sued.example.com"
ENGLISH = "Fetch invoice 4711 from the portal and send it to anna@example.com"
SLOTS = {"document": "Rechnung 4711", "document_id": "4711", "recipient": "anna@example.com", "portal": "Portal"}


def a_planner(
    router: IntentRouter,
    sites: dict[str, str] | None = None,
    deny: str = "",
    addresses: AddressBook = nobody_known,
) -> Planner:
    rules = (Rule(rule="all", allow=("*",)), *([Rule(rule="not-this", deny=(deny,))] if deny else []))
    return Planner(
        router=router,
        catalog=ActionCatalog(ScriptedExecutor.actions),
        policy=PolicyEngine(PolicyTable(actions=rules)),
        sites=FakeSites({"Portal": NORTH} if sites is None else sites),
        addresses=addresses,
    )


def _sites(graph: TaskGraph) -> list[str]:
    return [str(todo.params["site"]) for todo in graph.tasks.values() if "site" in todo.params]


@pytest.mark.parametrize(("text", "locale"), [(SENTENCE, "de"), (ENGLISH, "en")])
async def test_a_sentence_becomes_a_plan_in_its_language(router: IntentRouter, text: str, locale: str) -> None:
    planned = await a_planner(router).plan(text)

    assert (planned.intent, planned.locale) == ("fetch_and_send", locale)
    assert planned.slots["document_id"] == "4711"
    assert list(planned.task_graph.tasks.values())[-1].params["to"] == ["anna@example.com"]
    assert _sites(planned.task_graph) == ["portal", "portal"]


async def test_the_language_may_be_said(router: IntentRouter) -> None:
    assert (await a_planner(router).plan(SENTENCE, "en")).locale == "en"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Such die Mail von Tom, nein, von Eva", "„von Tom“ ist berichtigt zu „von Eva“"),
        ("Find the mail from the bank of 3 Oct, no, 3 Nov", "“3 Oct” is corrected to “3 Nov”"),
        ("Such die Mail von Tom, nein, von Eva und such den Vertrag", "„von Tom“ ist berichtigt zu „von Eva“"),
    ],
)
async def test_what_the_words_correct_is_among_the_reasons(router: IntentRouter, text: str, told: str) -> None:
    corrected = await a_planner(router).plan(text)
    as_said = await a_planner(router).plan("Such die Mail von Eva")

    assert corrected.why.endswith(f"; {told}")
    assert "berichtigt" not in as_said.why


async def test_two_orders_become_one_plan_side_by_side(router: IntentRouter) -> None:
    planned = await a_planner(router).plan(f"{SENTENCE} und such den Vertrag mit Müller")

    assert [order.intent for order in planned.orders] == ["fetch_and_send", "search_document"]
    assert planned.task_graph.tasks[TaskId("find")].dependencies == ()
    assert planned.slots["0.document_id"] == "4711"
    assert (planned.intent, planned.way, planned.by) == ("several_orders", "rules", "template")


@pytest.mark.parametrize(
    ("text", "params"),
    [
        (
            "Such die Mail von Frau Berger und leite sie an anna@example.com weiter",
            {"to": ["anna@example.com"], "forwards": "${search.id}"},
        ),
        (
            "Find the email from Mrs Berger and forward it to anna@example.com, subject Boiler",
            {"to": ["anna@example.com"], "subject": "Boiler", "forwards": "${search.id}"},
        ),
        (
            "Lies mir die letzte Mail von Eva vor und schick sie an anna@example.com",
            {"to": ["anna@example.com"], "forwards": "${read.id}"},
        ),
    ],
)
async def test_the_mail_that_one_order_finds_is_sent_on_by_the_next(
    router: IntentRouter, text: str, params: dict[str, Any]
) -> None:
    planned = await a_planner(router).plan(text)

    finds, sends = planned.task_graph.tasks.values()
    assert (finds.action, finds.params["one"]) == ("mail.search", True)
    assert (sends.action, sends.params) == ("mail.send", params)
    assert sends.dependencies == (finds.id,)
    assert "document" not in planned.orders[1].slots


async def test_a_mail_is_found_alone_where_another_thing_is_sent(router: IntentRouter) -> None:
    planned = await a_planner(router).plan("Such die Mail von Eva und schick anna@example.com das Angebot")

    assert "one" not in planned.task_graph.tasks[TaskId("search")].params
    assert "forwards" not in planned.task_graph.tasks[TaskId("send")].params


async def test_what_one_order_finds_is_what_the_next_one_sends(router: IntentRouter) -> None:
    planned = await a_planner(router).plan("Such den Vertrag mit Müller und schick ihn an anna@example.com")

    steps = planned.task_graph.tasks
    assert list(steps) == ["find", "attach", "send"]
    assert steps[TaskId("attach")].params["path"] == "${find.path}"
    assert planned.slots["1.document"] == "Vertrag mit Müller"


async def test_an_order_word_makes_the_second_wait_for_the_first(router: IntentRouter) -> None:
    planned = await a_planner(router).plan("Such den Vertrag mit Müller. Danach such die Rechnung 4711.")

    assert planned.task_graph.tasks[TaskId("find_2")].dependencies == ("find",)


@pytest.mark.parametrize(
    "second", ["drucke sie aus", "erzähl mir einen Witz"], ids=["an order that is not configured", "small talk"]
)
async def test_a_part_that_is_no_order_is_asked_about_and_may_be_left_out(router: IntentRouter, second: str) -> None:
    text = f"Such den Vertrag mit Müller und {second}"
    with pytest.raises(AskBackError) as caught:
        await a_planner(router).plan(text)

    (question,) = caught.value.questions
    assert (question.key, question.order) == ("1.intent", 1)
    planned = await a_planner(router).plan(text, answers={"1.intent": "unknown"})
    assert planned.intent == "search_document"


async def test_what_an_order_lacks_is_asked_of_that_order(router: IntentRouter) -> None:
    text = "Such den Vertrag mit Müller und schreib eine Mail an anna@example.com"
    with pytest.raises(AskBackError) as caught:
        await a_planner(router).plan(text)

    assert [question.key for question in caught.value.questions] == ["1.slot.body"]
    planned = await a_planner(router).plan(text, answers={"1.slot.body": "Hallo"})
    assert planned.task_graph.tasks[TaskId("send")].params["body"] == "Hallo"


async def test_an_unknown_sentence_names_the_nearest_intents(router: IntentRouter) -> None:
    with pytest.raises(UnknownIntentError) as caught:
        await a_planner(router).plan("Erzähl mir einen Witz")

    assert caught.value.nearest
    assert caught.value.field == "text"


async def test_an_unknown_intent_names_those_spelt_alike(router: IntentRouter) -> None:
    with pytest.raises(UnknownIntentError) as caught:
        await a_planner(router).plan_intent("fetch_and_sent", "", {})

    assert caught.value.nearest[0] == "fetch_and_send"
    assert caught.value.field == "intent"


async def test_a_named_intent_takes_slots_from_words_and_context_and_the_context_wins(router: IntentRouter) -> None:
    context = {"slots": {"recipient": "bert@example.com"}}

    planned = await a_planner(router).plan_intent("fetch_and_send", SENTENCE, context)

    assert planned.slots["document_id"] == "4711"
    assert planned.slots["recipient"] == "bert@example.com"


async def test_each_portal_is_logged_in_to_by_its_own_profile(router: IntentRouter) -> None:
    planner = a_planner(router, {"Portal": NORTH, "Süd-Portal": SOUTH})

    north, south = [
        (await planner.plan_intent("fetch_and_send", "", {"slots": {**SLOTS, "portal": portal}})).task_graph
        for portal in ("portal", "Süd-Portal")
    ]

    assert (_sites(north), _sites(south)) == (["portal"] * 2, ["sued-portal"] * 2)


async def test_a_client_cannot_send_the_login_of_a_portal_elsewhere(router: IntentRouter) -> None:
    evil = {"site_url": "https://evil.example", "site": "evil"}

    planned = await a_planner(router).plan_intent("fetch_and_send", "", {"slots": {**SLOTS, **evil}})

    assert _sites(planned.task_graph) == ["portal", "portal"]
    assert "evil" not in planned.task_graph.canonical()


async def test_words_that_mean_something_else_fill_no_slots(router: IntentRouter) -> None:
    with pytest.raises(MissingSlotError):
        await a_planner(router).plan_intent("fetch_and_send", "Öffne Excel", {})


@pytest.mark.parametrize(
    ("intent", "slots", "error", "field"),
    [
        ("fetch_and_send", {}, MissingSlotError, "context.slots.recipient"),
        ("fetch_and_send", {**SLOTS, "portal": "Nirgends"}, UnknownSiteError, "context.slots.portal"),
        ("fetch_and_send", {**SLOTS, "recipient": "Anna"}, InvalidFieldError, "context.slots.recipient"),
        ("open_app", {}, MissingSlotError, "context.slots.application"),
        ("unknown", {}, UnknownIntentError, "intent"),
    ],
)
async def test_what_is_wrong_with_an_order_is_said_of_its_own_field(
    router: IntentRouter, intent: str, slots: dict[str, str], error: type[InvalidRequestError], field: str
) -> None:
    with pytest.raises(error) as caught:
        await a_planner(router).plan_intent(intent, "", {"slots": slots})

    assert caught.value.field == caught.value.facts["field"] == field


async def test_an_intent_without_a_template_is_said_to_be_one() -> None:
    router = IntentRouter(read_intents({"intents": [{"name": "brew_coffee", "patterns": ["coffee"]}]}, "test"))

    with pytest.raises(NoTemplateError) as caught:
        await a_planner(router).plan_intent("brew_coffee", "", {})

    assert caught.value.field == "intent"


@pytest.mark.parametrize("name", ["Lieferantenportal", "lieferantenPORTAL"])
async def test_a_portal_is_found_by_its_name_whatever_its_case(router: IntentRouter, name: str) -> None:
    planner = a_planner(router, {"Portal": NORTH, "Lieferantenportal": f"{SOUTH}/"})

    planned = await planner.plan_intent("fetch_and_send", "", {"slots": {**SLOTS, "portal": name}})

    assert _sites(planned.task_graph) == ["lieferantenportal"] * 2


@pytest.mark.parametrize("template_asks", [True, False])
async def test_which_portal_is_meant_is_not_guessed(router: IntentRouter, template_asks: bool) -> None:
    planner = a_planner(router if template_asks else _router_of_a_careless_template())
    intent = "fetch_and_send" if template_asks else "look"

    with pytest.raises(MissingSlotError) as caught:
        await planner.plan_intent(intent, "", {"slots": {**SLOTS, "portal": ""}})

    assert (caught.value.slot, caught.value.field) == ("portal", "context.slots.portal")


def _router_of_a_careless_template() -> IntentRouter:
    step = {"id": "open", "action": "web.goto", "params": {"url": "{site_url}"}}
    return IntentRouter(read_intents({"intents": [{"name": "look", "task_template": [step]}]}))


async def test_what_a_profile_needs_to_find_a_document_must_be_said(router: IntentRouter) -> None:
    slots = {**SLOTS, "document": "Rechnung", "document_id": ""}

    with pytest.raises(MissingSlotError) as caught:
        await a_planner(router).plan_intent("fetch_and_send", "", {"slots": slots})

    assert (caught.value.slot, caught.value.field) == ("document_id", "context.slots.document_id")


async def test_a_site_may_be_opened_by_name(router: IntentRouter) -> None:
    planned = await a_planner(router).plan("Ruf das Portal auf")

    assert [todo.params.get("url") for todo in planned.task_graph.tasks.values()] == [NORTH, None]


async def test_without_any_portal_the_setting_is_asked_for(router: IntentRouter) -> None:
    with pytest.raises(UnknownSiteError) as caught:
        await a_planner(router, {}).plan_intent("fetch_and_send", "", {"slots": SLOTS})

    assert caught.value.facts["known"] == ""


async def test_a_plan_with_a_forbidden_step_is_none(router: IntentRouter) -> None:
    with pytest.raises(ActionForbiddenError, match="not-this"):
        await a_planner(router, deny="mail.send").plan(SENTENCE)


async def test_a_plan_nobody_here_can_do_is_none(router: IntentRouter) -> None:
    planner = Planner(
        router=router, catalog=ActionCatalog(), policy=PolicyEngine(PolicyTable()), sites=FakeSites({"Portal": NORTH})
    )

    with pytest.raises(UnknownActionError):
        await planner.plan(SENTENCE)


@pytest.mark.parametrize(
    ("context", "field"),
    [({"slots": 5}, "context.slots"), ({"slots": ["a"]}, "context.slots"), ({"slots": {"a": None}}, "context.slots.a")],
)
def test_slots_that_are_none_are_refused(context: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        given_slots(context)

    assert caught.value.field == field


def test_a_context_needs_no_slots() -> None:
    assert given_slots({"desk": 7}) == {}


async def test_a_name_in_the_address_book_becomes_its_address_and_a_doubtful_one_an_error(router: IntentRouter) -> None:
    def addresses(name: str) -> tuple[str, ...]:
        if name != "Anna":
            raise UnfitNameError(Sentence(f"wer ist {name}?", f"who is {name}?"))
        return ("anna@example.com",)

    planner = a_planner(router, addresses=addresses)

    planned = await planner.plan("Schreib Anna, dass ich später komme")
    with pytest.raises(InvalidFieldError, match="who is Bert") as unfit:
        await planner.plan("Schreib Anna und Bert, dass ich später komme")

    (send,) = planned.task_graph.tasks.values()
    assert send.params["to"] == ["anna@example.com"]
    assert unfit.value.field == "recipient"


async def test_a_plan_tells_the_values_of_the_words_and_their_places(router: IntentRouter) -> None:
    text = "Such den Vertrag mit Müller und schick ihn an anna@example.com"
    planned = await a_planner(router).plan(text)

    (to,) = (one for one in planned.typed if one.name == "1.recipient")
    assert (to.kind, to.value) == ("person", ["anna@example.com"])
    assert to.span is not None
    assert text[slice(*to.span)] == "anna@example.com"
