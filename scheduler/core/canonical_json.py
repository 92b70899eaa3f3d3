"""Canonical JSON: names in order, no blanks, letters as they are. Stored hashes are over this text."""

import json

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def canonical_json(document: object) -> str:
    """Write a document; the encoder is made once, for `json.dumps` makes one for every call."""
    return _ENCODER.encode(document)
