"""Gives out secrets by name, at the last moment, to the executor that needs one.

Plans, messages, logs and the database hold only `secret://name`. A secret comes from the environment
(`CPA_SECRET_PORTAL_PASSWORD` for `portal.password`) or from a YAML file that nobody else may read.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import yaml

from scheduler.core.errors import SecretMissingError
from scheduler.core.references import SECRET_SCHEME

ENVIRONMENT_PREFIX = "CPA_SECRET_"


class SecretsManager:
    """Secrets by dotted name. The environment wins over the file; the file is read again when it has changed."""

    def __init__(self, file: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._file = file
        self._environment = os.environ if environment is None else environment
        self._stamp: tuple[int, int] | None = None
        self._from_file: dict[str, str] = {}

    def get_secret(self, key: str) -> str:
        """Return the secret. Raises SecretMissingError, which names it."""
        name = key.removeprefix(SECRET_SCHEME)
        value = self._environment.get(variable_of(name)) or self._read_file().get(name)
        if not value:
            raise SecretMissingError(name)
        return value

    def has(self, key: str) -> bool:
        """Return whether the secret is set. Raises as reading the file does."""
        try:
            self.get_secret(key)
        except SecretMissingError:
            return False
        return True

    def values(self) -> frozenset[str]:
        """Return every secret that is known now, so that logs, results and error texts can be kept free of them.

        User names (`portal.username`) are not among them: they are often ordinary words, and blanking those would
        spoil what people must be able to read.
        """
        from_environment = {
            name.removeprefix(ENVIRONMENT_PREFIX): value
            for name, value in self._environment.items()
            if name.startswith(ENVIRONMENT_PREFIX) and value
        }
        known = [*from_environment.items(), *self._read_file().items()]
        return frozenset(value for name, value in known if not name.lower().endswith("username"))

    def redact(self, text: str) -> str:
        """Return `text` with known secrets of four or more letters blanked, also as JSON or an address writes them."""
        forms = {form for value in self.values() if len(value) >= 4 for form in _forms(value)}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "•••")
        return text

    def _read_file(self) -> dict[str, str]:
        """Read the file if it is new. Raises PermissionError when others may read it, ValueError when it is no map."""
        if self._file is None or not self._file.exists():
            return {}
        status = self._file.stat()
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise PermissionError(f"{self._file} may be read by others; run: chmod 600 {self._file}")
        if (status.st_mtime_ns, status.st_size) != self._stamp:
            try:
                document = yaml.safe_load(self._file.read_text(encoding="utf-8")) or {}
            except yaml.YAMLError:
                raise ValueError(f"{self._file} is not YAML") from None  # the error quotes the line: a secret, perhaps
            if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
                raise ValueError(f"{self._file} must map names to texts, for example  portal.password: '…'")
            self._from_file = {str(name): value for name, value in document.items()}
            self._stamp = (status.st_mtime_ns, status.st_size)
        return self._from_file


def variable_of(name: str) -> str:
    """Return the environment variable that may hold the secret."""
    return ENVIRONMENT_PREFIX + name.upper().replace(".", "_").replace("-", "_")


def _forms(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
