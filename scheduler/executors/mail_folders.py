"""Finds the folder that is meant: by its own name, or by what it is for, said in German or English."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from scheduler.core.errors import InvalidInputError
from scheduler.core.sentences import Sentence
from scheduler.executors.mail_transport import Folder, FolderRole

_NAMES: Final[Mapping[FolderRole, str]] = {
    FolderRole.INBOX: "inbox, posteingang, eingang",
    FolderRole.SENT: "sent, sent items, sent mail, sent messages, gesendet, gesendete objekte, gesendete elemente",
    FolderRole.DRAFTS: "drafts, draft, entwürfe, entwurf",
    FolderRole.ARCHIVE: "archive, archiv",
    FolderRole.JUNK: "junk, junk e-mail, junk-e-mail, spam, bulk mail, unerwünscht",
    FolderRole.TRASH: "trash, deleted items, deleted messages, bin, papierkorb, gelöscht, gelöschte elemente",
}
_ROLES: Final = {name: role for role, names in _NAMES.items() for name in names.split(", ")}
_MOST_NAMED = 30


def role_of(name: str) -> FolderRole | None:
    """Return what a folder of that name is for, where the server does not say it; None: nothing special."""
    return _ROLES.get(name.casefold())


def choose_folder(wanted: str, folders: Sequence[Folder]) -> Folder:
    """Return the folder that is meant: the name as it stands, then in any case, then by role, then by its last part.

    Raises InvalidInputError for `folder` when there is none, or when two are equally meant.
    """
    found = find_folder(wanted, folders)
    if found is None:
        raise InvalidInputError("folder", _none_of(wanted, folders))
    return found


def find_folder(wanted: str, folders: Sequence[Folder]) -> Folder | None:
    """Return the folder that is meant, or None. Raises InvalidInputError when two are equally meant."""
    name = wanted.strip().casefold()
    role = role_of(name)
    ways: tuple[Iterable[Folder], ...] = (
        (folder for folder in folders if folder.name == wanted),
        (folder for folder in folders if name in {folder.name.casefold(), _path(folder)}),
        (folder for folder in folders if role is not None and folder.role is role),
        (folder for folder in folders if _path(folder).rpartition("/")[2] == name),
    )
    for way in ways:
        fitting = list(way)
        if len(fitting) > 1:
            names = ", ".join(folder.name for folder in fitting)
            raise InvalidInputError("folder", _several(wanted, names))
        if fitting:
            return fitting[0]
    return None


def _path(folder: Folder) -> str:
    return folder.name.replace(folder.separator, "/").casefold()


def new_name(wanted: str, folders: Sequence[Folder]) -> str:
    """Return what a folder of that name is called beside these; a slash puts it into another.

    Raises InvalidInputError for `folder` when a part of the name is empty.
    """
    parts = [part.strip() for part in wanted.split("/")]
    if not all(parts):
        raise no_folder(wanted)
    return (folders[0].separator if folders else "/").join(parts)


def no_folder(name: str, reply: str = "") -> InvalidInputError:
    """Return what is wrong with a name that no folder can have."""
    said = f" ({reply})" if reply else ""
    return InvalidInputError(
        "folder", Sentence(f"„{name}“ kann kein Ordner heißen{said}", f"no folder can be called {name!r}{said}")
    )


def _none_of(wanted: str, folders: Sequence[Folder]) -> Sentence:
    there = ", ".join(folder.name for folder in folders[:_MOST_NAMED])
    return Sentence(
        f"einen Ordner „{wanted}“ gibt es nicht, aber {there}", f"there is no folder {wanted!r}, but {there}"
    )


def _several(wanted: str, names: str) -> Sentence:
    return Sentence(
        f"mit „{wanted}“ können {names} gemeint sein; bitte den ganzen Namen angeben",
        f"{wanted!r} may mean {names}; please give the whole name",
    )
