"""`cpa site` and `cpa secret`: profiles are checked before they are kept, tried out, recorded without secrets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright
from typer.testing import CliRunner, Result

from examples.office import PORTAL_PASSWORD, PORTAL_PROFILE, PORTAL_USER
from examples.portal import PortalServer
from scheduler.cli.app import app
from scheduler.cli.session import FAILED, USAGE
from scheduler.cli.site_recording import Recorder, profile_of
from scheduler.core.site_book import load_site, written
from scheduler.executors.browser_pool import find_browser

pytestmark = pytest.mark.component

DONE = 0


@pytest.fixture
def data(tmp_path: Path, clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("CPA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CPA_SITES_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("CPA_SECRETS_FILE", str(tmp_path / "secrets.yaml"))
    return tmp_path


@pytest.fixture
def portal() -> Iterator[PortalServer]:
    with PortalServer({PORTAL_USER: PORTAL_PASSWORD}) as server:
        yield server


def cpa(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def test_a_secret_is_read_from_standard_input_and_only_its_name_is_shown(data: Path) -> None:
    kept = cpa("secret", "set", "portal.password", typed="geheim-7\n")
    listed = cpa("secret", "list")
    removed = cpa("secret", "rm", "portal.password")
    again = cpa("secret", "rm", "portal.password")

    assert [one.exit_code for one in (kept, listed, removed, again)] == [DONE, DONE, DONE, FAILED]
    assert "portal.password" in listed.output
    assert "geheim" not in kept.output + listed.output
    assert (data / "secrets.yaml").stat().st_mode & 0o777 == 0o600
    assert cpa("secret", "set", "portal.password", "geheim-7").exit_code == USAGE, "a value is no argument"


def test_a_profile_is_added_with_what_was_given_and_listed(data: Path) -> None:
    added = cpa("site", "add", "Müller Portal", "--url", "https://portal.example.com", "--alias", "Müller",
                "--logged-in", "text=Abmelden", typed="")  # fmt: skip
    again = cpa("site", "add", "Müller Portal", "--url", "https://portal.example.com", typed="")
    listed = cpa("site", "list")

    profile = load_site(data / "sites" / "mueller-portal.yaml")
    assert (added.exit_code, again.exit_code, listed.exit_code) == (DONE, USAGE, DONE), added.output
    assert (profile.name, profile.aliases) == ("Müller Portal", ("Müller",))
    assert profile.login is not None
    assert str(profile.login.logged_in) == "text=Abmelden"
    assert "cpa secret set mueller-portal.password" in added.output
    assert "Müller Portal, Müller" in listed.output


def test_an_unsound_profile_is_not_kept(data: Path) -> None:
    wrong = data / "wrong.yaml"
    wrong.write_text("name: Portal\nurl: nowhere\n")

    refused = cpa("site", "add", "Portal", "--from", str(wrong))

    assert refused.exit_code == USAGE
    assert "(Feld url)" in refused.output
    assert not list(data.glob("sites/*"))


def test_a_broken_profile_is_said_by_the_list(data: Path) -> None:
    (data / "sites").mkdir()
    (data / "sites" / "portal.yaml").write_text("name: Portal\nurl: https://a.example\nlogin: {steps: []}\n")

    listed = cpa("site", "list")

    assert listed.exit_code == FAILED
    assert "portal.yaml" in listed.output
    assert "login." in listed.output


def test_without_a_display_recording_says_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)

    refused = cpa("site", "record", "Portal", "--url", "http://127.0.0.1:1")

    assert refused.exit_code == FAILED
    assert "DISPLAY" in refused.output
    assert "cpa site add" in refused.output


def _set_up(data: Path, portal: PortalServer, password: str = PORTAL_PASSWORD) -> None:
    source = data / "source.yaml"
    source.write_text(PORTAL_PROFILE.read_text("utf-8").replace("http://127.0.0.1:8080", portal.url), "utf-8")
    assert cpa("site", "add", "Portal", "--from", str(source)).exit_code == DONE
    cpa("secret", "set", "portal.username", typed=PORTAL_USER)
    cpa("secret", "set", "portal.password", typed=password)


@pytest.mark.integration
def test_a_profile_is_tried_out_for_real(data: Path, portal: PortalServer) -> None:
    _set_up(data, portal)

    tried = cpa("site", "test", "lieferantenportal", "--document", "4711")
    missing = cpa("site", "test", "Portal", "--document", "9999")

    assert tried.exit_code == DONE, tried.output
    assert "Angemeldet" in tried.output
    assert (missing.exit_code, portal.downloads["4711"]) == (FAILED, 1)
    assert "kennt das Dokument 9999 nicht" in missing.output
    pictures = [line.partition(": ")[2] for line in tried.output.splitlines() if line.startswith("Bild")]
    assert pictures
    assert all(Path(picture).is_file() for picture in pictures)
    assert PORTAL_PASSWORD not in tried.output + missing.output


@pytest.mark.integration
def test_a_wrong_password_is_said_by_the_trial(data: Path, portal: PortalServer) -> None:
    _set_up(data, portal, "Falsche-Beere-9")

    tried = cpa("site", "test", "Portal")

    assert tried.exit_code == FAILED
    assert "hat die Anmeldung abgelehnt" in tried.output
    assert "portal.username, portal.password" in tried.output


@pytest.mark.integration
async def test_what_was_shown_in_a_browser_becomes_a_profile_that_works(data: Path, portal: PortalServer) -> None:
    recorder = Recorder()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=find_browser())
        page = await (await browser.new_context()).new_page()
        await recorder.listen(page)
        await page.goto(f"{portal.url}/login")
        await page.get_by_label("Benutzername").fill(PORTAL_USER)
        await page.get_by_label("Passwort").fill(PORTAL_PASSWORD)
        await page.get_by_role("button", name="Anmelden").click()
        await page.get_by_role("button", name="Abmelden").wait_for()
        await recorder.look(page)
        await page.get_by_label("Suche").fill("4711")
        await page.get_by_role("button", name="Suchen").click()
        async with page.expect_download():
            await page.get_by_role("link", name="Rechnung 4711 herunterladen").click()
        await browser.close()

    profile = profile_of(recorder.deeds, name="Portal", url=f"{portal.url}/login", document="4711", aliases=["Shop"],
                         signs=recorder.signs)  # fmt: skip

    text = written(profile)
    assert PORTAL_PASSWORD not in text
    assert PORTAL_USER not in text
    assert "4711" not in text
    assert profile.secret_names == ("portal.username", "portal.password")
    assert profile.login is not None
    assert str(profile.login.logged_in) == 'role=button[name="Abmelden"]'
    recorded = data / "recorded.yaml"
    recorded.write_text(text, "utf-8")
    from scheduler.cli.site_trial import try_out  # noqa: PLC0415 - it needs the browser
    from scheduler.cli.sites import book_of  # noqa: PLC0415
    from scheduler.settings import load_settings  # noqa: PLC0415

    assert cpa("site", "add", "Portal", "--from", str(recorded)).exit_code == DONE
    cpa("secret", "set", "portal.username", typed=PORTAL_USER)
    cpa("secret", "set", "portal.password", typed=PORTAL_PASSWORD)
    settings = load_settings()
    trial = await try_out(settings, book_of(settings).named("Shop"), "4712", lambda *_: None, lambda _: None)
    assert trial.error is None, text
    assert portal.downloads["4712"] == 1
