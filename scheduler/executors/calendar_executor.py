"""Makes appointments: in our calendar, and by invitation in those of others. None is made twice."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar

import structlog
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from scheduler.core.actions import ActionSpec, Risk
from scheduler.core.clock import Clock, SystemClock
from scheduler.core.cron import checked_zone
from scheduler.core.errors import (
    CalendarNotSetUpError,
    CPAError,
    Effect,
    MailNotSetUpError,
    UnknownActionError,
)
from scheduler.core.ids import new_id
from scheduler.core.task_executor_interface import Verification, parse_params
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import AD_HOC, BaseExecutor, ExecutionContext, Performed
from scheduler.executors.calendar_events import Appointment, Organiser, for_calendar, in_zone, invitation
from scheduler.executors.calendar_store import CalendarStore
from scheduler.executors.mail_transport import Invitation, Line, MailAddress, MailTransport, OutgoingMail

log = structlog.get_logger(__name__)


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


class CreateAppointment(BaseModel):
    """`start` and `end` are moments (with an offset); `zone` is the one in which people see them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[Line, Field(min_length=1, max_length=300)]
    start: AwareDatetime
    end: AwareDatetime
    zone: str = "Europe/Berlin"
    participants: Annotated[tuple[MailAddress, ...], BeforeValidator(_one_or_many), Field(max_length=100)] = ()
    location: Annotated[Line, Field(max_length=300)] = ""
    description: Annotated[str, Field(max_length=10_000)] = ""
    reminder_minutes: Annotated[int, Field(ge=0, le=40_320, strict=True)] | None = None

    _zone = field_validator("zone")(checked_zone)

    @model_validator(mode="after")
    def _ends_later(self) -> "CreateAppointment":
        if self.end <= self.start:
            raise ValueError("the end must come after the start")
        return self


CREATE = ActionSpec(
    name="calendar.create",
    description="Make an appointment in our calendar and invite people to it by mail",
    params=CreateAppointment,
    risk=Risk.MEDIUM,
    result=frozenset({"uid", "title", "start", "end", "participants", "in_calendar", "message_id"}),
)
_WORDS = {
    "de": ("Einladung: {title}", "{title}\n{start:%d.%m.%Y, %H:%M} bis {end:%H:%M} Uhr ({zone})"),
    "en": ("Invitation: {title}", "{title}\n{start:%Y-%m-%d, %H:%M} to {end:%H:%M} ({zone})"),
}


class CalendarExecutor(BaseExecutor):
    """Does `calendar.create`. The uid of an appointment and the Message-ID of its invitation come of the effect key.

    Without a calendar (`store` is None; `missing` names the settings) it invites only; without a mailbox it cannot.
    """

    actions: ClassVar[tuple[ActionSpec, ...]] = (CREATE,)

    def __init__(
        self,
        *,
        store: CalendarStore | None,
        missing: Sequence[str],
        transport: MailTransport,
        organiser: Organiser,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._missing = tuple(missing)
        self._transport = transport
        self._organiser = organiser
        self._clock = clock or SystemClock()

    def require(self, todo: ToDo) -> None:
        """Raise CalendarNotSetUpError or MailNotSetUpError when the appointment can be entered nowhere."""
        self._refuse(todo.params.get("participants"))

    def _refuse(self, participants: object) -> None:
        if self._store is None and not participants:
            raise CalendarNotSetUpError(self._missing)
        if participants and not self._organiser.address:
            raise MailNotSetUpError(["CPA_MAIL_ADDRESS"])

    async def perform(self, todo: ToDo, context: ExecutionContext) -> Performed:
        """Enter the appointment, then invite. Raises what CalendarStore and MailTransport name, and what is not set up.

        When nobody could be invited the appointment is taken out again.
        """
        params = self._params(todo)
        self._refuse(params.participants)
        key = context.effect_key or f"adhoc-{new_id()}"
        appointment = self._appointment(params, key)
        entered = self._store is not None and await self._store.put(appointment.uid, for_calendar(appointment))
        if params.participants:
            try:
                await self._invite(appointment, params, key, context)
            except CPAError as error:
                if entered and error.effect is Effect.NONE:
                    await self._take_out(appointment.uid)
                raise
        return Performed(result=self._result(appointment, params, key))

    async def verify(self, todo: ToDo, context: ExecutionContext = AD_HOC) -> Verification:
        """Say whether the people were invited, or, when there are none, whether the appointment is in the calendar."""
        params = self._params(todo)
        if not context.effect_key:
            return Verification(happened=None, detail="an appointment without an effect key cannot be found again")
        appointment = self._appointment(params, context.effect_key)
        result = self._result(appointment, params, context.effect_key)
        if params.participants:
            trace = await self._transport.find(context.effect_key)
            return Verification(happened=trace.happened, result=result if trace.happened else None, detail=trace.detail)
        if self._store is None:
            return Verification(happened=False, detail="no calendar is set up")
        there = await self._store.has(appointment.uid)
        return Verification(happened=there, result=result if there else None)

    async def _invite(
        self, appointment: Appointment, params: CreateAppointment, key: str, context: ExecutionContext
    ) -> None:
        subject, body = _WORDS[context.locale]
        facts = {"title": params.title, "start": appointment.start, "end": appointment.end, "zone": params.zone}
        lines = [body.format(**facts), params.location, params.description]
        mail = OutgoingMail(
            effect_key=key,
            date=self._clock.now(),
            to=params.participants,
            subject=subject.format(**facts),
            body="\n\n".join(filter(None, lines)),
            invitation=Invitation(content=invitation(appointment)),
        )
        await self._transport.send(mail)
        try:
            await self._transport.file(mail)
        except CPAError as error:  # it is sent; that our copy lies elsewhere is no failure
            log.warning("invitation_not_filed", effect_key=key, code=error.code, reason=str(error))

    async def _take_out(self, uid: str) -> None:
        try:
            if self._store is not None:
                await self._store.remove(uid)
        except CPAError as error:  # why nobody was invited matters more
            log.warning("appointment_left_in_calendar", uid=uid, code=error.code, reason=str(error))

    def _params(self, todo: ToDo) -> CreateAppointment:
        if todo.action != CREATE.name:
            raise UnknownActionError(todo.action, field="action", known=[CREATE.name])
        return parse_params(CreateAppointment, todo)

    def _appointment(self, params: CreateAppointment, key: str) -> Appointment:
        return Appointment(
            uid=f"{key}@{self._organiser.address.rpartition('@')[2] or 'cpa.invalid'}",
            title=params.title,
            start=in_zone(params.start, params.zone),
            end=in_zone(params.end, params.zone),
            stamp=self._clock.now(),
            organiser=self._organiser,
            participants=params.participants,
            location=params.location,
            description=params.description,
            reminder=None if params.reminder_minutes is None else timedelta(minutes=params.reminder_minutes),
        )

    def _result(self, appointment: Appointment, params: CreateAppointment, key: str) -> dict[str, Any]:
        return {
            "uid": appointment.uid,
            "title": appointment.title,
            "start": appointment.start.isoformat(),
            "end": appointment.end.isoformat(),
            "participants": list(params.participants),
            "in_calendar": self._store is not None,
            "message_id": f"<{key}@{self._organiser.address.rpartition('@')[2]}>" if params.participants else None,
        }
