"""Site profiles for tests, made from the example portal's."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from examples.office import PORTAL_PROFILE
from scheduler.core.errors import UnknownSiteError
from scheduler.core.portal_login import login_name
from scheduler.core.site_book import Site, load_site, written
from scheduler.core.sites import SiteProfile


def a_profile(name: str, url: str, **changes: object) -> SiteProfile:
    document = load_site(PORTAL_PROFILE).model_dump(exclude_defaults=True)
    return SiteProfile.model_validate({**document, "aliases": (), "name": name, "url": url, **changes})


def portals(urls: Mapping[str, str]) -> Callable[[], list[SiteProfile]]:
    """Return what an allowance asks for the portals that are set up."""
    return lambda: [SiteProfile(name=name, url=url) for name, url in urls.items()]


@cache
def _text(name: str, url: str) -> str:
    return written(a_profile(name, url))


def put_sites(folder: Path, sites: Mapping[str, str]) -> None:
    """Write a profile per name and address into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, url in sites.items():
        (folder / f"{login_name(name)}.yaml").write_text(_text(name, url), "utf-8")


class FakeSites:
    """Sites by name and address; a test may change `urls` at any time."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.urls = urls

    def named(self, name: str) -> Site:
        for known, url in self.urls.items():
            if known.casefold() == name.casefold():
                return Site(login_name(known), a_profile(known, url), Path(f"{login_name(known)}.yaml"))
        raise UnknownSiteError(name, known=self.urls)

    def keyed(self, key: str) -> Site:
        return next((self.named(name) for name in self.urls if login_name(name) == key), self.named(key))
