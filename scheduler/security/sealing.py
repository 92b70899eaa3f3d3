"""Seals what is kept on disk and would let others in, such as cookies: who has the disk but not the key, has nothing.

The key is the secret `sessions.key`; where none is set, one is made beside the file of secrets on first use.
"""

import contextlib
import functools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.security.secrets_manager import SecretsManager

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_NAME = "sessions.key"
"""The name of the secret, and of the file."""


class SealBrokenError(ValueError):
    """What was to be opened was changed, or sealed with another key."""


class Sealer:
    """Seals with the key of this installation, which is read once.

    Where there is no file of secrets and no such secret, the key is this process's own: no other opens what it sealed.
    """

    def __init__(self, secrets: SecretsManager) -> None:
        self._secrets = secrets

    def seal(self, content: bytes) -> bytes:
        """Return the content, sealed. Raises ValueError when the key is none, OSError when it cannot be kept."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises SealBrokenError, else as `seal` does."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - takes long to import

        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise SealBrokenError("it is not sealed with our key") from error

    @functools.cached_property
    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415

        if self._secrets.has(KEY_NAME):
            return Fernet(self._secrets.get_secret(KEY_NAME))
        folder = self._secrets.folder
        return Fernet(_new_key() if folder is None else _made_once(folder / KEY_NAME))


def _new_key() -> str:
    from cryptography.fernet import Fernet  # noqa: PLC0415

    return Fernet.generate_key().decode()


def _made_once(file: Path) -> str:
    """Return the key in a file; of several processes that make it at once, all get the same."""
    try:
        return file.read_text("ascii")
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".key-")  # readable for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as draft:
            draft.write(_new_key())
            draft.flush()
            os.fsync(draft.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, file)
    finally:
        Path(temporary).unlink()
    return file.read_text("ascii")
