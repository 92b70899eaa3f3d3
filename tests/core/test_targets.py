"""A locator reads back what it writes, and a target takes the ways people write one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scheduler.core.problems import first_problem
from scheduler.core.targets import By, Locator, Target

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
VALUES = TEXTS.filter(str.strip)
PLAIN = [by for by in By if by not in {By.ROLE, By.REF}]
LOCATORS = st.one_of(
    st.builds(Locator, by=st.sampled_from(PLAIN), value=VALUES, near=st.none() | VALUES),
    st.builds(
        Locator,
        by=st.just(By.ROLE),
        value=st.from_regex(r"[a-z]+", fullmatch=True),
        name=st.none() | TEXTS,
        near=st.none() | VALUES,
    ),
)


@given(LOCATORS)
def test_a_locator_reads_back_what_it_writes(locator: Locator) -> None:
    assert Locator.parse(str(locator)) == locator


@pytest.mark.parametrize(
    ("text", "by", "value", "name"),
    [
        ("#login", By.CSS, "#login", None),
        ("input[name=q]", By.CSS, "input[name=q]", None),
        ("a[href='x=y']", By.CSS, "a[href='x=y']", None),
        ("css=//odd", By.CSS, "//odd", None),
        ("//table//td[1]", By.XPATH, "//table//td[1]", None),
        ("(//a)[2]", By.XPATH, "(//a)[2]", None),
        ("xpath=./a", By.XPATH, "./a", None),
        ("  label=E-Mail ", By.LABEL, "E-Mail", None),
        ("text=a = b", By.TEXT, "a = b", None),
        ("placeholder=Suche …", By.PLACEHOLDER, "Suche …", None),
        ("test_id=submit", By.TEST_ID, "submit", None),
        ("role=button", By.ROLE, "button", None),
        ("role=button[name=Anmelden]", By.ROLE, "button", "Anmelden"),
        ('role=button[name="Los [jetzt]"]', By.ROLE, "button", "Los [jetzt]"),
        ("role=link[name='Jörgs “Ding”']", By.ROLE, "link", "Jörgs “Ding”"),
        ("role=link[name=It's]", By.ROLE, "link", "It's"),
        ("ref=f1e12", By.REF, "f1e12", None),
    ],
)
def test_locators_are_read_as_people_write_them(text: str, by: By, value: str, name: str | None) -> None:
    assert Locator.parse(text) == Locator(by=by, value=value, name=name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "label=",
        "text=  ",
        "role=Two Words",
        "role=button[title=x]",
        "role=",
        "ref=5",
        "near=Netto",
        'near="Netto"',
        'near="" css=a',
    ],
)
def test_what_is_no_locator_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"locator|role|ref"):
        Locator.parse(text)


def test_only_a_role_has_a_name() -> None:
    with pytest.raises(ValidationError, match="only a role"):
        Locator(by=By.CSS, value="a", name="Anmelden")


def test_a_target_is_written_as_text_list_or_locators() -> None:
    expected = Target(locators=(Locator(by=By.LABEL, value="E-Mail"),))

    assert Target.model_validate("label=E-Mail") == expected
    assert Target.model_validate(["label=E-Mail"]) == expected
    assert Target.model_validate({"locators": [{"by": "label", "value": "E-Mail"}]}) == expected
    assert Target.model_validate_json(expected.model_dump_json()) == expected


def test_a_locator_may_name_the_text_it_stands_beside() -> None:
    locator = Locator.parse('near="Rechnung \\"4711\\"" role=button[name=Löschen]')

    assert locator == Locator(by=By.ROLE, value="button", name="Löschen", near='Rechnung "4711"')


def test_a_target_may_stand_in_a_frame_of_a_frame() -> None:
    target = Target.model_validate({"locators": ["label=Nummer"], "frame": ["#shop", "#pay"]})

    assert Target.model_validate({"locators": ["label=Nummer"], "frame": "#pay"}).frame == target.frame[1:]
    assert Target.model_validate_json(target.model_dump_json()) == target
    assert str(target) == "label=Nummer in css=#shop > css=#pay"


def test_the_role_that_is_expected_is_the_recorded_one_or_the_one_that_is_named() -> None:
    assert Target.model_validate("#a").expected_role is None
    assert Target.model_validate(["#a", "role=button"]).expected_role == "button"
    assert Target.model_validate({"locators": ["role=link"], "role": "button"}).expected_role == "button"


def test_a_target_keeps_its_locators_in_order_of_trust() -> None:
    target = Target.model_validate(["test_id=send", "role=button[name=Senden]", "text=Senden"])

    assert [locator.by for locator in target.locators] == [By.TEST_ID, By.ROLE, By.TEXT]
    assert str(target) == 'test_id=send | role=button[name="Senden"] | text=Senden'


@pytest.mark.parametrize(
    "value", [5, [], ["label=x", 5], {"locators": []}, {"locators": ["role=Two Words"]}, "", ["a", ""]]
)
def test_what_is_no_target_is_refused_in_one_plain_sentence(value: Any) -> None:  # noqa: ANN401 - anything at all
    with pytest.raises(ValidationError) as caught:
        Target.model_validate(value)

    assert "\n" not in first_problem(caught.value)[1]
