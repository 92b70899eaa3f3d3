"""Every configured intent has hands: each example becomes a plan whose steps somebody can do, or says what it lacks."""

import contextlib
from datetime import UTC, datetime

import pytest

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import InvalidFieldError, InvalidRequestError, MissingSlotError, UnknownSiteError
from scheduler.core.ids import TaskId
from scheduler.core.intents import UNKNOWN, Intent
from scheduler.core.task_graph import TaskGraph
from scheduler.executor_wiring import make_registry, make_sites
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from scheduler.orchestrator.planner import Planner
from scheduler.security.policies import PolicyEngine
from scheduler.security.secrets_manager import SecretsManager
from tests.support.clock import FakeClock
from tests.support.routers import the_router
from tests.support.services import some_settings
from tests.support.sites import FakeSites

ROUTER = the_router()
INTENTS = [intent for intent in ROUTER.intents if intent.name != UNKNOWN]
EXAMPLES = [(intent.name, text) for intent in INTENTS for texts in intent.examples.values() for text in texts]
WEDNESDAY = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
OF_THE_SPECIFICATION = {
    "send_mail", "fetch_and_send", "read_mail", "search_mail", "search_document", "open_document", "export_pdf",
    "open_app", "close_app", "navigate_url", "web_search", "download_file", "fill_form", "create_appointment",
    "extract_table",
}  # fmt: skip
LACKING = (MissingSlotError, UnknownSiteError, InvalidFieldError)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> ActionCatalog:
    folder = tmp_path_factory.mktemp("data")
    settings = some_settings(folder, folder / "cpa.db")
    registry = make_registry(
        settings,
        SecretsManager(folder / "secrets.yaml"),
        ArtifactStore(folder / "artifacts"),
        ScreenshotStore(folder / "screenshots"),
        make_sites(settings),
    )
    return registry.catalog


@pytest.fixture
def planner(catalog: ActionCatalog) -> Planner:
    return Planner(
        router=ROUTER,
        catalog=catalog,
        policy=PolicyEngine.load(),
        sites=FakeSites({"Portal": "https://portal.example.com"}),
        clock=FakeClock(WEDNESDAY),
        search_url="https://search.example/?q={query}",
    )


def _steps(graph: TaskGraph) -> list[tuple[str, str]]:
    return [(str(todo.id), todo.action) for todo in graph.topological_sort()]


def test_every_intent_of_the_specification_is_configured_with_a_template() -> None:
    assert {intent.name for intent in INTENTS} == OF_THE_SPECIFICATION
    assert [intent.name for intent in INTENTS if not intent.task_template] == []


@pytest.mark.parametrize("intent", INTENTS, ids=lambda intent: intent.name)
def test_every_action_of_a_template_exists_and_is_allowed(intent: Intent, catalog: ActionCatalog) -> None:
    policy = PolicyEngine.load()

    for todo in intent.task_template:
        assert todo.action in catalog
        assert policy.check_action_allowed(todo.action)


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=[text for _, text in EXAMPLES])
async def test_every_example_becomes_a_plan_or_says_what_it_lacks(planner: Planner, name: str, text: str) -> None:
    with contextlib.suppress(*LACKING):  # a person's address, a portal, a time; anything else is a flaw of the template
        planned = await planner.plan(text)
        assert planned.intent == name
        assert planned.task_graph.tasks


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Exportiere bericht.docx als PDF", [("find", "file.find"), ("export", "document.export_pdf")]),
        (
            "Exportiere den Vertrag als PDF in den Ordner Verträge",
            [("find", "file.find"), ("export", "document.export_pdf"), ("keep", "file.copy")],
        ),
        ("Lies die Umsatztabelle aus bericht.pdf aus", [("find", "file.find"), ("extract", "data.extract_table")]),
        ("Öffne Excel", [("open", "app.open")]),
        ("Quit Teams", [("close", "app.close")]),
        ("Open report.docx in Word", [("find", "file.find"), ("open", "document.open")]),
        (
            "Search the web for hotels in Berlin",
            [("search", "web.goto"), ("read", "web.extract"), ("picture", "web.screenshot")],
        ),
        ("Trag ein Meeting morgen um 15 Uhr zum Thema Budget ein", [("create", "calendar.create")]),
        (
            "Fülle das Formular auf https://example.com/contact mit Name: Max Müller, Tage: 3 aus",
            [("open", "web.goto"), ("fill_1", "web.fill"), ("fill", "web.fill"), ("picture", "web.screenshot")],
        ),
    ],
)
async def test_these_become_plans(planner: Planner, text: str, steps: list[tuple[str, str]]) -> None:
    assert _steps((await planner.plan(text)).task_graph) == steps


async def test_an_appointment_is_at_the_moment_that_was_said_when_it_was_planned(planner: Planner) -> None:
    planned = await planner.plan("Schedule a meeting with bob@example.com tomorrow at 3 pm")
    (step,) = planned.task_graph.tasks.values()

    assert step.params == {
        "title": "Appointment",
        "start": "2026-11-26T15:00:00+01:00",
        "end": "2026-11-26T16:00:00+01:00",
        "zone": "Europe/Berlin",
        "participants": ["bob@example.com"],
    }


@pytest.mark.parametrize(
    ("text", "error", "field"),
    [
        ("Lade anna@example.com zu einer Besprechung am Freitag ein", MissingSlotError, "time"),
        ("Invite anna@example.com to a call next week at 10", InvalidFieldError, "date"),
        ("Leg einen Termin mit anna@example.com am Mittwoch um 10 Uhr an", InvalidFieldError, "date"),
        ("Leg einen Termin mit anna@example.com morgen um 3 Uhr an", InvalidFieldError, "time"),
        ("Fülle das Urlaubsformular aus", MissingSlotError, "url"),
        ("Fill out the form on https://example.com/contact", MissingSlotError, "body"),
        ("Fill out the form on https://example.com/contact with my data", InvalidFieldError, "body"),
    ],
)
async def test_what_is_missing_or_unclear_is_said(
    planner: Planner, text: str, error: type[InvalidRequestError], field: str
) -> None:
    with pytest.raises(error) as caught:
        await planner.plan(text)

    assert field in {caught.value.field, caught.value.facts.get("slot")}


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("Zeig mir meine ungelesenen Mails", {"unseen": True}),
        ("Read me the latest mail from Bob", {"sender": "Bob", "limit": 1}),
        (
            "Zeig mir die Mails von gestern",
            {"since": "2026-11-24T00:00:00+01:00", "before": "2026-11-25T00:00:00+01:00"},
        ),
        (
            "Find all emails from Bob from last week",
            {
                "sender": "Bob",
                "since": "2026-11-16T00:00:00+01:00",
                "before": "2026-11-23T00:00:00+01:00",
                "limit": 100,
            },
        ),
        ("Alle Mails seit Montag suchen", {"since": "2026-11-23T00:00:00+01:00", "limit": 100}),
        ("Find all emails after 3 May", {"since": "2026-05-04T00:00:00+02:00", "limit": 100}),
        ("Finde alle Mails bis Montag", {"before": "2026-11-24T00:00:00+01:00", "limit": 100}),
        ("Find all emails before Monday", {"before": "2026-11-23T00:00:00+01:00", "limit": 100}),
        ('Such Mails mit dem Betreff "neue Nachricht"', {"subject": "neue Nachricht", "limit": 20}),
        ("Find the email about the new message format", {"subject": "new message format", "limit": 20}),
        ("Check my inbox", {}),
    ],
)
async def test_only_the_mails_that_were_meant_are_read(planner: Planner, text: str, params: dict[str, object]) -> None:
    (step,) = (await planner.plan(text)).task_graph.tasks.values()

    assert step.params == params


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("Öffne das neueste Angebot", True),
        ("Open the latest report", True),
        ("Open the report", None),
        ("Open the Last Resort contract", None),
        ("Öffne die Letzte Mahnung", None),
    ],
)
async def test_the_newest_document_is_opened_where_that_is_said(
    planner: Planner, text: str, newest: bool | None
) -> None:
    find = (await planner.plan(text)).task_graph.tasks[TaskId("find")]

    assert (find.params["one"], find.params.get("newest")) == (True, newest)


@pytest.mark.parametrize(
    ("answer", "step"), [("example.org/hilfe", "address"), ("shop.example.com", "site"), ("Portal", "site")]
)
async def test_an_answer_is_an_address_only_where_no_portal_is_called_so(
    catalog: ActionCatalog, answer: str, step: str
) -> None:
    planner = Planner(
        router=ROUTER,
        catalog=catalog,
        policy=PolicyEngine.load(),
        sites=FakeSites({"Portal": "https://portal.example.com", "shop.example.com": "https://shop.example.com/login"}),
        clock=FakeClock(WEDNESDAY),
    )

    planned = await planner.plan("Open the website of the city of Cologne", answers={"slot.portal": answer})

    assert next(iter(planned.task_graph.tasks)) == step


async def test_the_words_of_a_search_stay_words(planner: Planner) -> None:
    graph = (await planner.plan("Google a&b=c #1 {query} ${x}")).task_graph

    assert (
        graph.tasks[TaskId("search")].params["url"]
        == "https://search.example/?q=a%26b%3Dc%20%231%20%7Bquery%7D%20%24%7Bx%7D"
    )


async def test_the_fields_of_a_form_cannot_name_secrets_or_results(planner: Planner) -> None:
    with pytest.raises(InvalidFieldError):
        await planner.plan("Fill out the form on https://example.com/contact with Name: secret://mail.password")
    graph = (await planner.plan("Fill out the form on https://example.com/contact with Name: ${open.title}")).task_graph

    assert graph.tasks[TaskId("fill")].text == "$${open.title}"


@pytest.fixture
def knowing_planner(catalog: ActionCatalog) -> Planner:
    """A planner that also asks what was learned."""
    return Planner(
        router=ROUTER,
        catalog=catalog,
        policy=PolicyEngine.load(),
        sites=FakeSites({}),
        beyond=BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher()),
    )


@pytest.mark.component
async def test_a_request_that_only_examples_explain_is_planned(knowing_planner: Planner) -> None:
    text = "bring mal Slack zum Laufen"
    assert ROUTER.route(text).name == UNKNOWN

    planned = await knowing_planner.plan(text)

    assert (planned.intent, planned.way) == ("open_app", "learned")


@pytest.mark.component
@pytest.mark.parametrize(
    "text",
    [
        "Send the report to bob@example.com, not to carla@example.com",
        "Send the report to bob@example.com and do not copy carla@example.com",
        "Schick den Bericht an bob@example.com, aber bitte noch nicht an carla@example.com",
    ],
)
async def test_nothing_goes_to_whom_it_is_not_to_go(knowing_planner: Planner, text: str) -> None:
    planned = await knowing_planner.plan(text)
    (mail,) = (todo.params for todo in planned.task_graph.tasks.values() if todo.action == "mail.send")

    assert "carla" not in str(mail)
    assert "bob@example.com" in str(mail)


@pytest.mark.component
async def test_what_is_not_to_be_done_beside_an_order_is_not_done() -> None:
    beyond = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())

    orders = await beyond.split("Open Excel but don't close Word", ROUTER)

    assert [part.routed.name for part in orders.parts] == ["open_app"]


async def test_what_is_said_of_two_documents_is_done_with_both(planner: Planner) -> None:
    planned = await planner.plan("Exportiere den Vertrag und das Angebot als PDF")

    finds = [todo.params["pattern"] for todo in planned.task_graph.tasks.values() if todo.action == "file.find"]
    assert finds == ["Vertrag", "Angebot"]
