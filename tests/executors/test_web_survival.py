"""A job on the web goes on after its process, its browser or its page has died, and no password is left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scheduler.core.task_executor_interface import ExecutionContext
from tests.support.processes import browsers, drivers, kill, renderers
from tests.support.site import PASSWORD, Site, serve_site
from tests.support.web import Desk, WebJob, another_worker

pytestmark = pytest.mark.integration
ORDER = "role=button[name=Bestellen]"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serve_site() as site:
        yield site


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def picture_bytes(path: str) -> bytes:
    return Path(path).read_bytes()


def everything_in(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


async def test_another_process_goes_on_where_the_first_was_killed(desk: Desk, site: Site) -> None:
    async with desk.executor() as first:
        job = WebJob(desk, first)
        await job.do("goto", url=site.url())
        await job.do("fill", "label=E-Mail", text="anna@example.com")
        await job.do("fill", "label=Passwort", text="secret://portal.password")
        await job.do("select", "label=Land", value="AT")

        async with another_worker(job) as after:
            assert (await after.do("extract", "label=E-Mail", attribute="value"))["value"] == "anna@example.com"
            assert (await after.do("extract", "label=Land", attribute="value"))["value"] == "AT"
            assert (await after.do("click", "#login"))["title"] == "Drinnen"

            async with another_worker(after) as last:
                assert (await last.do("extract", "body"))["text"] == "Angemeldet"


async def test_the_session_of_a_job_goes_with_the_job(desk: Desk, site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=site.url())
        kept = desk.sessions / f"{job.id}.sealed"
        assert kept.stat().st_mode & 0o777 == 0o600

        context = ExecutionContext(job_id=job.id)
        assert await executor.keeps_session(context)
        await executor.let_go(job.id, ended=False)
        assert kept.exists()
        async with desk.executor() as after:
            assert await after.keeps_session(context)
            assert not await after.keeps_session(context._replace(run=2))
        await executor.let_go(job.id, ended=True)
        assert not kept.exists()
        assert not await executor.keeps_session(context)


@pytest.mark.fault
@pytest.mark.parametrize("victims", [browsers, drivers, renderers])
async def test_the_next_step_works_after_a_death(desk: Desk, site: Site, victims: Callable[[], list[int]]) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=site.url())
        await job.do("fill", "label=Suche", text="4711")
        kill(victims())

        ended = await job.attempt("extract", "label=Suche", attribute="value", timeout=30)
        if ended.error is not None:  # the death may not have been heard of before the step began
            assert (ended.error.code, ended.error.retryable) == ("browser_unavailable", True)
            ended = await job.attempt("extract", "label=Suche", attribute="value", timeout=30)

        assert ended.result["value"] == "4711"


@pytest.mark.fault
async def test_an_order_is_not_denied_when_its_page_is_lost(desk: Desk, site: Site) -> None:
    async with desk.executor() as first:
        job = WebJob(desk, first)
        await job.do("goto", url=site.url(), id="open")
        before = len(site.orders)

        async with another_worker(job) as after:
            lost = await after.verify("click", ORDER, id="order", verify={"text": "Danke"}, timeout=20)
            repeatable = await after.verify(
                "click", ORDER, id="order", verify={"text": "Danke"}, timeout=1, repeatable=True
            )

        assert (lost.happened, repeatable.happened) == (None, False)
        assert len(site.orders) == before


@pytest.mark.fault
async def test_an_order_whose_session_was_kept_is_known_to_have_happened(desk: Desk, site: Site) -> None:
    async with desk.executor() as first:
        job = WebJob(desk, first)
        await job.do("goto", url=site.url(), id="open")
        ordered = await job.do("click", ORDER, id="order")

        async with another_worker(job) as after:
            seen = await after.verify("click", ORDER, id="order", timeout=20)

        assert (seen.happened, seen.result) == (True, ordered)


async def test_a_password_leaves_no_trace(desk: Desk, site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=site.url())
        secret = {"text": "secret://portal.password"}
        told = [
            await job.attempt("fill", "label=Passwort", **secret),
            await job.attempt("extract", "label=Passwort", attribute="value"),
            await job.attempt("fill", "label=Suche", **secret),
            await job.attempt("extract", "label=Suche", attribute="value"),
            await job.attempt("fill", "h1", **secret),
            await job.attempt("press", "label=Suche", key="Enter", id="search"),
            await job.attempt("click", "text=Gibt es nicht", timeout=1),
            await job.attempt("goto", url=site.url(), id="again"),
            await job.attempt("fill", "label=Passwort", id="again", **secret),
            await job.attempt("click", "#login", id="login"),
        ]
        seen = await job.verify("fill", "label=Suche", timeout=1, **secret)

    assert [one.success for one in told] == [True, False, True, True, False, True, False, True, True, True]
    assert told[5].result["url"] == site.url("/late")
    assert PASSWORD not in repr((told, seen))
    assert PASSWORD.encode() not in everything_in(desk.root)


async def test_a_picture_does_not_tell_one_secret_from_another(desk: Desk, site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        pictures = []
        for name in ("portal.password", "portal.pin"):
            await job.do("goto", url=site.url("/echo"))
            await job.do("fill", "label=Kennung", text=f"secret://{name}")
            await job.do("press", "label=Kennung", key="Tab", repeatable=True)
            pictures.append((await job.attempt("screenshot", id=name.partition(".")[2])).evidence[0])

    one, other = map(picture_bytes, pictures)
    assert one == other


async def test_a_missing_secret_is_named_before_anything_is_entered(desk: Desk, site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        await job.do("goto", url=site.url())

        ended = await job.attempt("fill", "label=Passwort", text="secret://portal.token")

    assert ended.error is not None
    assert (ended.error.code, ended.error.facts["secret"]) == ("secret_missing", "portal.token")
