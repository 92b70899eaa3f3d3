"""What can go wrong between a portal and a mailbox, and what has to come of it: the table of docs/SITES.md."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, sleep

from examples.office import Office
from tests.support.cpa_client import LIMIT

Arrange = Callable[[Office], AbstractContextManager[object]]


@dataclass(frozen=True, kw_only=True)
class PortalFault:
    """A fault with what has to come of it. `evidence` is the task whose picture shows it.

    `changes` are settings; `answer` is given when the job asks; `number` is the document's; `limit` is in seconds.
    """

    name: str
    arrange: Arrange = lambda _: nullcontext()
    state: str = "done"
    mails: int = 1
    says: str = ""
    evidence: str = "download"
    number: str = "4711"
    answer: str = ""
    limit: float = LIMIT
    changes: dict[str, str] = field(default_factory=dict)

    def row(self) -> str:
        """Return its line in the table."""
        return f"| {self.name} | {self.state} | {self.mails} | {self.says or '–'} | `{self.evidence}.png` |"


@contextmanager
def _restarted(office: Office) -> Iterator[None]:
    """The portal ends while it owes the search result, and comes back without its sessions."""
    portal = office.portal
    portal.faults.slow["GET /invoices"] = 4.0
    before = portal.asked["GET /invoices"]

    def restart() -> None:
        end = monotonic() + 60
        while portal.asked["GET /invoices"] < before + 2 and monotonic() < end:  # the page after the login, the search
            sleep(0.05)
        portal.faults.slow.clear()
        portal.restart()

    thread = Thread(target=restart)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _set(**faults: object) -> Arrange:
    @contextmanager
    def arranged(office: Office) -> Iterator[None]:
        for name, value in faults.items():
            setattr(office.portal.faults, name, value)
        yield

    return arranged


def _expired(office: Office) -> AbstractContextManager[object]:
    office.portal.faults.expired["GET /invoices?q=4711"] = 1
    return nullcontext()


def _mail_down(seconds: float) -> Arrange:
    @contextmanager
    def arranged(office: Office) -> Iterator[None]:
        office.mail.pause()

        def resume() -> None:
            sleep(seconds)
            office.mail.resume()

        thread = Thread(target=resume)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    return arranged


MISSING = "Das Portal kennt das Dokument 9999 nicht. Bitte die Nummer prüfen. Es wurde nichts verschickt."
REJECTED = (
    "Das Portal hat die Anmeldung abgelehnt. Bitte Benutzername und Passwort des Portals prüfen "
    "(portal.username, portal.password) und den Auftrag wiederholen."
)
WRONG_CODE = (
    "Das Portal Portal hat den Code des zweiten Faktors abgelehnt. Bitte den Auftrag wiederholen und den neuen Code "
    "nennen."
)

FAULTS = (
    PortalFault(name="nothing goes wrong"),
    PortalFault(name="the portal restarts in the middle", arrange=_restarted),
    PortalFault(name="the session expires before the search", arrange=_expired),
    PortalFault(name="every page takes 6 s", arrange=_set(slow={"GET /login": 6.0, "GET /invoices": 6.0})),
    PortalFault(name="buttons and links are renamed", arrange=_set(moved=True)),
    PortalFault(name="a notice covers every page", arrange=_set(notice=True)),
    PortalFault(name="the portal answers 503 once", arrange=_set(broken=Counter({"POST /login": 1}))),
    PortalFault(
        name="the password is wrong", state="failed", mails=0, says=REJECTED, evidence="login",
        changes={"CPA_SECRET_PORTAL_PASSWORD": "Falsche-Beere-9"},
    ),
    PortalFault(name="the invoice does not exist", state="failed", mails=0, says=MISSING, number="9999"),
    PortalFault(name="a second factor is asked for and given", arrange=_set(code="471108"), answer="471108"),
    PortalFault(
        name="a second factor is given wrongly", arrange=_set(code="471108"), answer="000000", state="failed", mails=0,
        says=WRONG_CODE, evidence="login",
    ),
    PortalFault(name="the mail server is down for 10 s", arrange=_mail_down(10)),
)  # fmt: skip
SLOW_FAULTS = (
    PortalFault(name="the mail server is down for a minute", arrange=_mail_down(60), limit=400),
)  # waits grow
