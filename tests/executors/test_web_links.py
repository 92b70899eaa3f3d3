"""A document on a page is found by the name of its link, whatever else is there, and nobody is led outside by one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from scheduler.executors.web_allowance import Allowance
from scheduler.executors.web_guard import GuardRails
from tests.support.sites import portals
from tests.support.two_sites import TwoSites, two_sites
from tests.support.web import Desk, WebJob

pytestmark = pytest.mark.integration


@pytest.fixture
def sites() -> Iterator[TwoSites]:
    with two_sites() as sites:
        yield sites


@pytest_asyncio.fixture
async def job(tmp_path: Path, sites: TwoSites) -> AsyncIterator[WebJob]:
    desk = Desk(tmp_path, GuardRails(allowance=Allowance(sites=portals({"Portal": sites.inside}))))
    async with desk.executor() as executor:
        yield WebJob(desk, executor)


async def _fetched(job: WebJob, sites: TwoSites, body: str, document: str = "Preisliste") -> int:
    sites.pages["/start"] = f"<!doctype html><title>Start</title>{body}"
    done = await job.do("download", url=f"{sites.inside}/start", document=document)
    return int(done["bytes"])


async def test_links_that_are_odd_or_broken_hinder_nothing(job: WebJob, sites: TwoSites) -> None:
    body = """<a href="http://[kaputt">Preisliste</a><a href="javascript:void(0)">Preisliste</a>
        <a href="data:text/plain,x">Preisliste</a><a href="file:///etc/passwd">Preisliste</a>
        <svg><a href="/start"><text>Preisliste</text></a></svg><a href=/large>Preisliste</a>"""

    assert await _fetched(job, sites, body) == 3_000_000


async def test_a_link_to_where_one_has_been_leads_nowhere(job: WebJob, sites: TwoSites) -> None:
    menu = "<nav><a href='/start#oben'>Start</a> <a href='/preise#unten'>Preisliste</a></nav>"
    sites.pages["/preise"] = f"<!doctype html><title>Preise</title>{menu}<a href=/large>Preisliste laden</a>"

    assert await _fetched(job, sites, menu) == 3_000_000


async def test_links_of_one_name_are_told_apart(job: WebJob, sites: TwoSites) -> None:
    sites.pages["/start"] = "<a href='/large?v=1'>Preisliste</a> <a href='/large?v=2'>Preisliste</a>"

    ended = await job.attempt("download", url=f"{sites.inside}/start", document="Preisliste", timeout=20)

    assert ended.error is not None
    (question,) = ended.error.questions
    labels = [choice.label for choice in question.choices]
    assert labels == [f"Preisliste ({sites.inside}/large?v={number})" for number in (1, 2)]


async def test_another_number_or_name_is_not_taken_without_asking(job: WebJob, sites: TwoSites) -> None:
    sites.pages["/start"] = "<a href=/large>Rechnung 47110</a> <a href=/report>Vertrag Hanna</a>"

    for document in ("Rechnung 4711", "Vertrag Anna"):
        ended = await job.attempt("download", url=f"{sites.inside}/start", document=document, timeout=20)

        assert ended.error is not None
        assert ended.error.questions[0].text == f"„{document}“ heißt nichts genau so. Was ist gemeint?"


async def test_what_was_chosen_on_a_page_between_is_not_asked_again(job: WebJob, sites: TwoSites) -> None:
    sites.pages["/start"] = "<a href=/alt>Preisliste</a> <a href=/neu>Preisliste</a>"
    sites.pages["/neu"] = "<a href=/report>Preisliste drucken</a> <a href=/large>Preisliste laden</a>"
    asked = list[list[str]]()

    for _ in range(2):
        ended = await job.attempt("download", url=f"{sites.inside}/start", document="Preisliste", timeout=20)
        assert ended.error is not None
        asked.append([choice.value.removeprefix(sites.inside) for choice in ended.error.questions[0].choices])
        job.answers = {"which": sites.inside + asked[-1][-1]}

    assert asked == [["/alt", "/neu"], ["/report", "/large"]]
    assert await _fetched(job, sites, sites.pages["/start"]) == 3_000_000


async def test_a_page_that_is_the_document_itself_is_kept(job: WebJob, sites: TwoSites) -> None:
    sites.pages["/agb.html"] = "<!doctype html><title>AGB</title><p>Es gilt das Recht.</p>"

    done = await job.do("download", url=f"{sites.inside}/agb.html", document="AGB")

    assert done["name"] == "agb.html"


async def test_a_page_that_is_sent_as_a_file_is_one(job: WebJob, sites: TwoSites) -> None:
    sites.pages["/start"] = "<a href=/report>Bericht</a>"

    linked = await job.do("download", url=f"{sites.inside}/start", document="Bericht")
    direct = await job.do("download", url=f"{sites.inside}/report", document="Bericht")

    assert linked["name"] == direct["name"] == "report.html"


@pytest.mark.parametrize("way", ["{outside}/preise.pdf", "/redirect"])
async def test_a_link_outside_stops_and_names_the_host(job: WebJob, sites: TwoSites, way: str) -> None:
    sites.pages["/start"] = f"<a href='{way.format(outside=sites.outside)}'>Preisliste</a>"

    ended = await job.attempt("download", url=f"{sites.inside}/start", document="Preisliste", timeout=20)

    assert ended.error is not None
    assert (ended.error.code, ended.error.facts["host"]) == ("address_forbidden", sites.outside.removeprefix("http://"))
    assert sites.reached == []


async def test_a_program_and_a_file_too_large_are_not_taken(tmp_path: Path, sites: TwoSites) -> None:
    allowance = Allowance(sites=portals({"Portal": sites.inside}))
    desk = Desk(tmp_path, GuardRails(allowance=allowance, most_bytes=1_000_000))
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        sites.pages["/start"] = "<a href=/large>Preisliste</a> <a href=/program>Programm</a>"
        for document, code in (("Preisliste", "too_much_data"), ("Programm", "download_failed")):
            assert await job.refused("download", url=f"{sites.inside}/start", document=document, timeout=20) == code
