"""The quotation marks of both languages, and what stands between them."""

from typing import Final

OPENING: Final = '„“"«»'
CLOSING: Final = '“”"«»'
"""German and English use one sign for either end."""
MARKS: Final = '„“”"«»'
SINGLE: Final = "'‚‘’‹›`"
ALL_MARKS: Final = MARKS + SINGLE
QUOTED: Final = rf"[{OPENING}][^{MARKS}]+[{CLOSING}]"
QUOTED_OR_SINGLE: Final = rf"(?:{QUOTED}|'[^'{MARKS}]+')"
