"""Sends, reads and searches mail. A mail goes out once: its Message-ID holds the effect key, so `verify` finds it."""

from typing import Any, ClassVar

import structlog

from scheduler.core.actions import ActionSpec
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.errors import CPAError, InvalidInputError, UnknownActionError
from scheduler.core.ids import new_id
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_actions import READ, SEARCH, SEND, ReadMail, SearchMail, SendMail
from scheduler.executors.mail_transport import Attachment, MailQuery, MailTransport, OutgoingMail

MAX_ATTACHMENT_BYTES = 50_000_000
"""Of one mail together; most servers take less and say so."""

log = structlog.get_logger(__name__)


class MailExecutor(BaseExecutor):
    """Does `mail.send`, `mail.read` and `mail.search` in one mailbox."""

    actions: ClassVar[tuple[ActionSpec, ...]] = (SEND, READ, SEARCH)

    def __init__(self, *, transport: MailTransport, artifacts: ArtifactStore, clock: Clock | None = None) -> None:
        self._transport = transport
        self._artifacts = artifacts
        self._clock = clock or SystemClock()

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Do the step once. Raises what MailTransport names, InvalidInputError and ArtifactNotFoundError."""
        if todo.action == SEND.name:
            return Performed(result=await self._send(todo, context))
        return Performed(result=await self._look(_query(todo)))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the mail was sent; if it was, file our copy of it, which may be repeated.

        Looking for mails leaves no trace and is done again, unless it marks them: what it returned is lost then.
        """
        if todo.action == SEND.name:
            return await self._verify_send(todo, context)
        query = _query(todo)
        if query.mark_seen:
            return Verification(happened=None, detail="some mails may have been marked as seen")
        return Verification(happened=True, result=await self._look(query))

    async def _send(self, todo: ToDo, context: ExecutionContext) -> dict[str, Any]:
        params = parse_params(SendMail, todo)
        mail = self._mail(params, context.effect_key or f"adhoc-{new_id()}", todo.id)
        message_id = await self._transport.send(mail)
        return _sent(message_id, mail, filed=await self._file(mail))

    async def _verify_send(self, todo: ToDo, context: ExecutionContext) -> Verification:
        if not context.effect_key:
            return Verification(happened=None, detail="a mail without an effect key cannot be found again")
        trace = await self._transport.find(context.effect_key)
        if not trace.happened:
            return Verification(happened=trace.happened, detail=trace.detail)
        mail = self._mail(parse_params(SendMail, todo), context.effect_key, todo.id)
        result = _sent(trace.message_id, mail, filed=trace.filed or await self._file(mail))
        return Verification(happened=True, result=result, detail=trace.detail)

    def _mail(self, params: SendMail, effect_key: str, task: str | None) -> OutgoingMail:
        mail = OutgoingMail(
            effect_key=effect_key,
            date=self._clock.now(),
            attachments=tuple(
                Attachment(name=self._artifacts.name_of(address), path=self._artifacts.path_of(address))
                for address in params.attachments
            ),
            **params.model_dump(exclude={"attachments"}),
        )
        if sum(attachment.path.stat().st_size for attachment in mail.attachments) > MAX_ATTACHMENT_BYTES:
            limit = f"{MAX_ATTACHMENT_BYTES // 1_000_000} MB"
            raise InvalidInputError(f"{task}.params.attachments", f"together they are larger than {limit}")
        return mail

    async def _file(self, mail: OutgoingMail) -> bool:
        """File our copy. The mail is sent already, so a failure here is told in the result, not by failing."""
        try:
            return await self._transport.file(mail)
        except CPAError as error:
            log.warning("mail_not_filed", effect_key=mail.effect_key, code=error.code, reason=str(error))
            return False

    async def _look(self, query: MailQuery) -> dict[str, Any]:
        mails = await self._transport.search(query)
        return {"messages": [mail.model_dump(mode="json") for mail in mails], "count": len(mails)}


def _query(todo: ToDo) -> MailQuery:
    """Read the parameters of `mail.read` or `mail.search`. Raises InvalidInputError or UnknownActionError."""
    kinds: dict[str, type[ReadMail] | type[SearchMail]] = {READ.name: ReadMail, SEARCH.name: SearchMail}
    if todo.action not in kinds:
        raise UnknownActionError(todo.action, field="action", known=[SEND.name, *kinds])
    return MailQuery.model_validate(parse_params(kinds[todo.action], todo).model_dump())


def _sent(message_id: str, mail: OutgoingMail, *, filed: bool) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "recipients": list(mail.recipients),
        "attachments": [attachment.name for attachment in mail.attachments],
        "filed": filed,
    }
