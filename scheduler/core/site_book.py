"""The sites that are set up: one YAML file each, read again when it has changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import yaml
from pydantic import ValidationError

from scheduler.core.errors import UnknownSiteError
from scheduler.core.problems import first_flaw
from scheduler.core.sentences import Sentence
from scheduler.core.site_errors import SiteFileError
from scheduler.core.sites import SiteProfile
from scheduler.core.strict_yaml import read_strictly
from scheduler.core.targets import Locator

_LARGEST: Final = 262_144  # bytes


@dataclass(frozen=True)
class Site:
    """A profile with its key, the name of its file without `.yaml`."""

    key: str
    profile: SiteProfile
    file: Path


class Sites(Protocol):
    """Where sites are looked up."""

    def named(self, name: str) -> Site:
        """Return the site that people call so. Raises UnknownSiteError and SiteFileError."""

    def keyed(self, key: str) -> Site:
        """Return the site with this key. Raises UnknownSiteError and SiteFileError."""


class SiteBook:
    """All `NAME.yaml` of some folders; of two files with one name that of the later folder counts."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(folders)
        self._stamp: Sequence[tuple[str, int, int]] = ()
        self._sites: dict[str, Site] = {}
        self._flaws: dict[str, SiteFileError] = {}

    @property
    def sites(self) -> Mapping[str, Site]:
        """The sites by key."""
        self._read_if_changed()
        return self._sites

    @property
    def flaws(self) -> Mapping[str, SiteFileError]:
        """What is wrong with the files that cannot be used, by key."""
        self._read_if_changed()
        return self._flaws

    def named(self, name: str) -> Site:
        wanted = name.casefold()
        for site in self.sites.values():
            if wanted in map(str.casefold, site.profile.names):
                return site
        raise self._unknown(name)

    def keyed(self, key: str) -> Site:
        if key in self.sites:
            return self._sites[key]
        raise self._unknown(key)

    def _unknown(self, name: str) -> UnknownSiteError | SiteFileError:
        """Say of a name that nobody has what may be the reason: a file that cannot be read."""
        if self._flaws:
            return self._flaws.get(name.casefold()) or next(iter(self._flaws.values()))
        return UnknownSiteError(name, known=[site.profile.name for site in self._sites.values()])

    def _read_if_changed(self) -> None:
        files = {path.stem: path for folder in self.folders for path in sorted(folder.glob("*.yaml"))}
        stamp = [(str(path), status.st_mtime_ns, status.st_size) for path in files.values() for status in [path.stat()]]
        if stamp != self._stamp:
            self._sites, self._flaws = _read(files)
            self._stamp = stamp


def _read(files: Mapping[str, Path]) -> tuple[dict[str, Site], dict[str, SiteFileError]]:
    sites: dict[str, Site] = {}
    flaws: dict[str, SiteFileError] = {}
    for key, path in files.items():
        try:
            site = Site(key, load_site(path), path)
            _differ(site, sites.values())
        except SiteFileError as error:
            flaws[key] = error
        else:
            sites[key] = site
    return sites, flaws


def _differ(site: Site, others: Iterable[Site]) -> None:
    """Raise SiteFileError when a name means two sites, or two sites on different hosts would share a password."""
    names = {name.casefold() for name in site.profile.names}
    for other in others:
        shared = names & {name.casefold() for name in other.profile.names}
        if shared:
            called = f"„{min(shared)}“", f"“{min(shared)}”"
            said = Sentence(f"{called[0]} heißt schon {other.file}", f"{called[1]} is {other.file} already")
            raise SiteFileError(str(site.file), "aliases", said)
        prefix = site.profile.secrets_prefix
        if prefix == other.profile.secrets_prefix and set(site.profile.hosts) != set(other.profile.hosts):
            said = Sentence(
                f"{prefix}.password gehört schon zu {other.file}; bitte mit secrets einen anderen Namen geben",
                f"{prefix}.password belongs to {other.file} already; please give it another name with secrets",
            )
            raise SiteFileError(str(site.file), "secrets", said)


def load_site(path: Path) -> SiteProfile:
    """Read a profile. Raises SiteFileError that names the file and the field."""
    try:
        if path.stat().st_size > _LARGEST:
            raise SiteFileError(str(path), "", f"> {_LARGEST} bytes")
        return read_site(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeError) as error:
        raise SiteFileError(str(path), "", str(error)) from error


def read_site(text: str, source: str) -> SiteProfile:
    """Read the YAML of a profile. Raises SiteFileError that names the source and the field."""
    try:
        document = read_strictly(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise SiteFileError(
            source, "", Sentence(f"Zeile {line}: {error.problem}", f"line {line}: {error.problem}")
        ) from error
    except yaml.YAMLError as error:
        raise SiteFileError(source, "", str(error)) from error
    try:
        return SiteProfile.model_validate(document)
    except ValidationError as error:
        raise SiteFileError(source, *first_flaw(error)) from error


def written(profile: SiteProfile) -> str:
    """Return a profile as the YAML that people read; locators are written in one line each."""
    document = _plain(profile.model_dump(mode="json", exclude_defaults=True))
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        if set(value) == {"locators"}:
            return [_locator(one) for one in value["locators"]]
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _locator(locator: Mapping[str, str]) -> str:
    return str(Locator.model_validate(locator))
