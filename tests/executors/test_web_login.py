"""A login is done once and its session used by later jobs, until the site ends it; no wrong password is tried twice."""

from pathlib import Path

import pytest

from tests.support.site import PASSWORD, Site, serve_site
from tests.support.web import Desk, WebJob, another_worker

pytestmark = pytest.mark.integration


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def a_login(site: Site, credential: str = "portal") -> dict[str, object]:
    return {"credential": credential, "url": site.url("/account"), "check": {"text": "Abmelden"}}


async def test_a_session_is_kept_for_the_next_job_and_renewed_when_it_has_ended(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        first, second, third = (WebJob(desk, executor) for _ in range(3))

        one = await first.do("login", params=a_login(web_site))
        two = await second.do("login", params=a_login(web_site))
        assert (await second.verify("login", params=a_login(web_site))).happened is True
        web_site.sessions.clear()
        assert (await third.do("login", params=a_login(web_site)))["reused"] is False
        afresh = await second.do("login", params=a_login(web_site) | {"reuse": False})

    assert (one["reused"], two["reused"], afresh["reused"]) == (False, True, False)
    assert (one["title"], two["title"]) == ("Konto", "Konto")
    kept = list((desk.sessions / "logins").rglob("*.sealed"))
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600]
    assert PASSWORD not in kept[0].read_text()


async def test_a_wrong_password_is_told_and_not_kept(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)

        ended = await job.attempt("login", params=a_login(web_site, "wrong"), timeout=10)

    assert ended.error is not None
    assert (ended.error.code, ended.error.retryable) == ("login_rejected", False)
    assert ended.error.facts["secrets"] == "wrong.username, wrong.password"
    assert not list(desk.sessions.rglob("wrong*.sealed"))
    assert "falsch-geraten" not in "".join(path.read_text(errors="replace") for path in desk.root.rglob("*.*"))


async def test_other_cookies_of_the_job_stay(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        await WebJob(desk, executor).do("login", params=a_login(web_site))
        job = WebJob(desk, executor)
        await job.do("goto", url=web_site.url())
        await job.do("fill", "label=Passwort", text="secret://portal.password")
        await job.do("click", "#login")

        await job.do("login", params=a_login(web_site))

        assert (await job.do("goto", url=web_site.url("/inside")))["title"] == "Drinnen"


async def test_a_site_that_asks_by_http_gets_the_credential_and_no_other_does(desk: Desk, web_site: Site) -> None:
    async with desk.executor() as executor:
        job = WebJob(desk, executor)
        assert await job.refused("goto", url=web_site.url("/basic"), timeout=20) == "page_refused"

        assert (await job.do("goto", url=web_site.url("/basic"), basic_auth="portal"))["title"] == "Tresor"
        with serve_site() as other:
            assert await job.refused("goto", url=other.url("/basic"), id="other") == "page_refused"

        async with another_worker(job) as after:
            assert (await after.do("goto", url=web_site.url("/basic"), id="again"))["title"] == "Tresor"

    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in desk.root.rglob("*") if path.is_file())
