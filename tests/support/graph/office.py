"""The mailboxes of the fake tenant and the way of a mail from draft over outbox into boxes."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

from tests.support.graph import forms, mime
from tests.support.graph.answers import Refusal, bad_request
from tests.support.graph.faults import GraphFaults
from tests.support.graph.mailbox import Mail, Mailbox

LARGEST_MESSAGE = 35_000_000
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


class Office:
    """Everybody's mailbox by address. What goes to another domain is kept in `outside`."""

    def __init__(self, people: Mapping[str, str]) -> None:
        self.boxes = {address.casefold(): Mailbox(address, name) for address, name in people.items()}
        self.faults = GraphFaults()
        self.outside: list[Mail] = []
        self._under_way: list[tuple[float, Mailbox, Mail]] = []

    def messages(self, address: str, folder: str = "INBOX") -> list[EmailMessage]:
        """Return what lies in a folder, oldest first, as mails that arrived."""
        self.settle()
        box = self.boxes[address.casefold()]
        names = {one.name: key for key, one in box.folders.items()}
        key = {"INBOX": "inbox", "Sent": "sentitems"}.get(folder) or names[folder]
        return [mime.as_mime(mail) for mail in reversed(list(box.newest_first(key)))]

    def submit(self, box: Mailbox, mail: Mail, *, keep: bool = True) -> None:
        """Accept a mail for all its recipients, or refuse it. It is delivered after the filing lag."""
        self._check(mail)
        if not mail.internet_id:
            mail.internet_id = f"<{mail.immutable[-24:-1]}@prod.outlook.example>"
        mail.draft, mail.sent, mail.read = False, datetime.now(UTC), True
        if keep:
            box.put(mail) if mail.immutable not in box.mails else None
            box.move(mail, "outbox")
        else:
            mail.folder = ""
        self._under_way.append((time.monotonic() + self.faults.filing_lag, box, mail))
        self.settle()

    def settle(self) -> None:
        """Deliver and file what is due."""
        due = [one for one in self._under_way if one[0] <= time.monotonic()]
        self._under_way = [one for one in self._under_way if one not in due]
        for _, box, mail in due:
            if mail.folder == "outbox":
                box.move(mail, "sentitems")
            for address in mail.recipients:
                self._deliver(box, mail, address)

    def _check(self, mail: Mail) -> None:
        if not mail.recipients:
            raise bad_request("At least one recipient is not valid.", "ErrorInvalidRecipients")
        for address in mail.recipients:
            if not _ADDRESS.fullmatch(address) or address in self.faults.refused_recipients:
                text = f"At least one recipient is not valid., Recipient '{address}' is not resolved. All recipients must be resolved before a message can be submitted."  # noqa: E501
                raise bad_request(text, "ErrorInvalidRecipients")
        if sum(len(file.content) for file in mail.files) > LARGEST_MESSAGE:
            raise Refusal(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
        if self.faults.strikes("rejections"):
            text = "Cannot send mail. Follow the instructions in your Inbox to verify your account."
            raise Refusal(403, "ErrorMessageSubmissionBlocked", text)

    def _deliver(self, sender: Mailbox, mail: Mail, address: str) -> None:
        box = self.boxes.get(address.casefold())
        if box is not None:
            box.put(_arrived(mail))
        elif address.casefold().rpartition("@")[2] in {known.rpartition("@")[2] for known in self.boxes}:
            sender.put(_undeliverable(sender, mail, address))
        else:
            self.outside.append(mail)


def _arrived(mail: Mail) -> Mail:
    """Return the recipient's copy: named properties and blind copies stay behind, replies are told by headers."""
    told = [(name, mail.properties[key]) for name, key in (("In-Reply-To", forms.IN_REPLY_TO), ("References", forms.REFERENCES)) if key in mail.properties]  # noqa: E501  # fmt: skip
    headers = [*mail.headers, *told, ("Message-ID", mail.internet_id)]
    return mail.twin("inbox", bcc=[], read=False, properties={}, headers=headers, draft=False)


def _undeliverable(sender: Mailbox, mail: Mail, address: str) -> Mail:
    report = Mail(folder="inbox", sender=("Microsoft Outlook", "postmaster@outlook.example"), draft=False, read=False)
    text = f"Your message to {address} couldn't be delivered. {address} wasn't found at that domain."
    return replace(
        report,
        subject=f"Undeliverable: {mail.subject}"[: forms.LONGEST_SUBJECT],
        content=text,
        to=[(sender.name, sender.address)],
        sent=datetime.now(UTC),
        internet_id=f"<report-{mail.immutable[-20:-1]}@outlook.example>",
        headers=[("In-Reply-To", mail.internet_id)],
    )
