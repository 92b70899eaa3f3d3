"""Finds a document on a page by what people call it: the link that is named so, and what it leads to."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import unquote, urldefrag, urlsplit

from scheduler.core.errors import DownloadFailedError
from scheduler.core.questions import Choice
from scheduler.core.sentences import Sentence
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.file_names import NamePattern
from scheduler.executors.web_downloads import ReceivedFile, fetched, is_kept
from scheduler.executors.web_errors import browser_error, public_url
from scheduler.executors.web_operations import visit
from scheduler.executors.web_scripts import script
from scheduler.executors.web_step import Step
from scheduler.executors.which_one import WHICH, the_one

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


async def linked(step: Step, url: str, document: str, page: ReceivedFile) -> ReceivedFile:
    """Return what `page`, which is at `url`, calls `document`, also where a page of that name lies between.

    A page that is called so itself is kept where no link is. What a person has chosen is gone to at once. Raises
    DownloadFailedError where nothing is called so, and SeveralFitError where several links are, or none surely.
    """
    file, passed, chosen = page, set[str](), step.answers.get(WHICH, "")
    asked = ExecutionContext(locale=step.locale, answers=step.answers)
    if urlsplit(chosen).scheme in {"http", "https"}:
        url, asked = chosen, ExecutionContext(locale=step.locale)
        file = await fetched(step.job.context, url, step.left, step.tools.rails)
        if not file.is_shown:
            return file
    for _ in range(_MOST_PAGES):
        await visit(step, url)
        await settle(step)
        passed |= {urldefrag(url).url, urldefrag(step.page.url).url}
        links = [link for link in await _links(step) if link["url"] not in passed]
        choices, sure = _choices(links, document)
        if not choices:
            break
        url = the_one(document, choices, asked, sure=sure)
        file = await fetched(step.job.context, url, step.left, step.tools.rails)
        if not file.is_shown:
            return file
    pattern = NamePattern(document)
    if is_kept(file) and pattern.fits(file.name) and pattern.is_sure(file.name):
        return file
    if not choices:
        raise _no_link(step, links, document)
    raise DownloadFailedError(
        document,
        Sentence(f"der Link führt zu einer Seite ({public_url(url)})", f"the link is a page ({public_url(url)})"),
    )


async def _links(step: Step) -> list[Link]:
    links: list[Link] = await step.page.locator("a[href]").evaluate_all(script("links"))
    return links


def _choices(links: Sequence[Link], document: str) -> tuple[list[Choice], bool]:
    """Return the links that are called so, or else those whose names hold all its words; and whether what is wanted is
    surely among them."""
    found = list[tuple[list[Link], bool]]()
    for loosely in (False, True):
        pattern = NamePattern(document, loosely=loosely)
        fitting = list({link["url"]: link for link in links if any(map(pattern.fits, _names(link)))}.values())
        exact = [link for link in fitting if any(map(pattern.is_called, _names(link)))]
        surely = [
            link for link in fitting if any(pattern.fits(name) and pattern.is_sure(name) for name in _names(link))
        ]
        if fitting:
            found.append((exact or surely or fitting, bool(exact or surely)))
    chosen, sure = next((one for one in found if one[1]), found[0] if found else ([], True))
    often = Counter(map(_label, chosen))
    choices = [
        Choice(value=link["url"], label=_label(link) if often[_label(link)] == 1 else f"{link['name']} ({link['url']})")
        for link in chosen
    ]
    return choices, sure


def _no_link(step: Step, links: Sequence[Link], document: str) -> DownloadFailedError:
    there = "; ".join(dict.fromkeys(link["name"] for link in links if link["name"])) or "–"
    page = public_url(step.page.url)
    return DownloadFailedError(
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
