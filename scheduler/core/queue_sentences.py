"""What people read when an order finds no room, or a job of its kind."""

from collections.abc import Mapping
from typing import Final


def _said(de: str, en: str) -> tuple[str, str]:
    return de, en


QUEUE_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "queue_full": _said(
        "Es dürfen höchstens {limit} {whose} warten, für {wanted} weitere ist gerade kein Platz; angenommen wurde "
        "nichts. Bitte in {seconds} s noch einmal versuchen.",
        "At most {limit} {whose} may wait, and there is no room for {wanted} more just now; nothing was accepted. "
        "Please try again in {seconds} s.",
    ),
    "firing_put_off": _said(
        "Es warten zu viele Aufträge (höchstens {limit} {whose} dürfen es); der Termin bleibt fällig, bis Platz ist.",
        "Too many jobs wait (at most {limit} {whose} may); the firing stays due until there is room.",
    ),
    "too_many_orders": _said(
        "Das sind {wanted} Aufträge auf einmal, warten dürfen höchstens {limit} (Feld {field}). Bitte in kleineren "
        "Teilen senden.",
        "These are {wanted} orders at once, and at most {limit} jobs may wait (field {field}). Please send them in "
        "smaller parts.",
    ),
    "unanswered_full": _said(
        "Es warten schon {limit} Aufträge auf Antworten; im Moment wird nichts angenommen, was nachfragt. Bitte "
        "genauer sagen, was erledigt werden soll, oder später noch einmal versuchen.",
        "{limit} jobs wait for answers already; at the moment nothing is accepted that asks back. Please say more "
        "exactly what is to be done, or try again later.",
    ),
    "tenant_forbidden": _said(
        "Aufträge des Mandanten {tenant} sieht nur, wer den Schlüssel des Betriebs hat (Feld {field}).",
        "Jobs of the tenant {tenant} are seen with the operator's key only (field {field}).",
    ),
    "unique_conflict": _said(
        "Den Auftrag {job} gibt es schon; von dieser Art darf es nur einen geben (Feld {field}).",
        "Job {job} is there already; there may be only one of its kind (field {field}).",
    ),
}
