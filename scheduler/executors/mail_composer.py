"""Writes the mail that a step asks for: names become addresses, artifacts files, and what it answers is quoted."""

import contextlib
import html
import re
from collections.abc import Sequence

from scheduler.core.address_book import AddressBook, UnfitNameError
from scheduler.core.clock import Clock
from scheduler.core.errors import InvalidInputError
from scheduler.core.ids import new_id
from scheduler.core.sentences import Sentence
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_actions import WriteMail
from scheduler.executors.mail_quotes import answer_subject, forward_subject, heading, quoted
from scheduler.executors.mail_reading import LONGEST_HTML
from scheduler.executors.mail_transport import (
    Attachment,
    MailTransport,
    OutgoingMail,
    ReceivedMail,
    Thread,
    check_address,
)

MAX_ATTACHMENT_BYTES = 50_000_000
"""Of one mail together; most servers take less and say so."""

_CONTENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
_NOBODY_TO_ANSWER = Sentence(
    "die Mail nennt keinen Absender, dem man antworten könnte", "that mail names no sender to answer"
)


class MailComposer:
    """Writes mails of ours. The same step gives the same mail at every attempt, as long as what it is made of stays."""

    def __init__(
        self, *, transport: MailTransport, artifacts: ArtifactStore, addresses: AddressBook, clock: Clock
    ) -> None:
        self._transport = transport
        self._artifacts = artifacts
        self._addresses = addresses
        self._clock = clock

    async def write(self, params: WriteMail, context: ExecutionContext, place: str) -> OutgoingMail:
        """Raises InvalidInputError, which names the field below `place`, ArtifactNotFoundError, MailNotFoundError."""
        earlier = params.answers or params.forwards
        other = await self._transport.read(earlier) if earlier else None
        to, cc = self._recipients(params.to, f"{place}.to"), self._recipients(params.cc, f"{place}.cc")
        thread = None
        if params.answers and other is not None:
            references = tuple(map(_line, other.references))
            thread = Thread(mail_id=other.id, message_id=_line(other.message_id), references=references)
            to, cc = self._answered(params, other, to, cc, f"{place}.answers")
        attachments = [*self._attachments(params)]
        if params.forwards and other is not None:
            attachments += await self._forwarded(other, context)
        _check_size(attachments, f"{place}.attachments")
        body, rich = _texts(params, other, context)
        return OutgoingMail(
            effect_key=context.effect_key or f"adhoc-{new_id()}",
            date=self._clock.now(),
            to=to,
            cc=cc,
            bcc=self._recipients(params.bcc, f"{place}.bcc"),
            reply_to=params.reply_to,
            subject=_subject(params, other, context),
            body=body,
            html=rich,
            attachments=tuple(attachments),
            importance=params.importance,
            answers=thread,
        )

    def _recipients(self, wanted: Sequence[str], place: str) -> tuple[str, ...]:
        found: list[str] = []
        for number, words in enumerate(wanted):
            try:
                found += [words] if "@" in words else self._addresses(words)
            except UnfitNameError as error:
                raise InvalidInputError(f"{place}[{number}]", error.said) from error
        return tuple(found)

    def _answered(
        self, params: WriteMail, other: ReceivedMail, to: tuple[str, ...], cc: tuple[str, ...], place: str
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return who gets an answer, besides those the step names. Nobody gets it twice, and we do not."""
        author = _sound(other.reply_to) or _sound((other.sender,))
        if not author:
            raise InvalidInputError(place, _NOBODY_TO_ANSWER)
        others = _sound((*other.to, *other.cc)) if params.answer_all else ()
        main = tuple(dict.fromkeys((*author, *to)))
        known = {self._transport.address.casefold(), *(address.casefold() for address in main)}
        copies = [address for address in dict.fromkeys((*cc, *others)) if address.casefold() not in known]
        return main, tuple(copies)

    def _attachments(self, params: WriteMail) -> list[Attachment]:
        files = [(address, None) for address in params.attachments]
        return [
            Attachment(name=self._artifacts.name_of(address), path=self._artifacts.path_of(address), content_id=name)
            for address, name in (*files, *((address, name) for name, address in params.inline_images.items()))
        ]

    async def _forwarded(self, other: ReceivedMail, context: ExecutionContext) -> list[Attachment]:
        """Keep the files of the mail as artifacts of this step, since they are sent from the disk."""
        attachments = []
        for number, file in enumerate(await self._transport.files(other.id), start=1):
            address = self._artifacts.save(context.job_id, context.task_id, f"{number}-{file.name}", file.content)
            shown = file.content_id if _CONTENT_ID.fullmatch(file.content_id or "") else None
            attachments.append(
                Attachment(
                    name=_line(file.name) or "attachment", path=self._artifacts.path_of(address), content_id=shown
                )
            )
        return attachments


def _subject(params: WriteMail, other: ReceivedMail | None, context: ExecutionContext) -> str:
    if params.subject is not None:
        return params.subject
    subject = _line(other.subject) if other else ""
    return answer_subject(subject, context.locale) if params.answers else forward_subject(subject, context.locale)


def _texts(params: WriteMail, other: ReceivedMail | None, context: ExecutionContext) -> tuple[str, str | None]:
    """Return the text and the HTML, with what the other mail said below."""
    if other is None or not params.quote:
        return params.body, params.html
    said = quoted(other, context.locale, forwarded=bool(params.forwards))
    body = f"{params.body}\n\n{said}".lstrip("\n")
    above = params.html
    if above is None and not (params.forwards and other.html):
        return body, None
    if above is None:
        above = f"<p>{html.escape(params.body).replace(chr(10), '<br>')}</p>"
    if params.forwards and other.html and len(other.html) < LONGEST_HTML:
        top = html.escape(heading(other, context.locale, forwarded=True)).replace("\n", "<br>")
        return body, f"{above}<p>{top}</p>{other.html}"
    return body, f"{above}<blockquote>{html.escape(said).replace(chr(10), '<br>')}</blockquote>"


def _sound(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return those of somebody else's addresses that mail can be sent to."""
    sound = []
    for address in addresses:
        with contextlib.suppress(ValueError):
            sound.append(check_address(address))
    return tuple(sound)


def _line(text: str) -> str:
    """Return what somebody else wrote as one line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _check_size(attachments: Sequence[Attachment], place: str) -> None:
    if sum(attachment.path.stat().st_size for attachment in attachments) > MAX_ATTACHMENT_BYTES:
        raise InvalidInputError(place, f"together they are larger than {MAX_ATTACHMENT_BYTES // 1_000_000} MB")
