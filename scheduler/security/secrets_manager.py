"""Gives out secrets by name, at the last moment, to the executor that needs one.

Plans, messages, logs and the database hold only `secret://name`. A secret comes from the environment
(`CPA_SECRET_PORTAL_PASSWORD` for `portal.password`) or from a YAML file that nobody else may read.
"""

import functools
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import yaml

from scheduler.core.errors import SecretMissingError
from scheduler.core.references import SECRET_SCHEME

ENVIRONMENT_PREFIX = "CPA_SECRET_"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+")


class SecretsManager:
    """Secrets by dotted name. The environment wins over the file; the file is read again when it has changed."""

    def __init__(self, file: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._file = file
        self._environment = os.environ if environment is None else environment
        self._stamp: tuple[int, int] | None = None
        self._from_file: dict[str, str] = {}
        self._size = -1  # of the environment, and its variables that hold secrets
        self._variables: tuple[str, ...] = ()

    @property
    def folder(self) -> Path | None:
        """Where the file of secrets lies, or would; None when secrets come from the environment alone."""
        return None if self._file is None else self._file.parent

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

    def names(self) -> Mapping[str, str]:
        """Return the names of all secrets, each with where it comes from; one of the environment by its variable."""
        found = {name: str(self._file) for name, value in self._read_file().items() if value}
        shadowed = {variable_of(name): name for name in found}
        for variable, value in self._environment.items():
            if variable.startswith(ENVIRONMENT_PREFIX) and value:
                found[shadowed.get(variable, variable)] = variable
        return dict(sorted(found.items()))

    def set_secret(self, name: str, value: str) -> None:
        """Keep a secret in the file. Raises ValueError for a name or value that is none, else as reading does."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a secret; it is like portal.password")
        if not value:
            raise ValueError("a secret may not be empty")
        self._write_file({**self._read_file(), name: value})

    def remove(self, name: str) -> None:
        """Remove a secret from the file. Raises SecretMissingError, also for one that is only in the environment."""
        kept = dict(self._read_file())
        if kept.pop(name, None) is None:
            raise SecretMissingError(name)
        self._write_file(kept)

    def _write_file(self, secrets: Mapping[str, str]) -> None:
        """Write the whole file or nothing, readable for its owner alone from its first byte on."""
        if self._file is None:
            raise ValueError("there is no file of secrets")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=".secrets-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                yaml.safe_dump(dict(secrets), file, allow_unicode=True)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._stamp = None

    def values(self) -> frozenset[str]:
        """Return every secret that is known now, so that logs, results and error texts can be kept free of them.

        User names (`portal.username`) are not among them: they are often ordinary words, and blanking those would
        spoil what people must be able to read.
        """
        if len(self._environment) != self._size:  # to go through all of it each time takes longer than all the rest
            self._size = len(self._environment)
            self._variables = tuple(name for name in self._environment if name.startswith(ENVIRONMENT_PREFIX))
        from_environment = ((name, self._environment.get(name)) for name in self._variables)
        known = (*from_environment, *self._read_file().items())
        return frozenset(value for name, value in known if value and not name.lower().endswith("username"))

    def redact(self, text: str) -> str:
        """Return `text` with known secrets of four or more letters blanked, also as JSON or an address writes them."""
        for form in _forms_of(self.values()):  # faster than one pass with a pattern of all of them
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


@functools.lru_cache(maxsize=16)
def _forms_of(secrets: frozenset[str]) -> tuple[str, ...]:
    """Return how these secrets may be written, the longest first."""
    forms = {form for value in secrets if len(value) >= 4 for form in _forms(value)}
    return tuple(sorted(forms, key=len, reverse=True))


def _forms(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
