"""Names for each intent what fills its slots, and the verbs that order it."""

from collections.abc import Callable
from typing import Final

from scheduler.core.slot_mails import fetch_and_send, send_mail
from scheduler.core.slot_meetings import create_appointment
from scheduler.core.slot_order import Order
from scheduler.core.slot_searches import mails, search_mail
from scheduler.core.slot_things import (
    application,
    download_file,
    export_pdf,
    extract_table,
    fill_form,
    find_document,
    navigate_url,
    open_document,
)

ROLES: Final[dict[str, Callable[[Order], None]]] = {
    "send_mail": send_mail,
    "fetch_and_send": fetch_and_send,
    "download_file": download_file,
    "search_document": find_document,
    "open_document": open_document,
    "export_pdf": export_pdf,
    "open_app": application,
    "close_app": application,
    "navigate_url": navigate_url,
    "read_mail": mails,
    "search_mail": search_mail,
    "extract_table": extract_table,
    "fill_form": fill_form,
    "create_appointment": create_appointment,
}

DOING: Final[dict[str, tuple[str, ...]]] = {
    "send_mail": ("send", "forward", "reply", "write", "tell"),
    "fetch_and_send": ("send", "forward", "fetch"),
    "download_file": ("download", "save", "fetch"),
    "search_document": ("find", "lookup", "show"),
    "open_document": ("open", "show"),
    "export_pdf": ("convert", "print", "save", "make"),
    "open_app": ("start", "open"),
    "close_app": ("close",),
    "navigate_url": ("go", "open", "show"),
    "read_mail": ("show", "open"),
    "search_mail": ("find", "lookup", "show"),
    "extract_table": ("extract", "convert", "fetch"),
    "fill_form": ("fill", "enter", "finish"),
    "create_appointment": ("enter", "invite", "make", "put"),
}
"""The senses of the verbs that order it, the surest first."""
