"""Tries a profile out: logs in for real, looks whether that shows, fetches a document when one is named."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from scheduler.cli.words import say, user_locale
from scheduler.core.errors import CPAError
from scheduler.core.ids import JobId, TaskId, new_id
from scheduler.core.sentences import sentence
from scheduler.core.site_book import Site
from scheduler.core.site_errors import SecondFactorNeededError
from scheduler.core.task_executor_interface import ExecutionContext
from scheduler.core.todo import ToDo
from scheduler.executor_wiring import make_browser, make_sites
from scheduler.executors.files import ArtifactStore, ScreenshotStore
from scheduler.executors.site_visit import CODE, SiteVisit, Tell
from scheduler.security.secrets_manager import SecretsManager
from scheduler.settings import Settings


@dataclass
class Trial:
    """What was seen, where the pictures lie, and the sentence that says what went wrong, if something did."""

    lines: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    error: str | None = None


async def try_out(
    settings: Settings, site: Site, document: str | None, tell: Tell, ask: Callable[[str], str | None]
) -> Trial:
    """Walk through a site as a job would. Everything it leaves behind lies in the data folder, under one id.

    `ask` gets an answer to what the site wants to know, None where nobody is there to give one.
    """
    data, trial = settings.store.data_dir, Trial()
    context = ExecutionContext(job_id=JobId(f"site-test-{new_id()}"), task_id=TaskId(site.key))
    secrets, artifacts = SecretsManager(settings.store.secrets_file), ArtifactStore(data / "artifacts")
    screenshots, sites = ScreenshotStore(data / "screenshots"), make_sites(settings)
    async with make_browser(settings, secrets, artifacts, screenshots, sites) as browser:
        visit = SiteVisit(site=site, browser=browser, context=context, tell=tell)
        try:
            try:
                await visit.log_in()
            except SecondFactorNeededError as error:
                code = await asyncio.to_thread(ask, error.questions[0].text)
                if code is None:
                    raise
                context = context._replace(answers={CODE: code})
                visit = SiteVisit(site=site, browser=browser, context=context, tell=tell, evidence=visit.evidence)
                await visit.log_in()
            trial.lines.append(_session(seen=site.profile.login is not None))
            trial.pictures += await browser.evidence_of_failure(ToDo(action="web.screenshot"), context)
            if document is not None:
                found = await visit.download({"document_id": document, "document": document})
                path = await asyncio.to_thread(artifacts.path_of, found["artifact"])
                trial.lines.append(f"{say('Geholt', 'fetched')}: {path} ({found['bytes']} bytes)")
        except CPAError as error:
            trial.error = sentence(error.code, user_locale(), error.facts)
            trial.pictures += await browser.evidence_of_failure(ToDo(action="web.screenshot"), context)
        finally:
            trial.pictures = list(dict.fromkeys([*trial.pictures, *visit.evidence]))
            await browser.let_go(context.job_id, ended=True)
    return trial


def _session(*, seen: bool) -> str:
    if not seen:
        return say("Die Seite ist offen; das Profil kennt keine Anmeldung.", "The site is open; there is no login.")
    return say("Angemeldet: das Zeichen aus logged_in ist zu sehen.", "Logged in: the sign of logged_in is seen.")
