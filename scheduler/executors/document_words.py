"""What documents are called in the other language: a contract may lie there as `Mietvertrag.pdf`."""

from collections.abc import Iterator, Sequence
from typing import Final

from scheduler.core.spelling import folded

_SAME: Final = """
vertrag contract agreement
mietvertrag lease
miet miete rental rent tenancy
kauf purchase
arbeits employment work
rechnung invoice
mahnung reminder
angebot offer quote quotation
bestell bestellung order
auftrag order
liefer lieferung delivery
schein lieferschein note
bericht report
protokoll minutes
liste list
preis price
preisliste pricelist
kunden customer customers
jahres annual yearly
monats monthly
steuer tax
versicherung insurance
reise travel
reisekosten spesen expense expenses
abrechnung statement
gehalts lohn salary payroll
gehaltsabrechnung lohnabrechnung payslip
kontoauszug statement
konto bank account
auszug statement
zeugnis reference certificate
bescheinigung certificate
bewerbung application
lebenslauf cv resume
kuendigung termination
vollmacht authorisation authorization
handbuch manual handbook
anleitung instructions
entwurf draft
vorlage template
brief letter
uebersicht overview summary
haushalt budget
urlaub vacation holiday leave
antrag application request
"""
_BY_WORD: Final[dict[str, frozenset[str]]] = {}
for _line in _SAME.split("\n"):
    _words = folded(_line).split()
    for _word in _words:
        _BY_WORD[_word] = _BY_WORD.get(_word, frozenset()) | frozenset(_words)
_JOINTS: Final = ("", "s", "n", "en", "es", "e")
"""What may stand between the parts of a German compound, and at the end of a word in the plural."""


def also_called(word: str) -> Iterator[Sequence[str]]:
    """Yield what the folded word may be called as well; each way is parts that must all be there."""
    for name in sorted(_known(word)):
        yield (name,)
    for end in range(3, len(word) - 2):
        ahead, behind = _known(word[:end]), _known(word[end:])
        for first in sorted(ahead if behind else ()):
            for second in sorted(behind):
                yield first, second


def _known(word: str) -> frozenset[str]:
    for joint in _JOINTS:
        if word.endswith(joint) and (found := _BY_WORD.get(word.removesuffix(joint) if joint else word)):
            return found
    return frozenset()
