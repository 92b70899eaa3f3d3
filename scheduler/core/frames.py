"""Which intent a clause has by its frame: what its verb does, and what kinds of things stand around it."""

import re
from typing import Final

from scheduler.core.letters import word_set
from scheduler.core.lexicon import FOREIGN
from scheduler.core.signs import HERE, SCREEN, Signs
from scheduler.core.slot_finder import BODY

SURE: Final = 0.9
LIKELY: Final = 0.75
PERHAPS: Final = 0.5

_CALENDAR: Final = word_set(
    """
    kalender calendar diary terminkalender terminplan outlook-kalender planner agenda
    """
)
_UNREAD: Final = word_set(
    """
    ungelesen ungelesene ungelesenen ungelesenes unread posteingang inbox postfach mailbox
    """
)
WROTE: Final = re.compile(
    r"(?i)\b(?:geschrieben|geschickt|gemailt|gesendet|geantwortet|schrieb|schickte|schreibt|wrote|written|sent|send|emailed|mailed|replied|answered|said|gemeldet|meldet|zurückgeschrieben|writes|reply)\b"
)
_MAIL: Final = re.compile(
    r"(?i)\b(?:(?:e-?)?mails?|post|nachrichten?|messages?|unread|ungelesen\w*|inbox|posteingang|was neues|(?:et|irgend)?was von|anything (?:new )?from)\b"
)
_OPENING: Final = frozenset({"auf", "open", "up", "an", "hoch"})
_CLOSING: Final = word_set(
    """
    zu shut closed aus down off dicht weg
    """
)


_MEALS: Final = frozenset({"kaffee", "coffee", "tea", "tee", "lunch", "mittagessen"})
_FROM: Final = frozenset({"aus", "ausm", "von", "vom", "from", "off"})
_DONE: Final = frozenset({"fertig", "doing", "done", "erledigen"})
_SHEETS: Final = frozenset({"excel", "csv", "xlsx", "spreadsheet", "exceltabelle", "excel-tabelle"})
_INTO: Final = frozenset({"als", "nach", "in", "to", "into", "as"})
_A_MAIL: Final = frozenset({"a", "an", "eine", "ne", "kurze", "short", "quick", "nette"})
_NEW: Final = frozenset({"new", "neue", "neuen", "neuesten", "latest", "unread"})


def intent_of(s: Signs) -> tuple[str, float]:
    """Return the intent and how sure that is; ("", 0) where the signs tell nothing."""
    for ask in (
        _of_appointment,
        _of_asking_google,
        _of_words_for_others,
        _of_forms_and_tables,
        _of_pdf,
        _of_sending,
        _of_web,
        _of_mails,
        _of_getting,
        _of_showing,
        _of_nothing_done,
    ):
        found = ask(s)
        if found is not None:
            return found
    return "", 0.0


_Found = tuple[str, float] | None


def _of_appointment(s: Signs) -> _Found:
    dated = bool(s.kinds & {"date", "time"}) or "dated" in s.nouns
    if "invite" in s.senses:
        return "create_appointment", SURE
    if s.keys & _MEALS and not (dated or s.keys & {"mit", "with"}):
        return None
    if FOREIGN in s.senses or (s.document and s.senses & {"fill", "send", "extract"}):
        return None
    making = s.senses & {"make", "put", "enter", "save", "need"}
    if (
        s.keys & _CALENDAR
        and (making or dated or not s.senses)
        and not s.senses & {"open", "show", "close", "start", "find"}
    ):
        return "create_appointment", SURE
    if "appointment" in s.nouns and making and not (s.document and "table" in s.nouns):
        return "create_appointment", SURE if dated or not s.document else LIKELY
    if "find" in s.senses and s.keys & {"everything", "alles", "anything", "whatever"} and s.senses & {"write", "send"}:
        return "search_mail", SURE
    if (
        s.senses & {"put", "make"}
        and dated
        and not s.document
        and not s.pdf
        and "application" not in s.nouns
        and not s.to
    ):
        return "create_appointment", LIKELY
    if s.senses == {"enter"} and dated and "form" not in s.nouns:
        return "create_appointment", LIKELY
    if "appointment" in s.nouns and dated and not s.senses and not s.to:
        return "create_appointment", SURE if "time" in s.kinds else LIKELY
    return None


def _of_words_for_others(s: Signs) -> _Found:
    if "reply" in s.senses:
        return "send_mail", SURE
    if s.senses & {"write"} and (
        s.to
        or s.told
        or "mail" in s.nouns
        or (s.person and len(s.keys) > 2)
        or s.keys & {"ihm", "ihr", "ihnen", "him", "her", "them"}
    ):
        return "send_mail", SURE
    sees = "show" in s.senses and s.keys >= {"let", "me"}  # "let me see …" tells nobody anything
    if "tell" in s.senses and not sees and (s.told or "mail" in s.nouns or s.by_mail or "bescheid" in s.keys):
        return "send_mail", SURE
    if s.senses & {"tell", "give"} == {"tell", "give"}:
        return "send_mail", SURE
    if s.by_mail and s.person and s.told and s.senses and s.senses <= {"show", "find"}:
        return "send_mail", LIKELY
    if "tell" in s.senses and (s.person or (s.thing and not s.me)) and FOREIGN not in s.senses:
        return "send_mail", PERHAPS
    if "mail" in s.nouns and s.senses & {"make", "send", "write"} and (s.to or s.told or s.person) and not s.document:
        return "send_mail", SURE
    return None


def _of_forms_and_tables(s: Signs) -> _Found:
    if "fill" in s.senses and FOREIGN not in s.senses:
        return "fill_form", SURE
    if "form" in s.nouns and not s.to and s.keys & {"stell", "stelle", "stellen", "stellst", "stellt"}:
        return "fill_form", LIKELY
    if "form" in s.nouns and s.senses & {"enter"} and not s.senses & {"send"}:
        return "fill_form", SURE
    if "form" in s.nouns and not s.to and s.senses & {"make", "finish"} and s.keys & _DONE and not s.pdf:
        return "fill_form", LIKELY
    if s.source and not s.to and not s.pdf and s.keys & _SHEETS and s.keys & _INTO and not s.senses & {"send", "open"}:
        return "extract_table", LIKELY
    if "extract" in s.senses and ("table" in s.nouns or s.source):
        return "extract_table", SURE
    if "table" in s.nouns and s.senses & {"convert", "fetch", "save", "show", "need", "enter", "put"} and not s.to:
        return "extract_table", SURE if s.source or s.senses & {"convert", "fetch"} else LIKELY
    if (
        "table" in s.nouns
        and (s.source or s.kinds & {"url", "file"})
        and not s.to
        and not s.senses & {"find", "send", "open", "download", FOREIGN}
    ):
        return "extract_table", LIKELY
    return None


def _of_pdf(s: Signs) -> _Found:
    if not s.pdf or s.to or s.senses & {"send", "forward", "find", "open", "extract", "fill", "write", "close"}:
        return None
    if s.senses & {"download", "fetch"} and s.place:
        return None
    if s.senses & {"convert", "print", "save", "make", "need", "put", "belong", "lie"}:
        return "export_pdf", SURE
    if not s.senses or s.senses <= {"fetch", "show"}:
        return "export_pdf", LIKELY if s.senses else SURE
    return None


def _of_sending(s: Signs) -> _Found:
    sends = bool(s.senses & {"send", "forward"}) or (
        s.to and bool(s.senses & {"belong", "go"}) and (s.document or not s.nouns & {"portal"})
    )
    sends = sends or (s.by_mail and bool(s.senses & {"need", "fetch", "belong"}))
    sends = sends or (
        s.to and s.document and bool(s.senses & {"need", "fetch", "download", "show"}) and "create" not in s.senses
    )
    if "give" in s.senses and s.document and not s.me and (s.to or s.person):
        return ("fetch_and_send" if s.place else "send_mail"), LIKELY
    if "arrive" in s.senses and s.document and s.person and not s.senses & {"open", "close"}:
        return ("fetch_and_send" if s.place else "send_mail"), LIKELY
    if not sends or (FOREIGN in s.senses and not s.senses & {"send", "forward"}):
        return None
    if s.senses & {"close", "open", "start", "find"} and not s.senses & {"send", "forward"}:
        return None
    if s.place and (s.document or s.thing) and not (s.nouns & {"mailbox"}):
        return "fetch_and_send", SURE if s.to or s.person else LIKELY
    if (
        s.keys & {"mail", "email", "maile", "mailen", "e-mail"}
        or s.to
        or s.me
        or s.document
        or s.person
        or "mail" in s.nouns
        or s.told
        or s.thing
    ):
        return "send_mail", SURE if s.to or s.person or s.told else LIKELY
    return None


def _of_asking_google(s: Signs) -> _Found:
    return ("web_search", SURE) if "tell" in s.senses and s.keys & {"google", "internet", "bing"} and not s.to else None


def _of_web(s: Signs) -> _Found:
    if "web" in s.nouns and s.senses & {"find", "lookup", "show", "fetch"} and "form" not in s.nouns:
        return "web_search", SURE
    if "lookup" in s.senses and not s.place:
        return (
            ("search_mail", LIKELY)
            if s.nouns & {"mail", "mailbox"}
            else ("web_search", SURE if not s.document else LIKELY)
        )
    if "web" in s.nouns and "search" in s.keys:
        return "web_search", SURE
    if "mich" in s.keys and "fetch" in s.senses and "portal" in s.nouns:
        return "navigate_url", SURE  # "bring mich zur Seite der Bank"
    return None


def _of_mails(s: Signs) -> _Found:
    mails = bool(s.nouns & {"mail", "mailbox"}) or bool(s.keys & _UNREAD)
    mails = mails or (bool(s.keys & _NEW) and "ones" in s.keys and not s.document)
    if mails and s.senses & {"find"}:
        return "search_mail", SURE
    if mails and s.to and "need" in s.senses and not s.senses & {"show", "open"} and s.keys & _A_MAIL:
        return "send_mail", SURE  # "I need an email to the landlord"
    if mails and (s.senses & {"show", "open"} or (s.senses & {"fetch", "need"} and not (s.document and s.place))):
        return "read_mail", SURE
    return None


def of_told(senses: frozenset[str], said: str) -> _Found:
    """Return what is asked for where it is told: "schau nach, ob Tom geantwortet hat"."""
    if not WROTE.search(said) and not _MAIL.search(said):
        return None
    if senses & {"show", "find", "open", "fetch"}:
        return ("search_mail", LIKELY) if "find" in senses and not senses & {"show"} else ("read_mail", SURE)
    return None


def _of_getting(s: Signs) -> _Found:
    site = bool(s.nouns & {"portal"}) or "url" in s.kinds
    if "find" in s.senses:
        if s.document or s.thing or s.place:
            return "search_document", SURE if s.document else LIKELY
        return ("search_document", PERHAPS) if s.name else None
    if (
        "fetch" in s.senses
        and s.me
        and site
        and not s.document
        and not s.thing
        and s.keys & {"to", "on", "onto", "zu", "zum", "auf"}
    ):
        return "navigate_url", SURE
    if "download" in s.senses and FOREIGN not in s.senses:
        return "download_file", SURE if site or s.document else LIKELY
    if "url" in s.kinds and s.senses & {"show", "open", "go"} and not s.senses & {"download", "save"}:
        return "navigate_url", SURE
    if (
        s.senses & {"fetch", "save", "need", "put"}
        and (site or s.place)
        and (s.senses != {"put"} or s.keys & _FROM)
        and (s.document or s.thing or "url" in s.kinds)
    ):
        return "download_file", SURE if site else LIKELY
    if s.senses & {"fetch", "save", "need", "put"} and s.document and s.keys & HERE:
        return "download_file", LIKELY
    return None


def _of_showing(s: Signs) -> _Found:
    if "physical" in s.nouns and not (
        s.document or s.nouns & {"application", "app_word", "portal"} or "url" in s.kinds
    ):
        return None
    shut = "close" in s.senses and not s.keys >= {"get", "going"}  # "get Sage going, month end again"
    if shut and s.nouns & {"application", "app_word"}:
        return "close_app", SURE
    if shut and not s.document and (s.name or s.thing):
        return "close_app", LIKELY if s.name else PERHAPS
    if s.document and s.senses and s.senses <= {"fetch", "need"} and "open" in s.keys and not s.to:
        return "open_document", LIKELY
    opens = bool(s.senses & {"open", "start", "go", "show"})
    if s.senses & {"open", "go", "show", "start"} and "url" in s.kinds:
        return "navigate_url", SURE
    if s.senses & {"open", "go", "show"} and "portal" in s.nouns and not (s.document and "go" not in s.senses):
        return "navigate_url", SURE
    if (
        opens
        and s.document
        and not ("start" in s.senses and "application" in s.nouns)
        and s.senses & {"open", "show", "start"}
    ):
        return "open_document", SURE
    if s.senses & {"open", "show"} and s.thing and not s.app:
        return "open_document", SURE if s.nouns & {"application"} else LIKELY if "open" in s.senses else PERHAPS
    if s.senses & {"open", "start"} and s.nouns & {"application", "app_word"}:
        return "open_app", SURE
    if "start" in s.senses and s.name and FOREIGN not in s.senses:
        return "open_app", LIKELY
    if "open" in s.senses and s.name:
        return "open_app", LIKELY
    if s.senses & {"fetch", "put", "show"} and s.keys & SCREEN and (s.document or s.thing):
        return "open_document", SURE
    return None


def _of_nothing_done(s: Signs) -> _Found:
    """Return what words without a verb of doing ask for: "Excel zu", "Angebot an Tom", "Vertrag als PDF"."""
    if s.senses - {"need", "belong", "lie", "make", "finish"}:
        return None
    apps = bool(s.nouns & {"application", "app_word"})
    if s.keys & SCREEN and (s.document or s.thing):
        return "open_document", LIKELY
    if s.to and (s.document or s.thing or s.told or "mail" in s.nouns):
        return ("fetch_and_send" if s.place else "send_mail"), LIKELY
    if apps and "nimmer" in s.keys and not s.document:
        return "close_app", LIKELY
    if (apps or s.name) and not s.document and (s.particle or s.senses & {"need"}) and s.keys & (_OPENING | _CLOSING):
        return (
            "open_app" if s.keys & _OPENING and not s.keys & {"zu", "shut", "closed"} else "close_app"
        ), SURE if apps else LIKELY
    if "form" in s.nouns and (s.keys & {"do", "doing"} or "finish" in s.senses):
        return "fill_form", LIKELY
    if s.senses & {"need", "fetch"} and "portal" in s.nouns and not s.document:
        return "navigate_url", LIKELY
    if apps and not s.senses and not s.document and not s.to and s.keys & {"bitte", "please", "pls"}:
        return "open_app", LIKELY
    if apps and "need" in s.senses:
        return "open_app", LIKELY
    if s.document and s.keys & {"auf", "open", "up"} and s.particle and not s.senses:
        return "open_document", LIKELY
    if s.document and s.person and "need" in s.senses:
        return "send_mail", PERHAPS
    return None


def has_body(text: str) -> bool:
    """Whether something is dictated here."""
    return BODY.search(text) is not None
