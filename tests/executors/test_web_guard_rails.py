"""A job in the browser stays where it may be: nothing leaks to another host, no secret, no large or foreign file."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.core.errors import Effect
from scheduler.core.retry import TaskFailure
from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_guard import GuardRails
from tests.support.site import PASSWORD
from tests.support.sites import portals
from tests.support.two_sites import TwoSites, two_sites
from tests.support.web import Desk, WebJob

pytestmark = pytest.mark.integration
FORM = "<form action='{action}' method=post><label>Passwort <input type=password name=p></label></form>"


@pytest.fixture
def sites() -> Iterator[TwoSites]:
    with two_sites() as sites:
        yield sites


def a_desk(root: Path, sites: TwoSites, *, most_bytes: int = 100_000_000, steps: int = 2000) -> Desk:
    """A desk whose jobs may visit the inside site only."""
    return Desk(
        root,
        GuardRails(allowance=Allowance(sites=portals({"Portal": sites.inside})), most_bytes=most_bytes, steps=steps),
    )


async def refused(job: WebJob, action: str, selector: object = None, **fields: object) -> TaskFailure:
    ended = await job.attempt(action, selector, **{"timeout": 20, **fields})
    assert ended.error is not None, ended.result
    return ended.error


async def test_nothing_on_a_page_reaches_another_host(tmp_path: Path, sites: TwoSites) -> None:
    desk = a_desk(tmp_path, sites)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        assert (await job.do("goto", url=f"{sites.inside}/"))["title"] == "Inside"
        await asyncio.sleep(1)
        context = executor._jobs[job.id].context
        answer = await context.request.get(f"{sites.outside}/by-request")
        assert answer.status == 403

        assert (await job.do("extract", "h1"))["text"] == "Inside"

    assert sites.reached == []
    assert sites.packets == 0


async def test_the_same_page_reaches_a_host_that_is_on_the_list(tmp_path: Path, sites: TwoSites) -> None:
    both = GuardRails(allowance=Allowance(sites=portals({"Portal": sites.inside, "Other": sites.outside})))
    async with (desk := Desk(tmp_path, both)).executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/")
        await asyncio.sleep(1)

    tried = {"frame", "image", "fetch", "beacon", "websocket", "redirect-image", "script", "style", "events", "worker"}
    assert {f"/by-{way}" for way in tried} <= {path.replace("/by/", "/by-") for path in sites.reached}
    assert "/by-service-worker" not in sites.reached


@pytest.mark.parametrize("way", ["#away", "#tab", "#link", "#send", "#download"])
async def test_a_click_that_leads_outside_stops_and_names_the_host(tmp_path: Path, sites: TwoSites, way: str) -> None:
    desk = a_desk(tmp_path, sites)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/")

        error = await refused(job, "download" if way == "#download" else "click", way)

    assert (error.code, error.retryable) == ("address_forbidden", False)
    assert error.effect == (Effect.NONE if way == "#download" else Effect.DONE)
    assert error.facts["host"] == sites.outside.removeprefix("http://")
    assert "CPA_WEB_DOMAINS" in error.facts["why"]
    assert sites.reached == []


async def test_a_redirect_outside_stops_and_names_the_host(tmp_path: Path, sites: TwoSites) -> None:
    desk = a_desk(tmp_path, sites)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        for url in (f"{sites.inside}/redirect", f"{sites.outside}/", "http://portal.invalid/"):
            error = await refused(job, "goto", url=url)
            assert (error.code, error.facts["host"] in {sites.outside[7:], "portal.invalid"}) == (
                "address_forbidden",
                True,
            )
        error = await refused(job, "download", url=f"{sites.outside}/file.pdf")
        assert error.code == "address_forbidden"

    assert sites.reached == []


async def test_a_page_that_leaves_between_two_steps_is_named_by_the_next(tmp_path: Path, sites: TwoSites) -> None:
    desk = a_desk(tmp_path, sites)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/")
        await executor._jobs[job.id].page.evaluate("document.querySelector('#later').click()")
        await asyncio.sleep(0.6)

        assert (await refused(job, "extract", "h1", timeout=2)).code == "address_forbidden"

    assert sites.reached == []


async def test_no_link_leads_to_a_file_of_this_machine(tmp_path: Path, sites: TwoSites) -> None:
    desk = a_desk(tmp_path, sites)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/")

        await job.do("click", "#file")

        assert (await job.do("extract", "h1"))["text"] == "Inside"
        assert await job.refused("goto", url="file:///etc/passwd") == "invalid_input"
        assert await job.refused("download", url="file:///etc/passwd") == "invalid_input"


async def test_a_name_that_means_a_private_address_is_refused(tmp_path: Path, sites: TwoSites) -> None:
    port = sites.inside.rpartition(":")[2]
    desk = Desk(tmp_path, GuardRails(allowance=Allowance(domains=("*",))))
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        for host in ("localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"):  # noqa: S104
            error = await refused(job, "goto", url=f"http://{host}:{port}/")
            assert (error.code, "CPA_WEB_NETWORKS" in error.facts["why"]) == ("address_forbidden", True), host


@pytest.mark.parametrize(
    ("page", "allowed"),
    [
        (FORM.format(action="/in"), True),
        (FORM.format(action="javascript:void(0)"), True),
        (FORM.format(action="{outside}/steal"), False),
        (FORM.format(action="/in").replace("</form>", "<button formaction='{outside}/steal'>x</button></form>"), False),
        (f'<iframe srcdoc="{FORM.format(action="/in")}"></iframe>', False),
    ],
)
async def test_a_secret_is_entered_only_where_it_belongs(
    tmp_path: Path, sites: TwoSites, page: str, *, allowed: bool
) -> None:
    sites.pages["/form"] = page.replace("{outside}", sites.outside)
    desk = a_desk(tmp_path, sites)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/form")
        ended = await job.attempt("fill", "label=Passwort", text="secret://portal.password")
        plain = await job.attempt("fill", "label=Passwort", text="kein Geheimnis")

    assert plain.success
    assert ended.success is allowed
    if ended.error is not None:
        assert (ended.error.code, "portal.password" in ended.error.message) == ("address_forbidden", True)
        assert PASSWORD not in ended.error.message


async def test_one_portal_does_not_get_the_secret_of_another(tmp_path: Path, sites: TwoSites) -> None:
    sites.pages["/form"] = FORM.format(action="/in")
    desk = Desk(
        tmp_path, GuardRails(allowance=Allowance(sites=portals({"Portal": sites.outside, "Fremd": sites.inside})))
    )
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/form")

        assert (await refused(job, "fill", "label=Passwort", text="secret://portal.password")).code == (
            "address_forbidden"
        )


async def test_files_that_are_too_large_or_programs_are_not_taken(tmp_path: Path, sites: TwoSites) -> None:
    sites.pages["/files"] = "<a id=large href=/large download=a.bin>a</a> <a id=program href=/program>b</a>"
    desk = a_desk(tmp_path, sites, most_bytes=1_000_000)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=f"{sites.inside}/files")
        told = [
            await refused(job, "download", "#large"),
            await refused(job, "download", url="/large"),
            await refused(job, "download", "#program"),
        ]

    assert [error.code for error in told] == ["too_much_data", "too_much_data", "download_failed"]
    assert told[0].facts["limit"] == "1 MB"


async def test_a_job_that_runs_in_circles_is_stopped(tmp_path: Path, sites: TwoSites) -> None:
    desk = a_desk(tmp_path, sites, steps=3)
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        for _ in range(3):
            await job.do("goto", url=f"{sites.inside}/")

        async with desk.executor() as another:
            after = WebJob(desk, another, job.id)
            assert (await refused(after, "goto", url=f"{sites.inside}/")).code == "step_budget"
