"""What people read when something goes wrong: one table, code -> German and English.

Each sentence says what happened, to which one, and what to do. Words in braces are filled from the facts of the error
and the slots of the request; one that is not known is shown as a dash. No names of exceptions, no traces.
"""

import string
from collections.abc import Mapping
from typing import Literal, NamedTuple

from scheduler.core.agent_sentences import AGENT_SENTENCES
from scheduler.core.llm_sentences import LLM_SENTENCES
from scheduler.core.queue_sentences import QUEUE_SENTENCES
from scheduler.core.site_sentences import SITE_SENTENCES
from scheduler.core.work_sentences import WORK_SENTENCES

Locale = Literal["de", "en"]


class Sentence(NamedTuple):
    """The same thing in both languages."""

    de: str
    en: str


_GERMAN = "_de"
"""Ends the name of a fact that is words: the German beside the English one of the plain name."""


def spelled_out(facts: Mapping[str, str | Sentence]) -> dict[str, str]:
    """Return the facts as texts; one in both languages becomes two, which `sentence` picks from."""
    texts = {name: in_english(fact) for name, fact in facts.items()}
    return texts | {f"{name}{_GERMAN}": fact.de for name, fact in facts.items() if isinstance(fact, Sentence)}


def in_english(words: str | Sentence) -> str:
    """Return the words for logs."""
    return words.en if isinstance(words, Sentence) else words


SENTENCES: Mapping[str, Sentence] = {
    "internal": Sentence(
        "Bei uns ist ein unerwarteter Fehler aufgetreten. Bitte melden Sie die Kennung {correlation_id} dem Betrieb.",
        "Something unexpected went wrong on our side. Please report the id {correlation_id} to your operator.",
    ),
    "invalid_request": Sentence(
        "Die Anfrage ist nicht in Ordnung (Feld {field}). Bitte berichtigen und erneut senden.",
        "The request is not valid (field {field}). Please correct it and send it again.",
    ),
    "invalid_field": Sentence(
        "Das Feld {field} ist nicht in Ordnung: {problem}. Bitte berichtigen und erneut senden.",
        "Field {field} is not valid: {problem}. Please correct it and send it again.",
    ),
    "invalid_json": Sentence(
        "Der Inhalt der Anfrage ist kein gültiges JSON (Feld {field}): {problem}.",
        "The body of the request is not valid JSON (field {field}): {problem}.",
    ),
    "empty_request": Sentence(
        "Das Feld {field} ist leer. Bitte schreiben Sie, was erledigt werden soll.",
        "Field {field} is empty. Please write what is to be done.",
    ),
    "ask_back": Sentence(
        "Bevor es losgehen kann, fehlt noch etwas: {questions} Bitte antworten Sie.",
        "Something is missing before this can start: {questions} Please answer.",
    ),
    "unanswered": Sentence(
        "Auf die Rückfrage kam bis {expired} keine Antwort: {questions} Es wurde nichts getan; bitte neu beauftragen.",
        "Nobody answered by {expired} what was asked: {questions} Nothing was done; please send the request again.",
    ),
    "request_too_large": Sentence(
        "Das Feld {field} ist zu lang; erlaubt sind {limit} Zeichen. Bitte kürzen.",
        "Field {field} is too long; {limit} characters are allowed. Please shorten it.",
    ),
    "body_too_large": Sentence(
        "Die Anfrage ist zu groß; erlaubt sind {limit} Bytes. Bitte verkleinern.",
        "The request is too large; {limit} bytes are allowed. Please make it smaller.",
    ),
    "unknown_host": Sentence(
        "Unter dem Namen {host} ist dieser Dienst nicht zu erreichen. Weitere Namen erlaubt CPA_API_HOSTS.",
        "This service is not reached under the name {host}. CPA_API_HOSTS allows more names.",
    ),
    "foreign_origin": Sentence(
        "Seiten von {origin} dürfen diesen Dienst nicht benutzen. Erlaubt werden sie in CPA_API_ORIGINS.",
        "Pages of {origin} may not use this service. CPA_API_ORIGINS allows them.",
    ),
    "unknown_intent": Sentence(
        "Den Auftrag „{request}“ kenne ich nicht.{nearest} Bitte anders formulieren.",
        "I do not know the request “{request}”.{nearest} Please put it another way.",
    ),
    "missing_slot": Sentence(
        "Für {intent} fehlt noch eine Angabe: {slot}. Bitte ergänzen.",
        "To do {intent} I still need to know: {slot}. Please add it.",
    ),
    "no_template": Sentence(
        "Den Auftrag {intent} verstehe ich, habe dafür aber noch keinen Ablauf. Bitte einen Aufgabenplan mitgeben.",
        "I understand the request {intent}, but have no procedure for it yet. Please send a task graph.",
    ),
    "empty_plan": Sentence(
        "Der Plan enthält keine Aufgabe (Feld {field}). Bitte mindestens eine angeben.",
        "The plan has no task (field {field}). Please give at least one.",
    ),
    "duplicate_task": Sentence(
        "Die Aufgabe {task} steht zweimal im Plan (Feld {field}). Bitte umbenennen.",
        "Task {task} is in the plan twice (field {field}). Please rename one.",
    ),
    "unknown_dependency": Sentence(
        "Die Aufgabe {task} wartet auf {dependency}, das es im Plan nicht gibt (Feld {field}).",
        "Task {task} waits for {dependency}, which is not in the plan (field {field}).",
    ),
    "unknown_reference": Sentence(
        "Die Aufgabe {task} verweist auf {reference}, das keine Aufgabe liefert (Feld {field}).",
        "Task {task} refers to {reference}, which no task provides (field {field}).",
    ),
    "unknown_action": Sentence(
        "Die Aktion {action} gibt es nicht (Feld {field}).{nearest} Bitte berichtigen.",
        "There is no action {action} (field {field}).{nearest} Please correct it.",
    ),
    "cycle": Sentence(
        "Die Aufgaben warten im Kreis aufeinander: {cycle} (Feld {field}). Bitte eine Abhängigkeit entfernen.",
        "The tasks wait for each other in a circle: {cycle} (field {field}). Please remove one dependency.",
    ),
    "invalid_message": Sentence(
        "Die Nachricht ist nicht in Ordnung (Feld {field}): {problem}. Bitte berichtigen und erneut senden.",
        "The message is not valid (field {field}): {problem}. Please correct it and send it again.",
    ),
    "message_too_large": Sentence(
        "Das Feld {field} der Nachricht hat {size} Bytes, erlaubt sind {limit}. "
        "Bitte den Inhalt ablegen und als payloadRef senden.",
        "Field {field} of the message has {size} bytes, {limit} are allowed. "
        "Please store the content and send it as a payloadRef.",
    ),
    "not_understood": Sentence(
        "Die Nachricht wird hier nicht verstanden (Feld {field}: {found}). Verstanden wird: {understood}.",
        "The message is not understood here (field {field}: {found}). Understood would be: {understood}.",
    ),
    "not_found": Sentence("Das Gesuchte gibt es nicht.", "There is no such thing."),
    "job_not_found": Sentence("Einen Auftrag {job} gibt es nicht.", "There is no job {job}."),
    "dead_letter_not_found": Sentence(
        "Der Auftrag {job} liegt nicht (mehr) bei den liegengebliebenen.",
        "Job {job} is not (or no longer) among the dead letters.",
    ),
    "artifact_not_found": Sentence("Eine Datei {artifact} gibt es nicht.", "There is no file {artifact}."),
    "schedule_not_found": Sentence("Einen Zeitplan {schedule} gibt es nicht.", "There is no schedule {schedule}."),
    "intent_exists": Sentence(
        "Einen Intent namens {intent} gibt es schon (Feld {field}). Bitte einen anderen Namen wählen.",
        "There is an intent named {intent} already (field {field}). Please choose another name.",
    ),
    "schedule_exists": Sentence(
        "Einen Zeitplan namens {schedule} gibt es schon (Feld {field}). Bitte einen anderen Namen wählen.",
        "There is a schedule named {schedule} already (field {field}). Please choose another name.",
    ),
    "schedule_changed": Sentence(
        "Der Zeitplan {schedule} wurde inzwischen geändert. Bitte neu ansehen und noch einmal versuchen.",
        "Schedule {schedule} was changed meanwhile. Please look at it again and try once more.",
    ),
    "method_not_allowed": Sentence(
        "{method} ist an dieser Adresse nicht möglich.", "{method} is not possible at this address."
    ),
    "unauthorized": Sentence(
        "Bitte einen gültigen API-Schlüssel mitsenden (Kopfzeile Authorization: Bearer …).",
        "Please send a valid API key (header Authorization: Bearer …).",
    ),
    "conflict": Sentence(
        "Das passt nicht zum jetzigen Stand. Bitte den Auftrag neu ansehen.",
        "This does not fit the present state. Please look at the job again.",
    ),
    "invalid_transition": Sentence(
        "{subject} steht auf {status} und kann nicht auf {wanted} gesetzt werden.",
        "{subject} is {status} and cannot become {wanted}.",
    ),
    "retries_exhausted": Sentence(
        "Der Auftrag {job} wurde schon {max_retries}-mal wiederholt. Bitte die Ursache beheben und neu beauftragen.",
        "Job {job} was already retried {max_retries} times. Please mend the cause and submit it anew.",
    ),
    "job_pruned": Sentence(
        "Der Auftrag {job} ist zu alt und wird gerade entfernt. Bitte neu beauftragen.",
        "Job {job} is too old and is being removed. Please submit it anew.",
    ),
    "plan_changed": Sentence(
        "Der Plan des Auftrags {job} ist nicht mehr Fassung {version}: jemand hat ihn inzwischen berichtigt. "
        "Bitte neu ansehen und noch einmal berichtigen.",
        "The plan of job {job} is no longer version {version}: somebody has corrected it meanwhile. "
        "Please look at it again and repeat your correction.",
    ),
    "plan_unreadable": Sentence(
        "Was zum Auftrag {job} gespeichert ist, kann diese Fassung des Programms nicht lesen. Bitte das Programm "
        "auf den Stand bringen, der ihn angenommen hat, oder den Auftrag verwerfen.",
        "This version of the program cannot read what is stored of job {job}. Please bring it to the version that "
        "accepted the job, or discard the job.",
    ),
    "idempotency_conflict": Sentence(
        "Der Idempotency-Key {key} gehört schon zu einer anderen Anfrage. Bitte einen neuen verwenden.",
        "Idempotency key {key} belongs to another request already. Please use a new one.",
    ),
    "earlier_job_gone": Sentence(
        "Diese Anfrage wurde schon angenommen; ihr Auftrag {job} ist inzwischen entfernt.",
        "This request was accepted before; its job {job} has been removed meanwhile.",
    ),
    "lease_lost": Sentence(
        "Den Auftrag {job} führt inzwischen ein anderer Prozess weiter.",
        "Another process has taken over job {job} meanwhile.",
    ),
    "policy_violation": Sentence(
        "Das ist durch eine Regel untersagt. Bitte wenden Sie sich an die Verwaltung.",
        "A rule forbids this. Please ask your administrator.",
    ),
    "action_forbidden": Sentence(
        "Die Aktion {action} ist durch die Regel {rule} untersagt (Feld {field}).",
        "Action {action} is forbidden by rule {rule} (field {field}).",
    ),
    "task_failed": Sentence(
        "Ein Schritt ist fehlgeschlagen. Das Bild dazu liegt beim Auftrag.",
        "A step failed. Its picture lies with the job.",
    ),
    "element_not_found": Sentence(
        "Auf der Seite {page} fehlt {target}; am ähnlichsten ist dort: {candidates}. "
        "Bitte das Bild ansehen ({picture}) und den Ablauf anpassen.",
        "The page {page} has no {target}; most like it are: {candidates}. "
        "Please look at the picture ({picture}) and adapt the procedure.",
    ),
    "healing_unverified": Sentence(
        "Auf der Seite {page} fehlt {sought}; {fitted} würde passen, aber der Schritt sagt nicht, woran man sieht, "
        "dass es das Richtige war. Bitte dem Schritt ein verify geben oder das Element neu angeben (Bild: {picture}).",
        "The page {page} has no {sought}; {fitted} would fit, but the step does not say what proves that it was the "
        "right one. Please give the step a verify or name the element anew (picture: {picture}).",
    ),
    "ambiguous_target": Sentence(
        "Auf der Seite {page} passt {target} auf mehrere Elemente: {candidates}. Bitte genauer beschreiben.",
        "On the page {page} more than one element fits {target}: {candidates}. Please describe it more exactly.",
    ),
    "tab_not_found": Sentence(
        "Ein Fenster „{sought}“ gibt es nicht; offen sind: {candidates}. Bitte den Ablauf anpassen.",
        "There is no tab “{sought}”; open are: {candidates}. Please adapt the procedure.",
    ),
    "page_refused": Sentence(
        "Die Seite {url} gibt es nicht oder sie ist gesperrt (HTTP {status}). Bitte Adresse und Berechtigung prüfen.",
        "The page {url} does not exist or is closed to us (HTTP {status}). Please check address and permissions.",
    ),
    "download_failed": Sentence(
        "{name} lässt sich nicht herunterladen: {problem}. Bitte dort nachsehen.",
        "{name} cannot be downloaded: {problem}. Please look there.",
    ),
    "verification_failed": Sentence(
        "Der Schritt hatte nicht die erwartete Wirkung: erwartet war {expected}, zu sehen ist {found}.",
        "The step did not have the expected effect: expected {expected}, found {found}.",
    ),
    "document_not_found": Sentence(
        "Das Portal kennt das Dokument {document_id} nicht. Bitte die Nummer prüfen. Es wurde nichts verschickt.",
        "The portal does not know document {document_id}. Please check the number. Nothing was sent.",
    ),
    "recipient_refused": Sentence(
        "Der Mailserver nimmt keine Mail für {recipient} an. Bitte die Adresse prüfen. Es wurde nichts verschickt.",
        "The mail server accepts no mail for {recipient}. Please check the address. Nothing was sent.",
    ),
    "mailbox_missing": Sentence(
        "Für {recipient} gibt es hier kein Postfach: Der Ordner {folder} fehlt. Bitte die Adresse prüfen oder den "
        "Ordner anlegen. Es wurde nichts verschickt.",
        "There is no mailbox for {recipient} here: the folder {folder} is missing. Please check the address or make "
        "the folder. Nothing was sent.",
    ),
    "mail_refused": Sentence(
        "Der Mailserver hat die Mail abgelehnt: {reply}. Es wurde nichts verschickt.",
        "The mail server refused the mail: {reply}. Nothing was sent.",
    ),
    "mail_login_failed": Sentence(
        "Der Mailserver {server} hat die Anmeldung von {user} abgelehnt. Bitte mail.username und mail.password prüfen.",
        "Mail server {server} refused the login of {user}. Please check mail.username and mail.password.",
    ),
    "mail_access_refused": Sentence(
        "Microsoft 365 lässt CPA nicht an das Postfach {mailbox}: {problem}. Antwort: {reply}.",
        "Microsoft 365 does not let CPA into the mailbox {mailbox}: {problem}. Answer: {reply}.",
    ),
    "mail_not_set_up": Sentence(
        "Es ist kein Postfach eingerichtet. Bitte {missing} setzen; „cpa doctor“ prüft es. Es wurde nichts verschickt.",
        "No mailbox is set up. Please set {missing}; “cpa doctor” checks it. Nothing was sent.",
    ),
    "mail_not_found": Sentence(
        "Die Mail {mail} liegt nicht mehr im Postfach. Bitte neu suchen; sie wurde wohl verschoben oder gelöscht.",
        "The mail {mail} is no longer in the mailbox. Please search anew; it was probably moved or deleted.",
    ),
    "mail_not_received": Sentence(
        "In {limit} ist keine Mail gekommen, auf die das passt: {wanted}. Bitte die Angaben prüfen oder länger warten.",
        "Within {limit} no mail has come that fits this: {wanted}. Please check what was asked for, or wait longer.",
    ),
    "attachment_missing": Sentence(
        "Die Mail hat keinen Anhang, auf den „{pattern}“ passt; angehängt ist: {there}.",
        "The mail has no attachment that fits “{pattern}”; attached is: {there}.",
    ),
    "mail_server_unreachable": Sentence(
        "Der Mailserver {server} antwortet nicht. Bitte später wiederholen oder CPA_MAIL_… prüfen.",
        "Mail server {server} does not answer. Please retry later or check CPA_MAIL_….",
    ),
    "mail_deferred": Sentence(
        "Der Mailserver nimmt die Mail gerade nicht an: {reply}. Es wurde nichts verschickt. Bitte später wiederholen.",
        "The mail server does not take the mail just now: {reply}. Nothing was sent. Please retry later.",
    ),
    "site_unreachable": Sentence(
        "Die Adresse {url} antwortet nicht. Bitte später wiederholen oder die Adresse prüfen.",
        "The address {url} does not answer. Please retry later or check the address.",
    ),
    "browser_unavailable": Sentence(
        "Der Browser lässt sich nicht benutzen. „cpa doctor“ sagt, was fehlt.",
        "The browser cannot be used. “cpa doctor” says what is missing.",
    ),
    "file_missing": Sentence(
        "Die Datei {path} gibt es nicht. Bitte Namen und Ordner prüfen.",
        "There is no file {path}. Please check name and folder.",
    ),
    "several_fit": Sentence(
        "Zu „{what}“ passt mehreres ({found}), und niemand hat gesagt, was gemeint ist. Bitte genauer beauftragen.",
        "“{what}” fits several ({found}), and nobody said which one is meant. Please order it more exactly.",
    ),
    "path_forbidden": Sentence(
        "{path} liegt außerhalb des erlaubten Ordners. Erlaubt wird er in CPA_FILES_ROOT.",
        "{path} lies outside the allowed folder. It is allowed in CPA_FILES_ROOT.",
    ),
    "address_forbidden": Sentence(
        "Der Browser darf nicht zu {host}: {why}.",
        "The browser may not go to {host}: {why}.",
    ),
    "too_much_data": Sentence(
        "{what} ist größer als {limit}. Die Grenze steht in CPA_WEB_DOWNLOAD_MEGABYTES.",
        "{what} is larger than {limit}. The limit is set in CPA_WEB_DOWNLOAD_MEGABYTES.",
    ),
    "step_budget": Sentence(
        "{what} hat schon {limit} Schritte im Browser gebraucht; mehr sind nicht erlaubt. Bitte den Plan prüfen oder "
        "CPA_WEB_STEPS erhöhen.",
        "{what} has used up its {limit} steps in the browser. Please check the plan, or raise CPA_WEB_STEPS.",
    ),
    "invalid_input": Sentence(
        "Der Schritt bekam unbrauchbare Werte ({field}): {problem}.",
        "The step got values it cannot use ({field}): {problem}.",
    ),
    "secret_missing": Sentence(
        "Das Geheimnis {secret} ist nicht hinterlegt. Bitte in der Datei der Geheimnisse oder als Umgebungsvariable "
        "setzen.",
        "The secret {secret} is not set. Please set it in the secrets file or as an environment variable.",
    ),
    "timeout": Sentence(
        "{what} hat länger als {limit} gedauert. Bitte später wiederholen.",
        "{what} took longer than {limit}. Please retry later.",
    ),
    "deadline_exceeded": Sentence(
        "Der Auftrag ist nicht bis zu seiner Frist fertig geworden. Was schon getan war, steht im Verlauf.",
        "The job was not finished by its deadline. What had been done is listed in its timeline.",
    ),
    "outcome_unknown": Sentence(
        "Ob {what} geschehen ist, lässt sich nicht feststellen. Bitte nachsehen und den Auftrag nur dann wiederholen, "
        "wenn es nicht geschehen ist.",
        "It cannot be found out whether {what} happened. Please look, and retry the job only if it did not.",
    ),
    "session_lost": Sentence(
        "Der Schritt {what} ist schon getan und darf nicht noch einmal geschehen; die Seite, auf der es weiterginge, "
        "gibt es nicht mehr. Bitte dort nachsehen und, was noch fehlt, neu beauftragen.",
        "Step {what} is done already and may not happen again; the page on which it would go on is gone. "
        "Please look there, and submit anew what is still missing.",
    ),
    "unavailable": Sentence(
        "Ein benötigter Dienst antwortet nicht. Bitte später wiederholen.",
        "A service that is needed does not answer. Please retry later.",
    ),
    "store_busy": Sentence(
        "Der Speicher {store} ist gerade von einem anderen Prozess belegt. Bitte gleich noch einmal versuchen.",
        "The store {store} is held by another process just now. Please try again in a moment.",
    ),
    "store_full": Sentence(
        "Die Festplatte mit {store} ist voll. Bitte Platz schaffen; angenommen wurde nichts.",
        "The disk of {store} is full. Please make room; nothing was accepted.",
    ),
    "worker_crashes": Sentence(
        "Der Auftrag hat {crashes}-mal den ausführenden Prozess beendet und wurde beiseitegelegt.",
        "The job ended its worker {crashes} times and was put aside.",
    ),
    "cancelled": Sentence("Der Auftrag wurde abgebrochen.", "The job was cancelled."),
    **{
        code: Sentence(*said)
        for table in (LLM_SENTENCES, WORK_SENTENCES, SITE_SENTENCES, AGENT_SENTENCES, QUEUE_SENTENCES)
        for code, said in table.items()
    },
}


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def sentence(code: str, locale: Literal["de", "en"], facts: Mapping[str, object]) -> str:
    """Return the sentence of `code` in the language; a code that is not in the table gets the one of `internal`."""
    template = getattr(SENTENCES.get(code, SENTENCES["internal"]), locale)
    known = _Facts({name: str(value) for name, value in facts.items()})
    if locale == "de":
        known.update({name.removesuffix(_GERMAN): text for name, text in known.items() if name.endswith(_GERMAN)})
    return string.Formatter().vformat(template, (), known)
