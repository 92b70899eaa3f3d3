"""The web executor does what it is told on a real page, or says why not."""

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from examples.mailbox.dovecot import free_port
from scheduler.core.errors import Effect
from scheduler.core.ids import TaskId
from tests.support.site import FILE_NAME, PDF, Site
from tests.support.web import WebJob

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
DIGEST = "5a838678058f6de375e8635b5f2fea47a4e5f07cb1a882a44b10f39abc6f34ff"


@pytest.fixture(scope="module")
def site(web_site: Site) -> Site:
    return web_site


@pytest_asyncio.fixture(loop_scope="module")
async def job(web_job: WebJob, site: Site) -> WebJob:
    """A job whose page shows the site."""
    await web_job.do("goto", url=site.url())
    return web_job


def is_picture(path: str) -> bool:
    return Path(path).read_bytes().startswith(b"\x89PNG")


async def test_goto_says_where_it_is(job: WebJob, site: Site) -> None:
    result = await job.do("goto", url=site.url("/late"))

    assert result == {"url": site.url("/late"), "title": "Später"}
    assert (await job.verify("goto", url=site.url("/late"))).happened is True
    assert (await job.verify("goto", id="other", url=site.url("/other"))).happened is False


async def test_click_goes_where_the_link_leads_and_takes_a_picture(job: WebJob, site: Site) -> None:
    ended = await job.attempt("click", "text=Später", verify={"url": "/late"})

    assert {name: ended.result[name] for name in ("url", "title", "fitted")} == {
        "url": site.url("/late"),
        "title": "Später",
        "fitted": "text=Später",
    }
    assert [Path(path).name for path in ended.evidence] == ["step.png"]
    assert is_picture(ended.evidence[0])


async def test_click_waits_for_the_tab_it_opens_and_goes_there(job: WebJob) -> None:
    result = await job.do("click", "text=Neues Fenster")

    assert result["title"] == "Langsam"
    assert (await job.do("extract", "body"))["text"] == "da"


async def test_click_that_closes_its_tab_leads_back_to_the_page_before(job: WebJob, site: Site) -> None:
    await job.do("click", "text=Fragefenster")

    result = await job.do("click", "text=Schließen")

    assert result["url"] == site.url("/")


@pytest.mark.parametrize(("answer", "seen"), [("dismiss", "Nein"), ("accept", "Ja")])
async def test_a_question_of_the_page_is_answered_and_told(job: WebJob, answer: str, seen: str) -> None:
    result = await job.do("click", "role=button[name=Fragen]", dialog=answer)

    assert result["dialogs"] == [{"kind": "confirm", "message": "Wirklich?", "answer": answer}]
    assert (await job.do("extract", f"text={seen}"))["text"] == seen


async def test_fill_enters_text_with_all_its_letters(job: WebJob) -> None:
    await job.do("fill", "label=Suche", text="Müller & Söhne 😀")

    assert (await job.do("extract", "label=Suche", attribute="value"))["value"] == "Müller & Söhne 😀"
    assert (await job.verify("fill", "label=Suche", text="Müller & Söhne 😀")).happened is True
    assert (await job.verify("fill", "label=Suche", text="Maier")).happened is False


@pytest.mark.parametrize("choice", [{"label": "Österreich"}, {"value": "AT"}])
async def test_select_takes_an_option_by_value_or_label(job: WebJob, choice: dict[str, str]) -> None:
    result = await job.do("select", "label=Land", **choice)

    assert result["value"] == "AT"
    assert (await job.verify("select", "label=Land", **choice)).happened is True
    assert (await job.verify("select", "label=Land", value="DE")).happened is False


async def test_check_sets_and_clears_a_box(job: WebJob) -> None:
    await job.do("check", "label=Eilig")
    assert (await job.verify("check", "label=Eilig")).happened is True

    await job.do("check", "label=Eilig", checked=False)
    assert (await job.verify("check", "label=Eilig")).happened is False


async def test_press_in_a_field_does_what_the_key_does_there(job: WebJob, site: Site) -> None:
    await job.do("fill", "label=Suche", text="4711")

    result = await job.do("press", "label=Suche", key="Enter")

    assert result["url"] == site.url("/late?q=4711")


async def test_wait_for_lasts_until_the_page_shows_it(job: WebJob, site: Site) -> None:
    await job.do("goto", url=site.url("/late"))

    await job.do("wait_for", params={"text": "Rechnung 4711", "url": "/late"})

    assert (await job.do("extract", "#later"))["text"] == "Rechnung 4711 ist da"
    await job.do("wait_for", "#busy", state="hidden")
    assert await job.refused("wait_for", "#busy", timeout=1) == "element_not_found"
    assert await job.refused("wait_for", params={"text": "Mahnung"}, timeout=1) == "timeout"
    assert (await job.verify("wait_for", params={"text": "Mahnung"}, timeout=1)).happened is False


async def test_extract_reads_one_or_all(job: WebJob) -> None:
    one = await job.do("extract", "css=h1")
    every = await job.do("extract", ".item", all=True)
    link = await job.do("extract", "text=Später", attribute="href")

    assert (one["text"], one["fitted"]) == ("Büro", "css=h1")
    assert every["texts"] == ["Eins", "Zwei"]
    assert link["value"] == "/late"


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ({"selector": "#attachment"}, FILE_NAME),
        ({"selector": "#inline"}, "Rechnung 4711.pdf"),
        ({"params": {"url": "/files/attachment"}}, FILE_NAME),
    ],
    ids=["attachment", "shown in a new tab", "by address"],
)
async def test_download_keeps_the_file_under_its_real_name(job: WebJob, how: dict[str, object], name: str) -> None:
    result = await job.do("download", **how)

    assert result["name"] == name
    assert result["bytes"] == len(PDF)
    assert result["sha256"] == DIGEST
    assert result["media_type"] == "application/pdf"
    assert job.desk.artifacts.path_of(result["artifact"]).read_bytes() == PDF
    seen = await job.verify("download", **how)
    assert seen.happened is True
    assert seen.result == result


async def test_download_of_what_the_browser_shows_in_the_tab_comes_back_to_the_page(job: WebJob) -> None:
    result = await job.do("download", "#note")

    assert (result["name"], result["media_type"]) == ("note.txt", "text/plain")
    assert job.desk.artifacts.path_of(result["artifact"]).read_text() == "Grüße"
    assert (await job.do("extract", "h1"))["text"] == "Büro"


@pytest.mark.parametrize(
    ("link", "code"), [("#empty", "download_failed"), ("#page", "download_failed"), ("#gone", "page_refused")]
)
async def test_download_refuses_what_is_no_file(job: WebJob, link: str, code: str) -> None:
    assert await job.refused("download", link) == code


async def test_upload_hands_over_the_bytes_under_their_name(job: WebJob, site: Site) -> None:
    stored = await job.do("download", "#attachment", id="fetch")

    result = await job.do("upload", "label=Beleg", files=[stored["artifact"]])
    await job.do("click", "role=button[name=Hochladen]")

    assert result["files"] == [FILE_NAME]
    assert PDF in site.uploads[-1]
    assert FILE_NAME.encode() in site.uploads[-1]


async def test_an_upload_is_seen_by_the_bytes_that_the_field_holds(job: WebJob) -> None:
    stored = await job.do("download", "#attachment", id="fetch")
    other = job.desk.artifacts.save(job.id, TaskId("other"), FILE_NAME, PDF[:-1] + b"?")
    seen = [await job.verify("upload", "label=Beleg", files=[stored["artifact"]])]

    await job.do("upload", "label=Beleg", files=[stored["artifact"]])

    seen += [await job.verify("upload", "label=Beleg", files=[one]) for one in (stored["artifact"], other)]
    assert [one.happened for one in seen] == [False, True, False]
    await job.do("click", "role=button[name=Hochladen]", id="send")
    assert (await job.verify("upload", "label=Beleg", files=[other], id="later")).happened is None


async def test_upload_takes_files_of_its_own_job_only(job: WebJob) -> None:
    assert await job.refused("upload", "label=Beleg", files=["artifact://other/fetch/x.pdf"]) == "invalid_input"


async def test_screenshots_of_a_task_are_all_kept_the_last_under_its_name(job: WebJob) -> None:
    first = await job.attempt("screenshot")
    second = await job.attempt("screenshot", full_page=True)

    assert second.result["path"] == first.result["path"] == second.evidence[0]
    folder = Path(second.result["path"]).parent
    assert {path.name for path in folder.iterdir()} == {"step.png", "step.1.png"}
    assert folder.name == job.id


@pytest.mark.parametrize(
    "selector",
    [
        "#login",
        "//button[@id='login']",
        "text=Anmelden",
        "role=button[name=Anmelden]",
        "test_id=anmelden",
    ],
)
async def test_an_element_is_found_in_every_way(job: WebJob, selector: str) -> None:
    assert (await job.do("extract", selector))["text"] == "Anmelden"


@pytest.mark.parametrize("selector", ["label=E-Mail", "placeholder=name@firma.de", "role=textbox[name=E-Mail]"])
async def test_a_field_is_found_in_every_way(job: WebJob, selector: str) -> None:
    await job.do("fill", selector, text="anna@example.com")

    assert (await job.do("extract", "#mail", attribute="value"))["value"] == "anna@example.com"


async def test_a_target_falls_back_to_the_next_locator_and_says_so(job: WebJob) -> None:
    result = await job.do("extract", ["#moved", "role=button[name=Anmelden]", "#login"])

    assert result["text"] == "Anmelden"
    assert result["healed"] == {"sought": "css=#moved", "fitted": 'role=button[name="Anmelden"]'}


async def test_two_that_fit_are_an_error_that_lists_them(job: WebJob) -> None:
    ended = await job.attempt("click", ["role=button[name=Löschen]", "#login"])

    assert ended.error is not None
    assert ended.error.code == "ambiguous_target"
    assert ended.error.facts["candidates"] == "<button> Löschen; <button> Löschen"
    assert ended.error.effect is Effect.NONE


async def test_a_missing_element_fails_in_time_with_a_picture(job: WebJob, site: Site) -> None:
    ended = await job.attempt("click", "role=button[name=Geheim]", timeout=1)

    assert ended.error is not None
    assert ended.error.code == "element_not_found"
    assert ended.error.facts["page"] == site.url("/")
    assert ended.duration < 6
    assert ended.error.facts["picture"] == ended.evidence[-1]
    assert [is_picture(path) for path in ended.evidence] == [False, True]


async def test_the_wrong_kind_of_element_is_said_to_be_wrong(job: WebJob) -> None:
    assert await job.refused("fill", "h1", text="x") == "invalid_input"
    assert await job.refused("fill", "css=[[", text="x") == "invalid_input"


@pytest.mark.parametrize(
    ("path", "code", "retryable"),
    [("/status/404", "page_refused", False), ("/status/503", "site_unreachable", True)],
)
async def test_goto_fails_when_the_site_says_no(
    job: WebJob, site: Site, path: str, code: str, *, retryable: bool
) -> None:
    ended = await job.attempt("goto", url=site.url(path))

    assert ended.error is not None
    assert (ended.error.code, ended.error.retryable) == (code, retryable)
    assert (await job.verify("goto", url=site.url(path))).happened is False


async def test_goto_to_nowhere_may_be_tried_again(job: WebJob) -> None:
    ended = await job.attempt("goto", url=f"http://127.0.0.1:{free_port('127.0.0.1')}/")

    assert ended.error is not None
    assert (ended.error.code, ended.error.retryable) == ("site_unreachable", True)


async def test_goto_opens_no_file_of_this_machine(job: WebJob) -> None:
    assert await job.refused("goto", url="file:///etc/passwd") == "invalid_input"
    assert await job.refused("download", url="file:///etc/passwd") == "invalid_input"


async def test_a_postcondition_is_looked_for_on_the_page(job: WebJob) -> None:
    assert (await job.verify("click", "h1", verify={"text": "Büro", "absent": ".alert"})).happened is True
    await job.do("click", "h1")

    seen = await job.verify("click", "h1", verify={"text": "Danke"}, timeout=1)

    assert seen.happened is False
    assert "Danke" in seen.detail


async def test_a_postcondition_compares_what_a_field_holds_and_what_a_file_is(job: WebJob) -> None:
    await job.do("fill", "label=Suche", text="4711")
    await job.do("fill", "label=Passwort", text="secret://portal.password", id="password")
    await job.do("download", "#attachment", id="fetch")

    for expected, field, value in (
        (True, "label=Suche", "4711"),
        (False, "label=Suche", "471"),
        (True, "label=Passwort", "secret://portal.password"),
        (False, "label=Passwort", "secret://portal.pin"),
    ):
        seen = await job.verify("click", "h1", repeatable=True, timeout=1, verify={"selector": field, "value": value})
        assert seen.happened is expected
    for digest in (DIGEST, "0" * 64):
        seen = await job.verify("download", "#attachment", id="fetch", timeout=1, verify={"sha256": digest})
        assert seen.happened is (digest == DIGEST)


async def test_what_a_click_did_without_a_postcondition_nobody_can_tell(job: WebJob) -> None:
    await job.do("click", "h1")

    assert (await job.verify("click", "h1")).happened is None


async def test_a_click_whose_answer_stays_away_is_not_denied(job: WebJob, site: Site) -> None:
    button = "role=button[name=Bestellen ohne Antwort]"

    ended = await job.attempt("click", button, timeout=4, verify={"text": "Danke"})

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect) == ("outcome_unknown", Effect.UNKNOWN)
    assert site.orders[-1] == "/orders/stuck"
    assert (await job.verify("click", button, timeout=20, verify={"text": "Danke"})).happened is None


async def test_a_click_that_the_server_fails_is_of_unknown_outcome(job: WebJob) -> None:
    assert await job.refused("click", "role=button[name=Bestellen mit Fehler]") == "outcome_unknown"


@pytest.mark.parametrize("repeatable", [True, False])
async def test_a_demand_not_met_because_the_server_failed_is_said_so(
    job: WebJob, site: Site, *, repeatable: bool
) -> None:
    fields = {"verify": {"text": "Danke"}, "repeatable": repeatable}
    await job.do("click", "role=button[name=Später scheitern]", **fields)

    seen = await job.verify("click", "role=button[name=Später scheitern]", **fields)

    assert seen.happened is False
    assert seen.failure is not None
    assert (seen.failure.code, seen.failure.retryable) == ("site_unreachable", repeatable)
    assert seen.failure.facts["url"] == site.url("/status/503")


async def test_after_an_answer_that_was_none_the_next_attempt_begins_where_the_job_stood(job: WebJob) -> None:
    await job.do("fill", "label=E-Mail", text="anna@example.com")
    button = {"selector": "role=button[name=Bestellen mit Fehler]", "repeatable": True}
    assert await job.refused("click", **button) == "site_unreachable"

    assert await job.refused("click", **button) == "site_unreachable"
    assert (await job.do("extract", "label=E-Mail", attribute="value"))["value"] == "anna@example.com"


async def test_jobs_share_a_browser_but_no_cookies(job: WebJob, site: Site) -> None:
    await job.do("fill", "label=Passwort", text="secret://portal.password")
    await job.do("click", "#login")
    other = WebJob(job.desk, job.executor)

    inside, outside = await asyncio.gather(
        job.do("goto", url=site.url("/inside")), other.do("goto", url=site.url("/inside"))
    )

    assert (inside["title"], outside["title"]) == ("Drinnen", "Fremd")
    await other.executor.let_go(other.id, ended=True)


async def test_steps_of_one_job_run_one_after_another(job: WebJob, site: Site) -> None:
    results = await asyncio.gather(*(job.do("goto", url=site.url(path), id=path[1:]) for path in ("/late", "/slow")))

    assert [result["title"] for result in results] == ["Später", "Langsam"]
