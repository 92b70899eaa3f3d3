"""Signs LAM messages and checks who sent them: a detached JWS over the canonical JSON, in `security.sig`.

What is signed is the whole message but for `security.sig`, as RFC 8785 writes it; so `kid`, `created`, `expires` and
`nonce` are covered too. The JWS (RFC 7515, appendix F) has the form `header..signature`, its algorithm is Ed25519
(RFC 8037, RFC 9864) and nothing else, its `kid` is the RFC 7638 thumbprint of the key. A message that is sent again is
signed anew, with a nonce of its own, under the same `id`.

Both sides use this module. It knows no clock and no store: that a nonce is new is for the caller to find out.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import ValidationError

from scheduler.core.agent_wire import PublicKey
from scheduler.core.errors import SignatureRefusedError
from scheduler.core.lam_models import Security
from scheduler.core.sentences import Sentence
from scheduler.security.key_files import key_in

WINDOW: Final = timedelta(seconds=300)
"""How long a signature may be good at most; nonces are remembered as long."""
SKEW: Final = timedelta(seconds=30)
"""How far the clock of a sender may be ahead of ours."""

_ALGORITHMS: Final = ["Ed25519"]
_SHORTEST_NONCE: Final = 16
_UNSIGNED: Final = Sentence(
    "security braucht kid, sig, created, expires und einen nonce von mindestens 16 Zeichen",
    "security needs kid, sig, created, expires and a nonce of at least 16 characters",
)
_NOT_CANONICAL: Final = Sentence("sie lässt sich nicht kanonisch schreiben", "it has no canonical form")
_WRONG_KEY: Final = Sentence(
    "sie ist mit einem anderen Schlüssel unterschrieben, als kid sagt", "it is signed with another key than kid says"
)
_FORGED: Final = Sentence(
    "die Unterschrift passt nicht zum Inhalt; er wurde nach dem Unterschreiben geändert oder ist gefälscht",
    "the signature does not fit the content, which was changed after signing or forged",
)


class SigningKey:
    """A private Ed25519 key. `repr` does not show it."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self.public = PublicKey(x=key.as_dict(private=False)["x"])
        self.kid = kid_of(self.public)

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(OKPKey.generate_key("Ed25519", private=True, auto_kid=False))

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Return the key in the file, made there at the first time, readable for its owner alone.

        Processes that start at once get the same key. Raises ValueError for a file that holds none, OSError.
        """
        return cls(key_in(path, "Ed25519"))

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key itself, for libraries that sign."""
        key = self._key.get_op_key("sign")
        assert isinstance(key, Ed25519PrivateKey)  # noqa: S101 - no other is made or loaded
        return key

    def jws(self, content: bytes) -> str:
        """Return the detached JWS over the content."""
        header = {"alg": _ALGORITHMS[0], "kid": self.kid}
        head, _, signature = jws.serialize_compact(header, content, self._key, algorithms=_ALGORITHMS).split(".")
        return f"{head}..{signature}"


class Seal(NamedTuple):
    """What `security` says of a message's signature."""

    kid: str
    sig: str
    created: datetime
    expires: datetime
    nonce: str


def kid_of(key: PublicKey) -> str:
    """Return the thumbprint of a key (RFC 7638)."""
    return str(OKPKey.import_key(key.model_dump()).thumbprint())


def sign(
    document: Mapping[str, Any], key: SigningKey, now: datetime, *, lasts: timedelta = WINDOW, nonce: str | None = None
) -> dict[str, Any]:
    """Return the message with a fresh signature. `now` is the time of whoever will check it, as far as it is known."""
    now = now.astimezone(UTC)
    security = {
        **{name: value for name, value in document.get("security", {}).items() if name != "sig"},
        "kid": key.kid,
        "created": now.isoformat(),
        "expires": (now + lasts).isoformat(),
        "nonce": nonce or secrets.token_urlsafe(18),
    }
    unsigned = {**document, "security": security}
    return {**unsigned, "security": {**security, "sig": key.jws(canonical(unsigned))}}


def seal_of(document: Mapping[str, Any]) -> Seal:
    """Return what the message says of its signature. Raises SignatureRefusedError when it is not complete."""
    try:
        said = Security.model_validate(document.get("security", {}))
    except ValidationError:
        raise SignatureRefusedError("unsigned", _UNSIGNED) from None
    if not (said.kid and said.sig and said.created and said.expires and said.nonce):
        raise SignatureRefusedError("unsigned", _UNSIGNED)
    if len(said.nonce) < _SHORTEST_NONCE:
        raise SignatureRefusedError("unsigned", _UNSIGNED)
    return Seal(said.kid, said.sig, said.created, said.expires, said.nonce)


def check_time(seal: Seal, now: datetime) -> None:
    """Raise SignatureRefusedError unless the signature counts now."""
    if seal.expires - seal.created > WINDOW:
        raise SignatureRefusedError("lasts_too_long", _lasts(seal))
    if seal.created > now + SKEW:
        raise SignatureRefusedError("from_the_future", _clock(seal.created, now))
    if seal.expires <= now:
        raise SignatureRefusedError("expired", _clock(seal.expires, now))


def check_signature(document: Mapping[str, Any], seal: Seal, key: PublicKey) -> None:
    """Raise SignatureRefusedError unless the message is what the holder of the key has signed."""
    content = canonical(document)
    try:
        signed = jws.deserialize_compact(
            seal.sig, OKPKey.import_key(key.model_dump()), algorithms=_ALGORITHMS, payload=content
        )
    except (JoseError, ValueError, TypeError, AttributeError):  # the last three: header or parts that are no JWS
        raise SignatureRefusedError("forged", _FORGED) from None
    if signed.headers().get("kid") != seal.kid or kid_of(key) != seal.kid:
        raise SignatureRefusedError("wrong_key", _WRONG_KEY)


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return what is signed: the message without `security.sig`. Raises SignatureRefusedError."""
    security = document.get("security")
    if isinstance(security, Mapping):
        document = {**document, "security": {name: value for name, value in security.items() if name != "sig"}}
    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, RecursionError):
        raise SignatureRefusedError("not_canonical", _NOT_CANONICAL) from None


def _lasts(seal: Seal) -> Sentence:
    most, lasts = int(WINDOW.total_seconds()), int((seal.expires - seal.created).total_seconds())
    return Sentence(
        f"die Unterschrift soll {lasts} s gelten, erlaubt sind {most} s",
        f"the signature is to last {lasts} s; {most} s are allowed",
    )


def _clock(said: datetime, now: datetime) -> Sentence:
    off = int(abs((said - now).total_seconds()))
    return Sentence(
        f"ihre Zeit liegt {off} s neben unserer ({now.isoformat(timespec='seconds')}); "
        "der Absender soll nach „now“ aus der Antwort auf sein Lebenszeichen unterschreiben",
        f"its time is {off} s away from ours ({now.isoformat(timespec='seconds')}); the sender should sign by the "
        "“now” of the answer to its heartbeat",
    )
