"""How a request in words becomes a plan: intent, slots, portal, template, checks."""

from collections.abc import Mapping

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.address_book import AddressBook, UnfitNameError, nobody_known
from scheduler.core.errors import (
    ActionForbiddenError,
    InvalidFieldError,
    InvalidRequestError,
    MissingSlotError,
    NoTemplateError,
    SeveralOrdersError,
    UnknownActionError,
    UnknownIntentError,
    UnknownSiteError,
)
from scheduler.core.intent_router import IntentRouter
from scheduler.core.intents import read_intents
from scheduler.core.sentences import Sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.orchestrator.planner import Planner, given_slots
from scheduler.security.policies import PolicyEngine, PolicyTable, Rule
from tests.support.services import SENTENCE, ScriptedExecutor, router

__all__ = ["router"]

NORTH, SOUTH = "https://nord.example.com", "https://sued.example.com"
ENGLISH = "Fetch invoice 4711 from the portal and send it to anna@example.com"
SLOTS = {"document": "Rechnung 4711", "document_id": "4711", "recipient": "anna@example.com", "portal": "Portal"}


def a_planner(
    router: IntentRouter,
    sites: Mapping[str, str] | None = None,
    deny: str = "",
    addresses: AddressBook = nobody_known,
) -> Planner:
    rules = (Rule(rule="all", allow=("*",)), *([Rule(rule="not-this", deny=(deny,))] if deny else []))
    return Planner(
        router=router,
        catalog=ActionCatalog(ScriptedExecutor.actions),
        policy=PolicyEngine(PolicyTable(actions=rules)),
        sites={"Portal": NORTH} if sites is None else sites,
        addresses=addresses,
    )


def _urls(graph: TaskGraph) -> list[str]:
    return [str(todo.params["url"]) for todo in graph.tasks.values() if "url" in todo.params]


@pytest.mark.parametrize(("text", "locale"), [(SENTENCE, "de"), (ENGLISH, "en")])
def test_a_sentence_becomes_a_plan_in_its_language(router: IntentRouter, text: str, locale: str) -> None:
    planned = a_planner(router).plan(text)

    assert (planned.intent, planned.locale) == ("fetch_and_send", locale)
    assert planned.slots["document_id"] == "4711"
    assert list(planned.task_graph.tasks.values())[-1].params["to"] == ["anna@example.com"]
    assert all(url.startswith(NORTH) for url in _urls(planned.task_graph))


def test_the_language_may_be_said(router: IntentRouter) -> None:
    assert a_planner(router).plan(SENTENCE, "en").locale == "en"


def test_a_second_order_is_refused_rather_than_forgotten(router: IntentRouter) -> None:
    with pytest.raises(SeveralOrdersError) as caught:
        a_planner(router).plan(f"{SENTENCE} und schließ dann Teams")

    assert caught.value.facts["rest"] == "schließ dann Teams"


def test_an_unknown_sentence_names_the_nearest_intents(router: IntentRouter) -> None:
    with pytest.raises(UnknownIntentError) as caught:
        a_planner(router).plan("Erzähl mir einen Witz")

    assert caught.value.nearest
    assert caught.value.field == "text"


def test_an_unknown_intent_names_those_spelt_alike(router: IntentRouter) -> None:
    with pytest.raises(UnknownIntentError) as caught:
        a_planner(router).plan_intent("fetch_and_sent", "", {})

    assert caught.value.nearest[0] == "fetch_and_send"
    assert caught.value.field == "intent"


def test_a_named_intent_takes_slots_from_words_and_context_and_the_context_wins(router: IntentRouter) -> None:
    context = {"slots": {"recipient": "bert@example.com"}}

    planned = a_planner(router).plan_intent("fetch_and_send", SENTENCE, context)

    assert planned.slots["document_id"] == "4711"
    assert planned.slots["recipient"] == "bert@example.com"


def test_each_portal_gets_its_own_login_and_no_other(router: IntentRouter) -> None:
    planner = a_planner(router, {"Portal": NORTH, "Süd-Portal": SOUTH})

    north, south = (
        planner.plan_intent("fetch_and_send", "", {"slots": {**SLOTS, "portal": portal}}).task_graph
        for portal in ("portal", "Süd-Portal")
    )

    logins = [[todo.text for todo in plan.tasks.values() if todo.action == "web.fill"] for plan in (north, south)]
    assert logins == [
        ["secret://portal.username", "secret://portal.password"],
        ["secret://sued-portal.username", "secret://sued-portal.password"],
    ]
    assert all(url.startswith(SOUTH) for url in _urls(south))


def test_a_client_cannot_send_the_login_of_a_portal_elsewhere(router: IntentRouter) -> None:
    evil = {"site_url": "https://evil.example", "site_login": "mail"}

    planned = a_planner(router).plan_intent("fetch_and_send", "", {"slots": {**SLOTS, **evil}})

    assert all(url.startswith(NORTH) for url in _urls(planned.task_graph))
    assert "mail.password" not in planned.task_graph.canonical()


def test_words_that_mean_something_else_fill_no_slots(router: IntentRouter) -> None:
    with pytest.raises(MissingSlotError):
        a_planner(router).plan_intent("fetch_and_send", "Öffne Excel", {})


@pytest.mark.parametrize(
    ("intent", "slots", "error", "field"),
    [
        ("fetch_and_send", {}, MissingSlotError, "context.slots.recipient"),
        ("fetch_and_send", {**SLOTS, "portal": "Nirgends"}, UnknownSiteError, "context.slots.portal"),
        ("fetch_and_send", {**SLOTS, "recipient": "Anna"}, InvalidFieldError, "context.slots.recipient"),
        ("open_app", {"application": "Excel"}, NoTemplateError, "intent"),
        ("unknown", {}, UnknownIntentError, "intent"),
    ],
)
def test_what_is_wrong_with_an_order_is_said_of_its_own_field(
    router: IntentRouter, intent: str, slots: dict[str, str], error: type[InvalidRequestError], field: str
) -> None:
    with pytest.raises(error) as caught:
        a_planner(router).plan_intent(intent, "", {"slots": slots})

    assert caught.value.field == caught.value.facts["field"] == field


@pytest.mark.parametrize("name", ["Lieferantenportal", "lieferantenPORTAL"])
def test_a_portal_is_found_by_its_name_whatever_its_case(router: IntentRouter, name: str) -> None:
    planner = a_planner(router, {"Portal": NORTH, "Lieferantenportal": f"{SOUTH}/"})

    planned = planner.plan_intent("fetch_and_send", "", {"slots": {**SLOTS, "portal": name}})

    assert all(url.startswith(f"{SOUTH}/") and "//" not in url.removeprefix("https://")
               for url in _urls(planned.task_graph))  # fmt: skip


@pytest.mark.parametrize("template_asks", [True, False])
def test_which_portal_is_meant_is_not_guessed(router: IntentRouter, template_asks: bool) -> None:
    planner = a_planner(router if template_asks else _router_of_a_careless_template())
    intent = "fetch_and_send" if template_asks else "look"

    with pytest.raises(MissingSlotError) as caught:
        planner.plan_intent(intent, "", {"slots": {**SLOTS, "portal": ""}})

    assert (caught.value.slot, caught.value.field) == ("portal", "context.slots.portal")


def _router_of_a_careless_template() -> IntentRouter:
    step = {"id": "open", "action": "web.goto", "params": {"url": "{site_url}"}}
    return IntentRouter(read_intents({"intents": [{"name": "look", "task_template": [step]}]}))


def test_without_any_portal_the_setting_is_asked_for(router: IntentRouter) -> None:
    with pytest.raises(UnknownSiteError) as caught:
        a_planner(router, {}).plan_intent("fetch_and_send", "", {"slots": SLOTS})

    assert caught.value.facts["known"] == ""


def test_a_plan_with_a_forbidden_step_is_none(router: IntentRouter) -> None:
    with pytest.raises(ActionForbiddenError, match="not-this"):
        a_planner(router, deny="mail.send").plan(SENTENCE)


def test_a_plan_nobody_here_can_do_is_none(router: IntentRouter) -> None:
    planner = Planner(
        router=router, catalog=ActionCatalog(), policy=PolicyEngine(PolicyTable()), sites={"Portal": NORTH}
    )

    with pytest.raises(UnknownActionError):
        planner.plan(SENTENCE)


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


def test_a_name_in_the_address_book_becomes_its_address_and_a_doubtful_one_an_error(router: IntentRouter) -> None:
    def addresses(name: str) -> tuple[str, ...]:
        if name != "Anna":
            raise UnfitNameError(Sentence(f"wer ist {name}?", f"who is {name}?"))
        return ("anna@example.com",)

    planner = a_planner(router, addresses=addresses)

    planned = planner.plan("Schreib Anna, dass ich später komme")
    with pytest.raises(InvalidFieldError, match="who is Bert") as unfit:
        planner.plan("Schreib Anna und Bert, dass ich später komme")

    (send,) = planned.task_graph.tasks.values()
    assert send.params["to"] == ["anna@example.com"]
    assert unfit.value.field == "recipient"
