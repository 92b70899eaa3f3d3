"""Evidence shows how a step went, as much as is asked for, and no secret."""

import asyncio
import zipfile
from pathlib import Path

import pytest

from scheduler.core.task_executor_interface import ExecutionResult
from scheduler.executors.web_evidence import NO_TRACE, blanked, shortened
from scheduler.executors.web_keeper import Level
from scheduler.executors.web_looks import noting
from scheduler.executors.web_page import JobPage
from scheduler.executors.web_scripts import TELL
from tests.support.site import PASSWORD, Site
from tests.support.web import Desk, WebJob, a_step

SECRET = {"text": "secret://portal.password"}


def names(paths: tuple[str, ...]) -> list[str]:
    return [Path(path).name for path in paths]


def page_of(ended: ExecutionResult) -> str:
    """Return the page that was kept first, as text."""
    return Path(ended.evidence[0]).read_text(encoding="utf-8")


def size_of(path: str) -> int:
    return Path(path).stat().st_size


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


def mode_of(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.integration
async def test_a_failure_keeps_the_page_its_errors_and_a_picture(desk: Desk, web_site: Site) -> None:
    async with desk.executor(evidence="errors") as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/troubled"))
        ended = await job.attempt("click", "text=Gibt es nicht", timeout=1)

    assert names(ended.evidence) == ["step.page.txt", "step.png"]
    page = page_of(ended)
    assert f"address: {web_site.url('/troubled')}" in page
    assert 'textbox "Passwort" [ref=' in page


@pytest.mark.integration
async def test_the_errors_of_the_failing_step_are_kept(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url())

        ended = await job.attempt("wait_for", "text=Gibt es nicht", timeout=1, id="first")
        quiet = page_of(ended)
        await job.do("goto", url=web_site.url("/form"))
        ended = await job.attempt("goto", url=web_site.url("/status/404"), id="second")

    assert "went wrong in the page:\n  -\n" in quiet
    assert f"network: GET {web_site.url('/status/404')}: HTTP 404" in page_of(ended)


@pytest.mark.integration
async def test_scripts_that_fail_during_a_step_are_told(desk: Desk, web_site: Site) -> None:
    async with desk.executor(evidence="all") as executor:
        job = WebJob(desk, executor)

        ended = await job.attempt("goto", url=web_site.url("/troubled"), timeout=20)
        await job.do("wait_for", idle=True, id="later")

    page = page_of(ended)
    assert "console error: Skript meldet Fehler 17" in page


@pytest.mark.integration
async def test_passwords_that_the_page_fills_in_itself_are_blanked(desk: Desk, web_site: Site) -> None:
    async with desk.executor(evidence="all") as executor:
        job = WebJob(desk, executor)
        ended = await job.attempt("goto", url=web_site.url("/troubled"), timeout=20)
        told = (await job.do("snapshot", id="told"))["page"]
        await job.do("goto", url=web_site.url("/frames"), id="frames")
        shadow = (await job.do("snapshot", id="shadow"))["page"]

    for page in (page_of(ended), told):
        assert "vorbelegt-77" not in page
        assert 'textbox "Passwort"' in page
        assert ": abc\n" not in page
        assert "abc ist kein Geheimnis" in page
    assert "schattig" not in shadow


@pytest.mark.integration
@pytest.mark.parametrize("level", ["steps", "all"])
async def test_a_picture_after_each_change_the_page_after_each_step_and_with_all_a_picture_before(
    desk: Desk, web_site: Site, level: Level
) -> None:
    async with desk.executor(evidence=level) as executor:
        job = WebJob(desk, executor)
        opened = await job.attempt("goto", url=web_site.url("/form"), timeout=20, id="open")
        filled = await job.attempt("fill", "#customer", text="Anna", id="fill")
        clicked = await job.attempt("click", "#send", id="send")

    assert names(opened.evidence) == ["open.page.txt", "open.png"]
    assert names(filled.evidence) == ["fill.page.txt"]
    before = ["send.before.png"] if level == "all" else []
    assert names(clicked.evidence) == [*before, "send.page.txt", "send.png"]


@pytest.mark.integration
async def test_errors_means_nothing_while_all_goes_well(desk: Desk, web_site: Site) -> None:
    async with desk.executor(evidence="errors") as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/form"))

        assert (await job.attempt("click", "#send")).evidence == ()


@pytest.mark.integration
async def test_a_trace_is_kept_when_asked_for_and_readable_by_us_alone(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/form"))

        ended = await job.attempt("click", "#send", trace=True, timeout=20)
        failed = await job.attempt("click", "#nowhere", trace=True, timeout=1, id="failed")

    assert names(ended.evidence) == ["step.trace.zip", "step.png"]
    assert names(failed.evidence) == ["failed.trace.zip", "failed.page.txt", "failed.png"]
    assert mode_of(ended.result["trace"]) == 0o600
    assert any(name.endswith(".trace") for name in zipfile.ZipFile(ended.result["trace"]).namelist())


@pytest.mark.integration
async def test_no_trace_of_a_step_or_a_job_with_a_secret(desk: Desk, web_site: Site) -> None:
    async with desk.executor(trace=True) as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url())

        told = [
            await job.attempt("fill", "label=Passwort", id="password", **SECRET),
            await job.attempt("click", "#login", id="login"),
        ]

    assert [one.result["trace"] for one in told] == [NO_TRACE, NO_TRACE]
    assert not list(desk.root.rglob("login.trace.zip"))


@pytest.mark.integration
async def test_a_trace_in_which_a_known_secret_stands_is_thrown_away(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)

        result = await job.do("goto", url=web_site.url(f"/late?q={PASSWORD}"), trace=True)

    assert result["trace"] == NO_TRACE
    assert not list(desk.root.rglob("*.zip"))


@pytest.mark.integration
async def test_a_secret_is_in_no_evidence_of_any_kind(desk: Desk, web_site: Site) -> None:
    async with desk.executor(evidence="all", trace=True) as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/echo"))
        await job.do("fill", "label=Kennung", id="fill", **SECRET)
        await job.do("press", "label=Kennung", key="Tab", id="press")
        told = [
            await job.attempt("snapshot", id="look"),
            await job.attempt("extract", "#shown", id="read"),
            await job.attempt("click", "role=button[name=Kennung]", id="miss", timeout=1),
            await job.attempt("screenshot", "#shown", id="picture"),
        ]

    assert PASSWORD not in repr(told)
    for path in desk.root.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.integration
async def test_a_picture_of_an_element_shows_only_that(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url())
        page = await job.do("screenshot", id="page")
        heading = await job.do("screenshot", "h1", id="heading")
        seen = await job.verify("screenshot", "h1", id="heading")

    assert size_of(heading["path"]) < size_of(page["path"])
    assert seen.happened is True


@pytest.mark.integration
async def test_a_snapshot_is_cut_at_its_limit_and_says_so(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/table"))

        whole = await job.do("snapshot")
        part = await job.do("snapshot", limit=300)
        table = await job.do("snapshot", "#invoices")

    assert (whole["cut"], part["cut"]) == (False, True)
    assert len(part["page"]) < 350
    assert "more lines" in part["page"]
    assert "Brutto" in whole["page"]
    assert "Brutto" not in table["page"]


@pytest.mark.parametrize(
    ("text", "secrets", "told"),
    [
        ('- textbox "P" [ref=e1]: geheim', {"geheim"}, '- textbox "P" [ref=e1]: •••'),
        ('- textbox: "a: \\"b\\""', {'a: "b"'}, '- textbox: "•••"'),
        ("- text: abcd\n- textbox: abc", {"abc"}, "- text: abcd\n- textbox: •••"),
        ("- textbox: geheim2 geheim", {"geheim", "geheim2"}, "- textbox: ••• •••"),
    ],
)
def test_values_of_secret_fields_are_blanked(text: str, secrets: set[str], told: str) -> None:
    assert blanked(text, secrets) == told


def test_a_text_is_cut_between_lines() -> None:
    assert shortened("a\nb", 3) == ("a\nb", False)
    assert shortened("aa\nbb\ncc", 7) == ("aa\nbb\n… cut: 1 more lines", True)


@pytest.mark.integration
async def test_a_page_is_kept_as_its_step_has_left_it_though_the_next_comes_at_once(desk: Desk, web_site: Site) -> None:
    fields = "".join(f'<input id="f{number}" aria-label="Feld {number}">' for number in range(5))
    box, much = (
        '<input id="box" type="checkbox" aria-label="Ja">',
        "<p>So viel, dass ein Blick darauf dauert.</p>" * 800,
    )
    kept: list[ExecutionResult] = []
    async with desk.executor(evidence="all") as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/form"))
        page = executor._jobs[job.id]
        await page.page.set_content(fields + box + much)

        for time in (1, 2):  # the second time the fields are known
            for number in range(5):
                todo = a_step(
                    "fill", f"#f{number}", text=f"Wert {time}.{number}", id=f"fill-{time}-{number}", timeout=30
                )
                kept.append(await executor.execute(todo, job.context(todo)))
            todo = a_step("check", "#box", checked=time == 1, id=f"check-{time}", timeout=30)
            kept.append(await executor.execute(todo, job.context(todo)))
        await page.saved()

    for number, page_then in enumerate(map(page_of, kept)):
        time, step = number // 6 + 1, number % 6
        entered = [f"Wert {time}.{one}" in page_then for one in range(5)]
        assert entered == [one <= step for one in range(5)]
        assert ("[checked]" in page_then) is (number in range(5, 11))


@pytest.mark.integration
async def test_what_is_noted_is_told_past_the_scripts_of_the_page(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/form"))
        page, wire = executor._jobs[job.id].page, executor._jobs[job.id].wire

        await noting(page.locator("body"), 4711).aria_snapshot(mode="ai")
        noted, again = wire.noted(4711), wire.noted(4711)
        seen_by_the_page = await page.evaluate("name => name in globalThis", TELL)

    assert noted is not None
    assert noted.title
    assert again is None
    assert seen_by_the_page is False


@pytest.mark.fault
@pytest.mark.integration
async def test_a_picture_that_could_not_be_taken_is_crossed_out(
    desk: Desk, web_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = JobPage.capture

    async def too_late(page: JobPage) -> bytes:
        """Take it of a page that closes just then."""
        if page.finished:  # the step is done
            await page.context.close()
        else:
            await asyncio.sleep(0.5)
            return await too_late(page)
        return await capture(page)

    monkeypatch.setattr(JobPage, "capture", too_late)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url("/form"), id="open")
        executor._jobs[job.id].finished.clear()
        ended = await job.attempt("click", "#send", timeout=20)

    assert ended.error is None
    picture = content_of(ended.evidence[-1])
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 1000  # it is crossed out
