"""Requests in German and English find their intent and their slots; whatever is no order stays unknown."""

import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.intent_router import Intent, IntentFileError, IntentRouter
from scheduler.core.intents import read_intents
from scheduler.core.strict_yaml import read_strictly
from tests.support.cases import each_of
from tests.support.routers import the_router

REQUESTS: dict[str, Any] = read_strictly(
    (Path(__file__).parents[1] / "support" / "requests.yaml").read_text(encoding="utf-8")
)
KNOWN = [
    (request["text"], intent, request["slots"])
    for intent, requests in REQUESTS["known"].items()
    for request in requests
]
INTENTS = {
    "send_mail", "fetch_and_send", "read_mail", "search_mail", "search_document", "open_document", "export_pdf",
    "open_app", "close_app", "navigate_url", "web_search", "download_file", "fill_form", "create_appointment",
    "extract_table", "unknown",
}  # fmt: skip

ROUTER = the_router()


def a_router(*intents: dict[str, Any], **rest: object) -> IntentRouter:
    return IntentRouter(read_intents({"intents": intents, **rest}, source="test.yaml"))


def test_all_sixteen_intents_are_there_with_examples_in_both_languages() -> None:
    by_name = {intent.name: intent for intent in ROUTER.intents}

    assert set(by_name) == INTENTS
    for name in INTENTS - {"unknown"}:
        assert min(len(by_name[name].examples[locale]) for locale in ("de", "en")) >= 2
        assert by_name[name].description.keys() == {"de", "en"}


def test_every_intent_is_asked_for_in_the_requests_of_these_tests() -> None:
    asked = Counter(intent for intent, requests in REQUESTS["known"].items() for _ in requests)

    assert set(asked) == INTENTS - {"unknown"}
    assert asked.total() >= 120


@each_of(KNOWN)
def test_a_request_finds_its_intent_and_its_slots(text: str, intent: str, slots: dict[str, str]) -> None:
    routed = ROUTER.route(text)

    assert (routed.name, routed.slots) == (intent, slots)


@each_of(REQUESTS["unknown"])
def test_what_is_no_order_of_ours_is_unknown(text: str) -> None:
    assert ROUTER.route(text).name == "unknown"


@each_of((text, intent.name) for intent in ROUTER.intents for texts in intent.examples.values() for text in texts)
def test_every_example_belongs_to_its_own_intent(text: str, intent: str) -> None:
    assert ROUTER.route(text).name == intent


@pytest.mark.parametrize("change", [str.upper, str.lower, str.swapcase])
def test_case_does_not_count(change: Callable[[str], str]) -> None:
    text = "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com"

    routed = ROUTER.route(change(text))

    assert routed.name == "fetch_and_send"
    assert routed.slots["document_id"] == "4711"


@pytest.mark.parametrize("text", ["Öffne die Präsentation für Müller", "Schließ die Übersicht"])
def test_decomposed_umlauts_are_the_same_letters(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)

    assert decomposed != text
    assert ROUTER.route(decomposed) == ROUTER.route(text)


def test_umlauts_may_be_spelled_in_ascii() -> None:
    assert ROUTER.route("Oeffne Excel").name == "open_app"
    assert ROUTER.route("Schliess Excel").name == "close_app"


@pytest.mark.parametrize("space", ["\n", "\t", "\u00a0", "   ", "\u200b "])
def test_white_space_and_invisible_characters_do_not_count(space: str) -> None:
    routed = ROUTER.route(f"  Schick{space}den{space}Vertrag an Anna \n")

    assert (routed.name, routed.slots) == ("send_mail", {"document": "Vertrag", "recipient": "Anna"})


def test_dictated_text_keeps_its_lines_emoji_and_thanks() -> None:
    routed = ROUTER.route("Schreib an anna@example.com: Hallo Anna,\n\nbis morgen 👩‍💻!\nDanke")

    assert routed.slots == {"recipient": "anna@example.com", "body": "Hallo Anna,\n\nbis morgen 👩‍💻!\nDanke"}


def test_a_long_name_with_umlauts_and_emoji_survives() -> None:
    name = "Jahresabschluss " + "Überlandleitungs" * 12 + " 🏔️"

    routed = ROUTER.route(f"Schick die Rechnung {name} an anna@example.com")

    assert routed.slots["document"] == f"Rechnung {name}"


def test_of_several_orders_the_first_is_returned_and_the_others_named() -> None:
    routed = ROUTER.route("Öffne den Vertrag und drucke ihn")

    assert (routed.name, routed.slots, routed.rest) == ("open_document", {"document": "Vertrag"}, "drucke ihn")
    assert routed.score < 1


def test_unknown_names_the_nearest_intents_of_which_there_may_be_none() -> None:
    assert ROUTER.route("Übersetze den Vertrag mit der Firma Müller").nearest[0] == "search_document"
    assert ROUTER.route("😀").nearest == ()
    assert ROUTER.route("").nearest == ()


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Hol die Rechnung", "de"),
        ("Get the invoice from the portal", "en"),
        ("Öffne Excel", "de"),
        ("Open Excel", "en"),
        ("4711", "de"),
        ("", "de"),
    ],
)
def test_the_language_is_recognised(text: str, locale: str) -> None:
    assert ROUTER.route(text).locale == locale


def test_several_patterns_lead_to_one_intent() -> None:
    router = a_router({"name": "greet", "patterns": ["^hello", "^good day", "^moin"]})

    assert [router.route(text).name for text in ("Hello!", "good day", "Moin moin", "bye")] == [
        *["greet"] * 3,
        "unknown",
    ]


def test_the_first_registered_wins_a_tie() -> None:
    one, other = {"name": "one", "patterns": ["^go$"]}, {"name": "other", "patterns": ["^go$"]}

    assert a_router(one, other).route("go").name == "one"
    assert a_router(other, one).route("go").name == "other"


def test_the_pattern_that_explains_more_by_its_own_words_wins() -> None:
    vague = {"name": "vague", "patterns": ["^send (?P<document>.+)$"]}
    exact = {"name": "exact", "patterns": ["^send (?P<document>.+) to (?P<recipient>.+)$"]}

    routed = a_router(vague, exact).route("send it all to Bob")

    assert (routed.name, routed.slots) == ("exact", {"document": "it all", "recipient": "Bob"})


def test_a_fallback_is_asked_only_when_nothing_else_fits() -> None:
    router = a_router({"name": "any", "fallbacks": ["^open .+"]}, {"name": "door", "patterns": ["^open door"]})

    assert [router.route(text).name for text in ("open door", "open sesame")] == ["door", "any"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"name": "x", "patterns": ["(?=a)"]}, ("'x'", "'(?=a)'")),
        ({"name": "x", "patterns": [r"(a)\1"]}, ("'x'", r"'(a)\\1'")),
        ({"name": "x", "patterns": ["(?P<colour>red)"]}, ("'x'", "'colour' is no slot")),
        ({"name": "x", "patterns": ["{{nobody}}"]}, ("'x'", "{{nobody}}")),
        ({"name": "x", "patterns": [True]}, ("'x'", "patterns.0")),
        ({"name": "x", "pattern": ["a"]}, ("'x'", "pattern")),
        ({"name": "x", "required": ["colour"]}, ("'x'", "'colour' is no slot")),
        ({"name": "x", "task_template": [{"id": "a", "action": "a.b", "text": "{colour}"}]}, ("'x'", "{colour}")),
        ({"name": "x", "task_template": [{"action": "a.b", "depends_on": ["c"]}]}, ("'x'", "'c'")),
        ({"name": "x", "task_template": [{"action": "a.b", "text": "{url}{title}"}]}, ("'x'", "touch")),
    ],
)
def test_a_bad_intent_is_named_with_its_file_and_place(document: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(IntentFileError) as caught:
        a_router(document)

    assert all(word in str(caught.value) for word in ("test.yaml", *words))


@pytest.mark.parametrize(
    "text",
    [
        "intents: [&a {name: x}, *a]",
        "intents:\n  - &a\n    name: x\n",
        "intents: [{name: x, name: y}]",
        "intents: !!python/object/apply:os.system [ls]",
        "intents: [",
        "- name: x",
        "intents: [{name: x}, {name: x}]",
        "intents: []",
    ],
)
def test_a_file_with_anchors_tags_or_double_keys_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "intents.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(IntentFileError, match=r"intents\.yaml"):
        IntentRouter.from_file(file)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "intents.yaml"
    file.write_text("#" * 1_100_000, encoding="utf-8")

    with pytest.raises(IntentFileError, match="larger than"):
        IntentRouter.from_file(file)


def test_intents_may_come_from_json(tmp_path: Path) -> None:
    file = tmp_path / "intents.json"
    file.write_text('{"intents": [{"name": "greet", "patterns": ["^hello (?P<recipient>.+)"]}]}', encoding="utf-8")

    routed = IntentRouter.from_file(file).route("Hello Änna")

    assert isinstance(routed, Intent)
    assert (routed.name, routed.slots) == ("greet", {"recipient": "Änna"})


def test_patterns_that_make_other_engines_hang_are_matched_in_linear_time() -> None:
    router = a_router({"name": "x", "patterns": ["^(a+)+$", "^(a|aa)+$", "^(a|a?)+$"]})

    assert router.route("a" * 100_000 + "!").name == "unknown"  # backtracking would take longer than the universe


def test_hostile_text_gets_an_answer() -> None:
    for text in ("schick " * 20_000, "a" * 100_000, ", und " * 20_000, "Schick " + "an Anna " * 10_000, "\x00" * 1_000):
        assert ROUTER.route(text).name in INTENTS


@given(st.text(max_size=80))
def test_any_text_gets_an_answer_and_always_the_same(text: str) -> None:
    assert ROUTER.route(text) == ROUTER.route(text)


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40))
def test_words_inside_dictated_text_are_not_read_as_orders(word: str) -> None:
    assert ROUTER.route(f"Schreib an anna@example.com: nicht {word} und öffne Excel").name == "send_mail"
