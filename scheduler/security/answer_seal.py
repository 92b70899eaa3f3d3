"""Seals what people answer for the agent that has asked, so that nobody else who carries or stores it can read it.

A JWE (RFC 7516) with ECDH-ES over X25519 and A256GCM: to the key that came with the question, in a signed message.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from scheduler.security.key_files import key_in

_HEADER: Final = {"alg": "ECDH-ES", "enc": "A256GCM"}
_ALGORITHMS: Final = [*_HEADER.values()]
_CURVE: Final = "X25519"
_SEALED: Final = "sealed:"


def seal_answer(answer: str, key: str) -> str:
    """Return the answer as only the holder of the key reads it. Raises ValueError for a key that is none."""
    try:
        public = OKPKey.import_key({"kty": "OKP", "crv": _CURVE, "x": key})
        return _SEALED + jwe.encrypt_compact(_HEADER, answer.encode(), public, algorithms=_ALGORITHMS)
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError(f"{key[:60]!r} is no key to seal answers for") from error


def unsealed(answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers that are to be read by everybody."""
    return {key: answer for key, answer in answers.items() if not answer.startswith(_SEALED)}


class AnswerKey:
    """A private key that opens answers. `repr` does not show it; `public` goes with the questions."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self.public = str(key.as_dict(private=False)["x"])

    @classmethod
    def load(cls, path: Path) -> "AnswerKey":
        """Return the key in the file, made there at the first time, readable for its owner alone.

        Raises ValueError for a file that holds none, OSError.
        """
        return cls(key_in(path, _CURVE))

    def open(self, answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers as they were given; one that was sealed for somebody else is left out."""
        opened = {key: self._opened(answer) for key, answer in answers.items()}
        return {key: answer for key, answer in opened.items() if answer is not None}

    def _opened(self, answer: str) -> str | None:
        if not answer.startswith(_SEALED):
            return answer
        try:
            content = jwe.decrypt_compact(answer.removeprefix(_SEALED), self._key, algorithms=_ALGORITHMS).plaintext
        except (JoseError, ValueError, TypeError):
            return None
        return None if content is None else content.decode()
