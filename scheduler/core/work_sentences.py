"""What people read when work with files, tables, documents, applications or calendars goes wrong."""

from collections.abc import Mapping

WORK_SENTENCES: Mapping[str, tuple[str, str]] = {
    "file_failed": ("{path} ließ sich nicht bearbeiten: {problem}.", "{path} could not be dealt with: {problem}."),
    "archive_refused": (
        "Das Archiv {name} wird nicht ausgepackt: {problem}. Es wurde nichts daraus abgelegt.",
        "The archive {name} is not unpacked: {problem}. Nothing was taken out of it.",
    ),
    "table_unreadable": (
        "Aus {name} lässt sich keine Tabelle lesen: {problem}.",
        "No table can be read from {name}: {problem}.",
    ),
    "program_missing": (
        "Das Programm {program} ist auf diesem Rechner nicht installiert. Abhilfe: {advice}.",
        "The program {program} is not installed on this machine. To get it: {advice}.",
    ),
    "conversion_failed": (
        "Aus {name} ließ sich kein PDF machen: {problem}.",
        "{name} could not be made a PDF: {problem}.",
    ),
    "app_unknown": (
        "Die Anwendung {app} kenne ich nicht. Eingerichtet sind: {known}. Weitere trägt man in CPA_APPS ein.",
        "I do not know the application {app}. Set up are: {known}. More are added in CPA_APPS.",
    ),
    "app_forbidden": (
        (
            "Die Anwendung {app} darf CPA nicht benutzen (Regel {rule}). Erlaubt wird sie in der Tabelle der Regeln "
            "(apps) oder in CPA_APPS."
        ),
        (
            "CPA may not use the application {app} (rule {rule}). It is allowed in the table of rules (apps) or in "
            "CPA_APPS."
        ),
    ),
    "app_failed": (
        "Die Anwendung {app} ließ sich nicht bedienen: {problem}.",
        "The application {app} did not work: {problem}.",
    ),
    "app_not_running": (
        "Es läuft kein {app}, das CPA gestartet hat. Was jemand selbst gestartet hat, beendet CPA nicht.",
        "No {app} is running that CPA started. What somebody else started is not ended by CPA.",
    ),
    "no_display": (
        (
            "{app} braucht einen Bildschirm, und hier ist keiner (DISPLAY ist nicht gesetzt). Bitte CPA in einer "
            "grafischen Sitzung starten."
        ),
        "{app} needs a screen, and there is none here (DISPLAY is not set). Please start CPA in a graphical session.",
    ),
    "calendar_not_set_up": (
        (
            "Es ist kein Kalender eingerichtet. Bitte {missing} setzen oder jemanden zum Termin einladen. "
            "Es wurde nichts eingetragen."
        ),
        "No calendar is set up. Please set {missing}, or invite somebody to the appointment. Nothing was entered.",
    ),
    "calendar_login_failed": (
        (
            "Der Kalender {url} hat die Anmeldung von {user} abgelehnt. Bitte CPA_CALENDAR_USERNAME und das Geheimnis "
            "calendar.password prüfen."
        ),
        (
            "The calendar {url} refused the login of {user}. Please check CPA_CALENDAR_USERNAME and the secret "
            "calendar.password."
        ),
    ),
    "calendar_refused": (
        "Der Kalender {url} hat den Termin nicht angenommen: {reply}. Bitte CPA_CALENDAR_URL prüfen.",
        "The calendar {url} did not take the appointment: {reply}. Please check CPA_CALENDAR_URL.",
    ),
    "calendar_unreachable": (
        "Der Kalender {url} antwortet nicht. Bitte später wiederholen oder CPA_CALENDAR_URL prüfen.",
        "The calendar {url} does not answer. Please retry later or check CPA_CALENDAR_URL.",
    ),
    "condition_unclear": (
        "Die Bedingung „{condition}“ lässt sich nicht entscheiden: {problem}. Bitte den Plan berichtigen.",
        "The condition “{condition}” cannot be decided: {problem}. Please correct the plan.",
    ),
    "too_many_items": (
        "{what} wäre {count}-mal zu tun; erlaubt sind {limit} (CPA_WORKER_MOST_ITEMS). Bitte die Auswahl einschränken.",
        "{what} would be done {count} times; allowed are {limit} (CPA_WORKER_MOST_ITEMS). Please narrow the selection.",
    ),
    "condition_not_met": (
        "Ausgelassen, weil die Bedingung „{condition}“ nicht zutrifft.",
        "Skipped, because the condition “{condition}” does not hold.",
    ),
    "needed_was_skipped": (
        "Ausgelassen, weil das Ergebnis von {needed} gebraucht wird und dieser Schritt ausgelassen wurde.",
        "Skipped, because the result of {needed} is needed, and that step was skipped.",
    ),
    "not_answered": (
        "Niemand hat rechtzeitig geantwortet: {questions} Bitte den Auftrag wiederholen und dann antworten.",
        "Nobody has answered in time: {questions} Please retry the job and answer then.",
    ),
    "tool_failed": (
        "Das Werkzeug {tool} hat es nicht getan: {problem}.",
        "The tool {tool} did not do it: {problem}.",
    ),
    "tool_server_down": (
        "Der MCP-Server {server} ist nicht zu erreichen: {why}. Bitte seinen Eintrag in CPA_MCP_FILE prüfen.",
        "The MCP server {server} cannot be reached: {why}. Please check its entry in CPA_MCP_FILE.",
    ),
}
