"""JSON as it is hashed: names in order. Stored hashes are over these texts.

`json` makes its encoder anew for every document, which takes longer than to write a short one. Here each is made once;
it does not look for documents that hold themselves, which cannot come from JSON.
"""

from collections.abc import Callable
from json import JSONEncoder
from json.encoder import c_make_encoder, encode_basestring, encode_basestring_ascii  # type: ignore[attr-defined]
from typing import Any, Final

_refuse = JSONEncoder().default


def _written_by(write: Callable[[str], str], between_parts: str, behind_names: str) -> Callable[[object, int], Any]:
    """Return the encoder of the standard library; `write` writes a text."""
    encode: Callable[[object, int], Any] = c_make_encoder(
        None, _refuse, write, None, behind_names, between_parts, True, False, True
    )
    return encode


_canonical: Final = _written_by(encode_basestring, ",", ":")
_in_order: Final = _written_by(encode_basestring_ascii, ", ", ": ")


def canonical_json(document: object) -> str:
    """Write a document without blanks, letters as they are."""
    return "".join(_canonical(document, 0))


def json_in_order(document: object) -> str:
    """Write a document as `json.dumps` does with `sort_keys`: the digests of clients' requests are over that."""
    return "".join(_in_order(document, 0))
