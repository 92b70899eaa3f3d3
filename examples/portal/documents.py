"""Makes the PDF of an invoice, byte for byte the same each time, and the header that carries its name."""

import unicodedata
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from urllib.parse import quote

from examples.portal.invoices import Invoice, in_german

if TYPE_CHECKING:
    from fpdf import FPDF

_TAX = 19
_GERMAN_IN_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def invoice_pdf(invoice: Invoice) -> bytes:
    """Return the invoice as a PDF with real text in it. The full name of the supplier, emoji too, is the subject."""
    from fpdf import FPDF  # noqa: PLC0415 - takes longer to load than all of the portal, and only a download needs it

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.combine(invoice.issued, time(8), tzinfo=UTC))
    pdf.set_title(f"Rechnung {invoice.number}")
    pdf.set_subject(invoice.supplier)
    pdf.set_lang("de-DE")
    pdf.set_margin(25)
    pdf.add_page()
    pdf.set_font("Helvetica", style="B", size=12)
    _line(pdf, _printable(invoice.supplier))
    pdf.ln(20)
    pdf.set_font(style="B", size=22)
    _line(pdf, f"Rechnung {invoice.number}")
    pdf.ln(6)
    pdf.set_font(style="", size=11)
    for line in _lines(invoice):
        _line(pdf, line)
    return bytes(pdf.output())


def attachment(file_name: str) -> str:
    """Return a Content-Disposition (RFC 6266): the full name in UTF-8, and one in ASCII for old clients."""
    return f"attachment; filename=\"{_ascii(file_name)}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _lines(invoice: Invoice) -> list[str]:
    return [
        f"Rechnungsnummer: {invoice.number}",
        f"Rechnungsdatum: {invoice.issued:%d.%m.%Y}",
        "",
        "Wir danken für Ihren Auftrag und berechnen:",
        f"Rechnungsbetrag: {in_german(invoice.amount)} EUR (inkl. {_TAX} % USt.)",
        "",
        "Zahlbar innerhalb von 14 Tagen ohne Abzug.",
    ]


def _line(pdf: "FPDF", text: str) -> None:
    pdf.multi_cell(0, 7, text or " ", new_x="LMARGIN", new_y="NEXT")


def _printable(text: str) -> str:
    """Return what the built-in fonts of PDF can show, which is Latin-1."""
    return " ".join(text.encode("latin-1", errors="ignore").decode("latin-1").split())


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_GERMAN_IN_ASCII))
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\%' else "_" for letter in letters)
