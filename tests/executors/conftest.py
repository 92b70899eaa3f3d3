"""What the tests of the web executor share: a site, a desk, and a job in a browser that lives as long as a module."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from scheduler.executors.playwright_executor import PlaywrightExecutor
from tests.support.site import Site, serve_site
from tests.support.web import Desk, WebJob


@pytest.fixture(scope="module")
def web_site() -> Iterator[Site]:
    with serve_site() as site:
        yield site


@pytest.fixture(scope="module")
def web_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web_executor(web_desk: Desk) -> AsyncIterator[PlaywrightExecutor]:
    async with web_desk.executor() as executor:
        yield executor


@pytest_asyncio.fixture(loop_scope="module")
async def web_job(web_desk: Desk, web_executor: PlaywrightExecutor) -> AsyncIterator[WebJob]:
    """A job with an empty page."""
    job = WebJob(web_desk, web_executor)
    yield job
    await web_executor.let_go(job.id, ended=True)
