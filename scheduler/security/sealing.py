"""Seals what is kept on disk and would let others in, such as cookies: who has the disk but not the key, has nothing.

The key is the secret `sessions.key`; where none is set, one is made beside the file of secrets on first use.
"""

import contextlib
import os
import tempfile
from pathlib import Path

from scheduler.security.secrets_manager import SecretsManager

KEY_NAME = "sessions.key"
"""The name of the secret, and of the file."""


class SealBrokenError(ValueError):
    """What was to be opened was changed, or sealed with another key."""


class Sealer:
    """Seals with the key of this installation. The key is read anew each time, so that a new one counts at once."""

    def __init__(self, secrets: SecretsManager) -> None:
        self._secrets = secrets
        self._own: str | None = None  # where there is no file: what is sealed with it no other process can open

    def seal(self, content: bytes) -> bytes:
        """Return the content, sealed. Raises ValueError when the key is none, OSError when it cannot be kept."""
        from cryptography.fernet import Fernet  # noqa: PLC0415 - takes long to import

        return Fernet(self._key()).encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises SealBrokenError, else as `seal` does."""
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

        try:
            return Fernet(self._key()).decrypt(sealed)
        except InvalidToken as error:
            raise SealBrokenError("it is not sealed with our key") from error

    def _key(self) -> str:
        if self._secrets.has(KEY_NAME):
            return self._secrets.get_secret(KEY_NAME)
        folder = self._secrets.folder
        if folder is None:
            self._own = self._own or _new_key()
            return self._own
        return _made_once(folder / KEY_NAME)


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
