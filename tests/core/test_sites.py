"""A site profile is checked where it is written, and what a request says changes neither selector nor secret."""

from pathlib import Path

import pytest

from examples.office import PORTAL_PROFILE
from scheduler.core.errors import InvalidInputError, UnknownSiteError
from scheduler.core.sentences import sentence
from scheduler.core.site_book import SiteBook, load_site, read_site, written
from scheduler.core.site_errors import SiteFileError
from scheduler.core.sites import SiteStep
from tests.support.sites import a_profile, put_sites

TEXT = PORTAL_PROFILE.read_text("utf-8")
NORTH, SOUTH = "https://nord.example.com", "https://sued.example.com"
PRETIX_PROFILE = PORTAL_PROFILE.parents[1] / "pretix" / "site.yaml"


@pytest.mark.parametrize("path", [PORTAL_PROFILE, PRETIX_PROFILE])
def test_a_profile_is_written_as_it_was_read(path: Path) -> None:
    profile = load_site(path)

    assert read_site(written(profile), "again") == profile


@pytest.mark.parametrize(
    ("old", "new", "place", "german"),
    [
        ("url: http://127.0.0.1:8080", "url: portal", "url", "eine Adresse wie https://portal.example.com"),
        ("name: Portal", "name: mail", "name", "so kann ein Portal nicht heißen"),
        ("name: Portal", "nam: Portal", "name", "die Angabe fehlt"),
        ("      secret: username", "", "login.steps[1]", "entweder text oder secret"),
        ("    - open: /login", "    - open: https://evil.example/", "login.steps[0].open", "außerhalb von domains"),
        ("    - open: /login", "    - open: /login\n      click: '#a'", "login.steps[0]", "genau eines von open"),
        ("label=Benutzername,", "label=,", "login.steps[1].fill", "fehlt ein Wert"),
        ("  logged_in:", "  logedin:", "login.logged_in", "die Angabe fehlt"),
        ("q={document_id}", "q={document_nr}", "document.steps[0]", "{document_nr}: eine solche Angabe gibt es nicht"),
        ("name: Portal", "name: &x Portal", "–", "anchors and aliases are not allowed"),
        ("  - open: /invoices", "  - download: '#a'\n    - open: /invoices", "document.steps[0]", "der letzte Schritt"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_field(old: str, new: str, place: str, german: str) -> None:
    assert old in TEXT

    with pytest.raises(SiteFileError) as caught:
        read_site(TEXT.replace(old, new), "portal.yaml")

    said = sentence(caught.value.code, "de", caught.value.facts)
    assert "portal.yaml" in said
    assert f"(Feld {place}" in said
    assert german in said


def test_a_step_becomes_one_of_the_browser_with_the_slots_filled_in() -> None:
    profile = a_profile("Süd-Portal", f"{SOUTH}/shop/", secrets="")
    assert profile.login is not None
    assert profile.document is not None

    find, fetch = (profile.todo(step, {"document_id": "RE 47/11"}, "download") for step in profile.document.steps)
    password = profile.todo(profile.login.steps[2], {}, "login")

    assert find.params == {"url": f"{SOUTH}/invoices?q=RE%2047%2F11"}
    assert 'role=link[name="Rechnung RE 47/11 herunterladen"]' in str(fetch.selector)
    assert 'a[href$="/invoices/RE%2047%2F11/pdf"]' in str(fetch.selector)
    assert password.text == "secret://sued-portal.password"
    assert profile.secret_names == ("sued-portal.username", "sued-portal.password")


@pytest.mark.parametrize("words", ["secret://mail.password", "x SECRET://mail.password"])
def test_a_request_cannot_have_a_secret_entered(words: str) -> None:
    step = SiteStep.model_validate({"fill": "label=Suche", "text": "{document_id}"})

    with pytest.raises(InvalidInputError):
        a_profile("Portal", NORTH).todo(step, {"document_id": words}, "download")


def test_a_request_cannot_change_a_selector_nor_be_read_as_a_reference() -> None:
    profile = a_profile("Portal", NORTH)
    css = SiteStep.model_validate({"click": "css=a[title='{document_id}']"})
    text = SiteStep.model_validate({"fill": "label=Suche", "text": "{document_id}"})

    with pytest.raises(InvalidInputError):
        profile.todo(css, {"document_id": "x'],a['"}, "download")
    assert profile.todo(text, {"document_id": "${open.url}"}, "download").text == "${open.url}"


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        (f"{NORTH}/a", True),
        ("https://login.nord.example.com/", True),
        ("https://evilnord.example.com/", False),
        ("https://nord.example.com.evil.example/", False),
        ("https://nord.example.com@evil.example/", False),
        ("file:///etc/passwd", False),
        ("http://[", False),
    ],
)
def test_a_page_belongs_to_a_site_by_its_host(url: str, inside: bool) -> None:
    assert a_profile("Portal", NORTH).allows(url) is inside


def test_sites_are_found_by_name_and_alias_and_read_again_when_they_change(tmp_path: Path) -> None:
    put_sites(tmp_path, {"Nord": NORTH})
    book = SiteBook((tmp_path / "none", tmp_path))

    found = book.named("nord")
    put_sites(tmp_path, {"Süd": SOUTH})

    assert (found.key, book.named("SÜD").key, book.keyed("sued").profile.url) == ("nord", "sued", SOUTH)
    with pytest.raises(UnknownSiteError):
        book.named("West")


def test_the_later_folder_counts_more(tmp_path: Path) -> None:
    put_sites(tmp_path / "config", {"Portal": NORTH})
    put_sites(tmp_path / "data", {"Portal": SOUTH})

    assert SiteBook((tmp_path / "config", tmp_path / "data")).named("Portal").profile.url == SOUTH


def test_a_file_that_cannot_be_used_leaves_the_others_alone_and_is_said_when_nothing_else_fits(tmp_path: Path) -> None:
    put_sites(tmp_path, {"Nord": NORTH})
    (tmp_path / "sued.yaml").write_text("name: Süd\n")
    book = SiteBook((tmp_path,))

    assert book.named("Nord").key == "nord"
    with pytest.raises(SiteFileError, match=r"sued\.yaml"):
        book.named("Süd")


def test_two_sites_share_neither_a_name_nor_a_password(tmp_path: Path) -> None:
    for key, changes in (("a", {}), ("b", {"aliases": ("PORTAL",)}), ("c", {"secrets": "portal"})):
        profile = a_profile("Portal" if key == "a" else key, NORTH if key == "a" else SOUTH, **changes)
        (tmp_path / f"{key}.yaml").write_text(written(profile), "utf-8")

    flaws = SiteBook((tmp_path,)).flaws

    assert {key: flaw.facts["place"] for key, flaw in flaws.items()} == {"b": "aliases", "c": "secrets"}
