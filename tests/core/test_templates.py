"""Templates become sound plans, and nothing a person writes becomes a reference, a secret or part of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.actions import ActionCatalog
from scheduler.core.errors import InvalidFieldError, MissingSlotError, NoTemplateError
from scheduler.core.ids import TaskId
from scheduler.core.intents import RoutedIntent
from scheduler.core.references import resolve
from scheduler.core.sentences import SENTENCES, sentence
from scheduler.core.task_graph import TaskGraph
from scheduler.core.templates import fill_template, values_needed
from scheduler.executors.file_executor import FileExecutor
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.site_actions import SITE_ACTIONS
from scheduler.executors.web_actions import WEB_ACTIONS
from tests.support.routers import the_router

ROUTER = the_router()
CATALOG = ActionCatalog([*WEB_ACTIONS, *SITE_ACTIONS, *MailExecutor.actions, *FileExecutor.actions])
SITE = {"site_url": "http://127.0.0.1:8080", "site": "portal"}
FETCH = {"document": "Rechnung 4711", "document_id": "4711", "portal": "Portal", "recipient": "anna@example.com"}


def routed(name: str = "fetch_and_send", locale: str = "de", **slots: str) -> RoutedIntent:
    intent = next(intent for intent in ROUTER.intents if intent.name == name)
    return RoutedIntent.model_validate({**intent.model_dump(), "slots": slots, "locale": locale})


def one_task(text: str, slots: dict[str, str]) -> str:
    """Return the text of a one-task plan whose template says `text`."""
    document = {"name": "x", "task_template": [{"id": "a", "action": "x.y", "text": text}], "slots": slots}
    return fill_template(RoutedIntent.model_validate(document), {}).tasks[TaskId("a")].text or ""


def test_the_main_sentence_becomes_the_plan_of_the_portal() -> None:
    sentence = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"

    graph = fill_template(ROUTER.route(sentence), SITE)

    steps = [(todo.id, todo.action) for todo in graph.topological_sort()]
    assert steps == [
        ("login", "site.login"),
        ("download", "site.download"),
        ("send", "mail.send"),
    ]
    tasks = {str(task_id): todo for task_id, todo in graph.tasks.items()}
    assert tasks["login"].params == {"site": "portal"}
    assert tasks["download"].params == {"site": "portal", "slots": {"document": "Rechnung 4711", "document_id": "4711"}}
    assert tasks["send"].params["to"] == ["anna@example.com"]
    assert tasks["send"].params["attachments"] == ["${download.artifact}"]
    assert tasks["send"].dependencies == ("download",)
    assert values_needed(ROUTER.route(sentence)) == {"site"}


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("fetch_and_send", FETCH),
        ("fetch_and_send", {"document": "Vertrag", "folder": "Verträge", "recipient": "a@example.com, b@example.com"}),
        ("send_mail", {"recipient": "anna@example.com", "body": "Hallo"}),
        ("send_mail", {"recipient": "anna@example.com", "file_name": "bericht.pdf", "cc": "bob@example.com"}),
        ("read_mail", {}),
        ("search_mail", {"sender": "Anna"}),
        ("search_document", {"document": "Vertrag"}),
        ("navigate_url", {"url": "www.example.com/a?b=c"}),
        ("navigate_url", {"portal": "Portal"}),
        ("download_file", {"url": "https://example.com/a.pdf", "folder": "Downloads"}),
        ("download_file", {**FETCH, "folder": "Downloads"}),
    ],
)
@pytest.mark.parametrize("locale", ["de", "en"])
def test_every_template_gives_a_sound_plan_with_nothing_left_to_fill(
    name: str, slots: dict[str, str], locale: str
) -> None:
    graph = fill_template(routed(name, locale, **slots), SITE)

    graph.check()
    document = graph.model_dump_json()
    assert "{" not in "".join(todo.reason + (todo.text or "") for todo in graph.tasks.values())
    assert all(todo.reason for todo in graph.tasks.values())
    for todo in graph.tasks.values():
        CATALOG.check_params(todo.action, todo.params, "task")
    assert TaskGraph.model_validate_json(document).model_dump_json() == document
    assert fill_template(routed(name, locale, **slots), SITE).freeze() == graph.freeze()


def test_texts_speak_the_language_of_the_request() -> None:
    mails = [
        fill_template(routed(locale=locale, **FETCH), SITE).tasks[TaskId("send")].params for locale in ("de", "en")
    ]

    assert ["anbei" in mails[0]["body"], "attached" in mails[1]["body"]] == [True, True]


def test_what_the_request_says_goes_before_the_texts_of_the_template() -> None:
    graph = fill_template(routed(**FETCH, subject="Für März 😀", body="Bitte prüfen."), SITE)

    mail = graph.tasks[TaskId("send")].params
    assert (mail["subject"], mail["body"]) == ("Für März 😀", "Bitte prüfen.")


def test_copies_go_out_only_when_asked_for() -> None:
    without = fill_template(routed(**FETCH), SITE).tasks[TaskId("send")].params
    with_copy = fill_template(routed(**FETCH, cc="chef@example.com"), SITE).tasks[TaskId("send")].params

    assert "cc" not in without
    assert with_copy["cc"] == ["chef@example.com"]


def test_a_mail_without_a_document_has_no_step_that_looks_for_one() -> None:
    graph = fill_template(routed("send_mail", recipient="anna@example.com", body="Hallo"), {})

    assert list(graph.tasks) == ["send"]
    assert graph.tasks[TaskId("send")].params["attachments"] == []


def test_only_plans_that_visit_a_site_need_its_address() -> None:
    assert values_needed(routed(**FETCH)) == {"site"}
    assert values_needed(routed("navigate_url", portal="Portal")) == {"site_url"}
    assert values_needed(routed("navigate_url", url="www.example.com")) == frozenset()
    assert values_needed(routed(document="Vertrag", folder="Verträge", recipient="a@example.com")) == {"newest"}


@pytest.mark.parametrize(
    ("name", "slots", "missing"),
    [
        ("fetch_and_send", {**FETCH, "recipient": ""}, "recipient"),
        ("fetch_and_send", {"document": "Rechnung", "recipient": "a@example.com"}, "portal"),
        ("send_mail", {"recipient": "a@example.com"}, "body"),
        ("search_document", {}, "file_name"),
        ("download_file", {"document": "Rechnung"}, "url"),
    ],
)
def test_a_missing_slot_is_named(name: str, slots: dict[str, str], missing: str) -> None:
    with pytest.raises(MissingSlotError) as caught:
        fill_template(routed(name, **slots), SITE)

    assert (caught.value.slot, caught.value.facts["intent"]) == (missing, name)


def test_a_missing_value_is_named_too() -> None:
    with pytest.raises(MissingSlotError, match="site"):
        fill_template(routed(**FETCH), {})


def test_an_intent_without_a_template_says_so() -> None:
    with pytest.raises(NoTemplateError) as caught:
        fill_template(RoutedIntent(name="brew_coffee"), {})

    assert caught.value.code in SENTENCES
    assert caught.value.facts["intent"] == "brew_coffee"


def test_a_recipient_must_be_a_mail_address() -> None:
    with pytest.raises(InvalidFieldError) as caught:
        fill_template(routed(**{**FETCH, "recipient": "Anna"}), SITE)

    assert caught.value.field == "recipient"
    assert "„Anna“ ist keine Mailadresse" in sentence(caught.value.code, "de", caught.value.facts)
    assert "“Anna” is no mail address" in sentence(caught.value.code, "en", caught.value.facts)


def test_several_recipients_become_a_list() -> None:
    slots = {**FETCH, "recipient": "anna+x@example.com, bob@bücher.example und <c@d.example>"}

    mail = fill_template(routed(**slots), SITE).tasks[TaskId("send")].params

    assert mail["to"] == ["anna+x@example.com", "bob@bücher.example", "c@d.example"]


@pytest.mark.parametrize("url", ["Stadt Köln", "javascript:alert(1)", "file:///etc/passwd", "http://", "example"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidFieldError, match="web address"):
        fill_template(routed("navigate_url", url=url), {})


@pytest.mark.parametrize("slot", ["subject", "body", "document"])
@pytest.mark.parametrize("words", ["secret://portal.password", "x SECRET://portal.password", "a${b}secret://c"])
def test_a_request_cannot_name_a_secret(slot: str, words: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        fill_template(routed(**{**FETCH, slot: words}), SITE)

    assert caught.value.field == slot


def test_two_halves_do_not_make_the_name_of_a_secret() -> None:
    with pytest.raises(InvalidFieldError, match="title"):
        one_task("secret{title}", {"title": "://portal.password"})


@given(st.text(alphabet="${}ab.\\ ", min_size=1, max_size=30).filter(str.strip))
def test_no_words_become_a_reference_and_all_come_back_as_they_were(words: str) -> None:
    filled = one_task("Betrifft {title}.", {"title": words})

    assert resolve(filled, {TaskId("a"): {"b": "stolen"}}) == f"Betrifft {words}."
