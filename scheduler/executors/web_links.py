"""Finds a document on a page by what people call it: the link that is named so, and what it leads to."""

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import unquote, urlsplit

from scheduler.core.errors import DownloadFailedError
from scheduler.core.questions import Choice
from scheduler.core.sentences import Sentence
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.file_names import NamePattern
from scheduler.executors.web_downloads import SHOWN, ReceivedFile, fetched
from scheduler.executors.web_errors import browser_error, public_url
from scheduler.executors.web_operations import visit
from scheduler.executors.web_scripts import script
from scheduler.executors.web_step import Step
from scheduler.executors.which_one import the_one

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTLING = 3000.0  # milliseconds for a page to bring what it loads by itself
_MOST_PAGES = 2
"""Pages that are gone through: the one that was named, and one to which it leads."""


class Link(TypedDict):
    name: str
    url: str


async def settle(step: Step) -> None:
    """Wait a moment for what the page loads by itself; some pages are never done."""
    with contextlib.suppress(browser_error()):
        await step.page.wait_for_load_state("networkidle", timeout=min(_SETTLING, step.left))


async def linked(step: Step, url: str, document: str) -> ReceivedFile:
    """Return what the page at `url` calls `document`, also where a page of that name lies between.

    Raises DownloadFailedError where no link is called so, and SeveralFitError where several are.
    """
    for _ in range(_MOST_PAGES):
        await visit(step, url)
        await settle(step)
        links = [link for link in await _links(step) if urlsplit(link["url"]).scheme in {"http", "https"}]
        url = _chosen(step, links, document)
        file = await fetched(step.job.context, url, step.left, step.tools.rails)
        if file.media_type not in SHOWN:
            return file
    raise DownloadFailedError(
        document,
        Sentence(f"der Link führt zu einer Seite ({public_url(url)})", f"the link is a page ({public_url(url)})"),
    )


async def _links(step: Step) -> list[Link]:
    links: list[Link] = await step.page.locator("a[href]").evaluate_all(script("links"))
    return links


def _chosen(step: Step, links: Sequence[Link], document: str) -> str:
    for loosely in (False, True):
        pattern = NamePattern(document, loosely=loosely)
        fitting = {link["url"]: link for link in links if any(pattern.fits(name) for name in _names(link))}
        if fitting:
            exact = [link for link in fitting.values() if any(pattern.is_called(name) for name in _names(link))]
            choices = [Choice(value=link["url"], label=_label(link)) for link in exact or fitting.values()]
            return the_one(document, choices, ExecutionContext(locale=step.locale, answers=step.answers))
    there = "; ".join(dict.fromkeys(link["name"] for link in links if link["name"])) or "–"
    page = public_url(step.page.url)
    raise DownloadFailedError(
        document,
        Sentence(
            f"auf {page} führt kein Link dorthin; es gibt: {there[:500]}",
            f"no link on {page} leads there; there are: {there[:500]}",
        ),
    )


def _names(link: Link) -> "Iterator[str]":
    """Yield what may name it: its words, and the last part of its address."""
    yield link["name"]
    yield _file(link)


def _file(link: Link) -> str:
    return unquote(urlsplit(link["url"]).path.rpartition("/")[2])


def _label(link: Link) -> str:
    return f"{link['name']} ({_file(link)})" if link["name"] and _file(link) else link["name"] or link["url"]
