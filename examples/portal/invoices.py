"""The invoices of the example portal: invented suppliers, the same ones every time."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

PAGE_SIZE = 10

_FIRST, _LAST = 4680, 4743
_FIRST_DAY = date(2025, 3, 3)
_LONG_NAME = (
    "Gesellschaft für Großküchen, Gebäudereinigung, Grünflächenpflege, Büroausstattung, Veranstaltungstechnik und "
    "sonstige Dienstleistungen Überlingen am Bodensee Beteiligungs- und Vermögensverwaltungs GmbH & Co. KG"
)
_SUPPLIERS = (
    "Müller & Söhne",
    "Straßenbau Weiß KG",
    "Blumenhaus 😊 Grünwald",
    "Bürobedarf Jäger GmbH",
    "Bäckerei Öhmichen",
    _LONG_NAME,
    "Elektro Nußbaumer",
    "Schrauben Köhler AG",
    "Süßwaren Ätherlein",
    "Spedition Übersee",
    "Papier & Tinte OHG",
    "Gärtnerei Strauß",
    "Möbelhaus Lindenthal",
)


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """What a supplier wants to be paid, in euros."""

    number: str
    supplier: str
    issued: date
    amount: Decimal

    @property
    def file_name(self) -> str:
        return f"Rechnung {self.number} {self.supplier}.pdf"


@dataclass(frozen=True, kw_only=True)
class InvoicePage:
    """One page of a list; `number` counts from 1 and never lies beyond `pages`."""

    invoices: Sequence[Invoice]
    number: int
    pages: int
    total: int


class InvoiceBook:
    """All invoices, newest first."""

    def __init__(self, invoices: Sequence[Invoice]) -> None:
        self._invoices = sorted(invoices, key=lambda invoice: (invoice.issued, invoice.number), reverse=True)
        self._by_number = {invoice.number: invoice for invoice in invoices}

    def get(self, number: str) -> Invoice | None:
        return self._by_number.get(number)

    def page(self, number: int, query: str = "") -> InvoicePage:
        """Return the invoices whose number or supplier contains `query`. A page beyond the last one is the last one."""
        wanted = _plain(query)
        found = [
            invoice for invoice in self._invoices if wanted in invoice.number or wanted in _plain(invoice.supplier)
        ]
        pages = max(1, ceil(len(found) / PAGE_SIZE))
        number = min(max(1, number), pages)
        start = (number - 1) * PAGE_SIZE
        return InvoicePage(
            invoices=tuple(found[start : start + PAGE_SIZE]), number=number, pages=pages, total=len(found)
        )


def example_invoices() -> list[Invoice]:
    """Return the invoices 4680 to 4743; 4711 is from Müller & Söhne."""
    return [_example_invoice(number) for number in range(_FIRST, _LAST + 1)]


def _example_invoice(number: int) -> Invoice:
    return Invoice(
        number=str(number),
        supplier=_SUPPLIERS[(number - 4711) % len(_SUPPLIERS)],
        issued=_FIRST_DAY + timedelta(days=3 * (number - _FIRST)),
        amount=Decimal(number * 7919 % 250_000 + 1990) / 100,
    )


def in_german(amount: Decimal) -> str:
    """Return the amount as Germans write it: 1.234,50."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()
