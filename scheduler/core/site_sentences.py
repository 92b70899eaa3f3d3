"""What people read when something goes wrong with a site, or with what is given beside a sentence."""

from collections.abc import Mapping
from typing import Final


def _said(de: str, en: str) -> tuple[str, str]:
    return de, en


SITE_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "unknown_site": _said(
        "Das Portal {site} ist nicht eingerichtet.{known} Eingerichtet wird es mit „cpa site add“ oder „cpa site "
        "record“.",
        "The portal {site} is not set up.{known} “cpa site add” or “cpa site record” sets it up.",
    ),
    "site_unusable": _said(
        "Das Portalprofil {file} ist nicht in Ordnung (Feld {place}): {problem}. Bitte dort berichtigen; „cpa site "
        "list“ prüft es.",
        "The site profile {file} is not valid (field {place}): {problem}. Please correct it there; “cpa site list” "
        "checks it.",
    ),
    "login_rejected": _said(
        "Das Portal hat die Anmeldung abgelehnt. Bitte Benutzername und Passwort des Portals prüfen "
        "({secrets}) und den Auftrag wiederholen.",
        "The portal refused the login. Please check the portal's user name and password ({secrets}) and retry the job.",
    ),
    "login_incomplete": _said(
        "Nach der Anmeldung am Portal {site} ist nicht zu sehen, dass sie gelang ({marker}). Bitte das Bild ansehen "
        "und logged_in im Profil anpassen.",
        "After the login to portal {site} nothing shows that it succeeded ({marker}). Please look at the picture and "
        "adapt logged_in in the profile.",
    ),
    "second_factor_needed": _said(
        "Das Portal {site} verlangt einen zweiten Faktor, und niemand hat ihn innerhalb von {limit} genannt. Bitte den "
        "Auftrag wiederholen und den Code dann mit „cpa answer {job} CODE“ nennen.",
        "The portal {site} asks for a second factor, and nobody gave it within {limit}. Please retry the job and then "
        "give the code with “cpa answer {job} CODE”.",
    ),
    "second_factor_rejected": _said(
        "Das Portal {site} hat den Code des zweiten Faktors abgelehnt. Bitte den Auftrag wiederholen und den neuen "
        "Code nennen.",
        "The portal {site} refused the code of the second factor. Please retry the job and give the new code.",
    ),
    "outside_site": _said(
        "Das Portal {site} führte zu {url}; das Profil erlaubt nur {domains}. Es wurde dort nichts eingetragen. Bitte "
        "prüfen und, wenn es richtig ist, unter domains ergänzen.",
        "The portal {site} led to {url}; its profile allows only {domains}. Nothing was entered there. Please check "
        "and, if that is right, add it to domains.",
    ),
    "site_has_no": _said(
        "Im Profil des Portals {site} fehlt der Abschnitt {section}. Bitte ergänzen; „cpa site record“ nimmt ihn auf.",
        "The profile of portal {site} lacks the section {section}. Please add it; “cpa site record” records it.",
    ),
    "table_rows": _said(
        "{count} Zeilen der Tabelle sind nicht in Ordnung: {rows}. Bitte berichtigen; es wurde nichts begonnen.",
        "{count} rows of the table are not valid: {rows}. Please correct them; nothing was begun.",
    ),
    "not_waiting": _said(
        "Der Auftrag {job} wartet auf keine Antwort.",
        "Job {job} is not waiting for an answer.",
    ),
}
