"""What is remembered of a field's description, and what is not."""

import pytest

from scheduler.core.ids import TenantId
from scheduler.core.targets import Target
from scheduler.executors.web_described import Descriptions, Place

URL = "http://portal.test/form"
FIELD = Target.model_validate("#qty")


def described(*locators: str) -> Target:
    return Target.model_validate(list(locators))


def at(tenant: str = "acme", url: str = URL) -> Place:
    return Place(TenantId(tenant), url, FIELD)


def test_a_field_is_known_on_its_page_and_to_its_tenant_only() -> None:
    descriptions = Descriptions()

    descriptions.keep(at(), described("#qty", "label=Menge"))

    known = descriptions.of(at())
    assert known is not None
    assert known.recorded == described("#qty", "label=Menge")
    assert descriptions.of(at(tenant="other")) is None
    assert descriptions.of(at(url="http://portal.test/other")) is None


@pytest.mark.parametrize("way", ["label=Menge Artikel 4711", 'near="Schrauben" css=input'])
def test_what_names_a_single_case_is_described_anew(way: str) -> None:
    descriptions = Descriptions()

    descriptions.keep(at(), described("#qty", way))

    assert descriptions.of(at()) is None


def test_a_description_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    descriptions = Descriptions()
    descriptions.keep(at(), None)
    assert descriptions.of(at()) is not None

    monkeypatch.setattr("time.monotonic", lambda: float("inf"))

    assert descriptions.of(at()) is None
