"""Sends a mail once, whoever wrote it: hands it over, finds out what became of it, files our copy."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from scheduler.core.errors import CPAError, InvalidInputError
from scheduler.core.task_executor_interface import Verification
from scheduler.executors.mail_actions import NOBODY
from scheduler.executors.mail_transport import MailTransport, OutgoingMail

log = structlog.get_logger(__name__)


class MailSender:
    """Used by every executor that sends mail. What it returns is the result of the step."""

    def __init__(self, transport: MailTransport) -> None:
        self._transport = transport

    async def send(self, mail: OutgoingMail) -> dict[str, Any]:
        """Hand it over and file our copy. Raises what `MailTransport.send` names, InvalidInputError for nobody."""
        if not mail.recipients:
            raise InvalidInputError("to", NOBODY)
        message_id = await self._transport.send(mail)
        return _sent(message_id, mail, filed=await self._file(mail))

    async def verify(self, effect_key: str, written: Callable[[], Awaitable[OutgoingMail]]) -> Verification:
        """Say whether the mail of that key was sent; if it was, file our copy of it, which may be repeated.

        `written` gives the mail again; if it cannot any more, the copy stays where it is.
        """
        if not effect_key:
            return Verification(happened=None, detail="a mail without an effect key cannot be found again")
        trace = await self._transport.find(effect_key)
        if not trace.happened:
            return Verification(happened=trace.happened, detail=trace.detail)
        try:
            mail = await written()
        except CPAError as error:
            log.warning("sent_mail_not_written_again", effect_key=effect_key, code=error.code, reason=str(error))
            result = {"message_id": trace.message_id, "filed": trace.filed}
            return Verification(happened=True, result=result, detail=trace.detail)
        result = _sent(trace.message_id, mail, filed=trace.filed or await self._file(mail))
        return Verification(happened=True, result=result, detail=trace.detail)

    async def _file(self, mail: OutgoingMail) -> bool:
        """File our copy. The mail is sent already, so a failure here is told in the result, not by failing."""
        try:
            return await self._transport.file(mail)
        except CPAError as error:
            log.warning("mail_not_filed", effect_key=mail.effect_key, code=error.code, reason=str(error))
            return False


def _sent(message_id: str, mail: OutgoingMail, *, filed: bool) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "recipients": list(mail.recipients),
        "attachments": [attachment.name for attachment in mail.attachments],
        "filed": filed,
    }
