"""Tells whether a file is the one people mean: by a glob or by words, whatever the case and the spelling of umlauts."""

import fnmatch
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

from scheduler.core.spelling import folded
from scheduler.core.which_ones import without_newest
from scheduler.executors.document_words import also_called
from scheduler.executors.file_actions import Kind

_SMALL: Final = """
der die das den dem des ein eine einen einem einer eines mit von vom für aus zu zum zur über im in an am und oder firma
the a an of from for with about by on and or company to
"""
_SMALL_WORDS: Final = frozenset(folded(_SMALL).split())
_FORMS: Final = "gmbh ag kg ohg ug gbr ev e.v. se mbh ltd ltd. limited inc inc. llc plc corp co co."
_LEGAL_FORMS: Final = frozenset(_FORMS.split())
_WORD: Final = re.compile(r"[^\W\d_]+")
_PIECE: Final = re.compile(r"\d+|[^\W\d_]+")
_HUMP: Final = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")
"""Where the next word begins in a name like `RechnungMeier`."""
_SUFFIXES: Mapping[Kind, tuple[str, ...]] = {
    "pdf": ("pdf",),
    "document": ("doc", "docx", "odt", "rtf", "txt", "md", "pdf"),
    "table": ("xls", "xlsx", "ods", "csv", "tsv"),
    "presentation": ("ppt", "pptx", "odp"),
    "picture": ("png", "jpg", "jpeg", "gif", "tif", "tiff", "bmp", "webp", "heic"),
    "archive": ("zip", "7z", "tar", "gz", "tgz"),
    "mail": ("eml", "msg"),
}


class NamePattern:
    """A pattern with `*`, `?` or `[` is compared with the name and with the whole path below the folder searched.

    Any other text is words that must all occur in that path; small words ("der", "with") do not count. `loosely`
    documents may also be called as in the other language, and neither "GmbH" nor "latest" need be there; "KG" for
    "GmbH" is another company.
    """

    def __init__(self, pattern: str, kind: Kind | None = None, *, loosely: bool = False) -> None:
        self._wanted = folded(without_newest(pattern) if loosely else pattern)
        self._is_glob = any(sign in self._wanted for sign in "*?[")
        words = self._wanted.split()
        small = _SMALL_WORDS | _LEGAL_FORMS if loosely else _SMALL_WORDS
        self._words = [word for word in words if word not in small] or words
        self._loosely = loosely
        self._forms = _LEGAL_FORMS.intersection(words)
        self._suffixes = () if kind is None else tuple(f".{suffix}" for suffix in _SUFFIXES[kind])

    def fits(self, path: str) -> bool:
        """Whether a path, relative to the folder that is searched, is meant."""
        text = folded(path)
        if self._suffixes and not text.endswith(self._suffixes):
            return False
        if self._is_glob:
            return any(fnmatch.fnmatchcase(part, self._wanted) for part in (text, text.rpartition("/")[2]))
        return all(self._stands(word, text) for word in self._words) and not self._is_of_another(text)

    def is_called(self, name: str) -> bool:
        """Whether it is called just so, but for the ending of a file."""
        called = PurePosixPath(folded(name))
        return not {" ".join(self._words), self._wanted}.isdisjoint({called.name, called.stem})

    def closest(self, paths: Sequence[str]) -> Sequence[str]:
        """Return those of the paths that fit which are called just so, else those surely meant, else all."""
        return [path for path in paths if self.is_called(path)] or self.surest(paths)

    def surest(self, paths: Sequence[str]) -> Sequence[str]:
        """Return those of the paths that fit which are surely meant, else all."""
        return [path for path in paths if self.is_sure(path)] or paths

    def is_sure(self, path: str) -> bool:
        """Whether all that was said stands by itself in a path that fits: 4711 is no part of 47110, nor Anna of Hanna.

        A word for documents, and a word that stands alone for one, may be a part of another: Mietvertrag, Projektplan.
        """
        there = set(_PIECE.findall(folded(_HUMP.sub(" ", unicodedata.normalize("NFC", path)))))
        numbers = {piece.lstrip("0") for piece in there if piece.isdecimal()}
        for word in () if self._is_glob else self._words:
            for piece in _PIECE.findall(word):
                if piece.isdecimal():
                    stands = piece.lstrip("0") in numbers
                else:
                    stands = self._may_be_a_part(word) or not there.isdisjoint({piece, f"{piece}s"})
                if not stands:
                    return False
        return True

    def _may_be_a_part(self, word: str) -> bool:
        return len(self._words) == 1 or any(also_called(word))

    def _is_of_another(self, text: str) -> bool:
        """Whether a company of another legal form is named."""
        named = _LEGAL_FORMS.intersection(_WORD.findall(text)) if self._loosely and self._forms else frozenset()
        return bool(named) and named.isdisjoint(self._forms)

    def _stands(self, word: str, text: str) -> bool:
        if word in text:
            return True
        return self._loosely and any(all(part in text for part in way) for way in also_called(word))
