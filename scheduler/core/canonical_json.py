"""JSON as it is hashed: names in order. Stored hashes are over these texts.

`json` makes its encoder anew for every document, which takes longer than to write a short one. Here each is made once;
it does not look for documents that hold themselves, which cannot come from JSON.
"""

from collections.abc import Callable
from json import JSONEncoder, encoder
from typing import Any, Final

Write = Callable[[object], str]


def writer(between_parts: str, behind_names: str, *, ascii_only: bool) -> Write:
    """Return what writes documents so, with names in order.

    Python does not promise the parts that its own encoder is made of: where they are missing, or are made otherwise,
    the encoder itself writes the same.
    """
    public = JSONEncoder(
        ensure_ascii=ascii_only, check_circular=False, sort_keys=True, separators=(between_parts, behind_names)
    )
    name = "encode_basestring_ascii" if ascii_only else "encode_basestring"
    make, write_text = getattr(encoder, "c_make_encoder", None), getattr(encoder, name, None)
    if make is None or write_text is None:
        return public.encode
    try:
        encode: Callable[[object, int], Any] = make(
            None, public.default, write_text, None, behind_names, between_parts, True, False, True
        )
    except TypeError:
        return public.encode
    return lambda document: "".join(encode(document, 0))


canonical_json: Final = writer(",", ":", ascii_only=False)
"""Write a document without blanks, letters as they are."""
json_in_order: Final = writer(", ", ": ", ascii_only=True)
"""Write a document as `json.dumps` does with `sort_keys`: the digests of clients' requests are over that."""
