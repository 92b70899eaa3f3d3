"""The applications people may ask for, by the names they have in German and English."""

import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from scheduler.core.errors import AppUnknownError, ProgramMissingError
from scheduler.core.spelling import folded
from scheduler.core.strict_yaml import read_strictly

DEFAULT_APPS: Final = Path(__file__).parents[1] / "config" / "apps.yaml"
_OFFICE_WINDOWS: Final = "libreoffice-gtk3"
"""Debian's package without which LibreOffice shows no windows."""


class App(BaseModel):
    """An application: how people call it, how it is started, which files it opens, whether it shows itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[\w .+-]+$", max_length=60)
    aliases: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = Field(min_length=1)
    opens: tuple[str, ...] = ()
    screen: bool = True

    def command(self) -> list[str]:
        """Return the first command whose program is installed, and can show itself. Raises ProgramMissingError."""
        wanted = [program for program, *_ in self.commands]
        for program, *arguments in self.commands:
            found = shutil.which(program)
            if found is not None and not (self.screen and _has_no_windows(found)):
                return [found, *arguments]
            wanted = [*wanted, _OFFICE_WINDOWS] if found is not None and _OFFICE_WINDOWS not in wanted else wanted
        raise ProgramMissingError(self.name, f'{", ".join(wanted)}, CPA_APPS=\'{{"{self.name}": "…"}}\'')


class AppCatalog:
    """Finds an application by any of its names; upper case and the spelling of umlauts do not matter."""

    def __init__(self, apps: Iterable[App]) -> None:
        self._apps = {app.name: app for app in apps}
        self._by_name = {folded(name): app for app in self._apps.values() for name in (*app.aliases, app.name)}

    @classmethod
    def load(cls, own: Mapping[str, str], path: Path = DEFAULT_APPS) -> "AppCatalog":
        """Read the list that comes with the package; `own` adds names with their command lines, or replaces those.

        Raises ValueError, which names what cannot be used.
        """
        try:
            known = TypeAdapter(list[App]).validate_python(read_strictly(path.read_text(encoding="utf-8")))
            by_name = {app.name: app for app in known}
            added = [_own(folded(name), line, by_name) for name, line in own.items()]
        except (yaml.YAMLError, ValidationError) as error:
            raise ValueError(f"applications: {error}") from error
        return cls([*(app for app in known if app.name not in {one.name for one in added}), *added])

    def get(self, name: str) -> App:
        """Return the application. Raises AppUnknownError, which names those there are."""
        app = self._by_name.get(folded(" ".join(name.split())))
        if app is None:
            raise AppUnknownError(name, self._apps)
        return app

    def for_file(self, name: str) -> App:
        """Return the application that opens such a file. Raises AppUnknownError."""
        suffix = PurePath(name).suffix.casefold().removeprefix(".")
        for app in self._apps.values():
            if suffix in app.opens:
                return app
        raise AppUnknownError(f"*.{suffix}" if suffix else name, self._apps)


def _own(name: str, line: str, known: Mapping[str, App]) -> App:
    """Return an application with a command line of the house; what is known of it by that name stays."""
    commands = (tuple(shlex.split(line)),)
    return known[name].model_copy(update={"commands": commands}) if name in known else App(name=name, commands=commands)


def _has_no_windows(program: str) -> bool:
    """Whether it is a LibreOffice that was installed to convert only (Debian's `-nogui`)."""
    folder = Path(program).resolve().parent
    return (folder / "soffice.bin").exists() and sys.platform == "linux" and not any(folder.glob("libvclplug_*"))
