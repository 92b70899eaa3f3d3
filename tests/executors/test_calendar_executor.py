"""Appointments in a real calendar and by mail: once, whatever is lost on the way; other programs can read them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest
from caldav.davclient import DAVClient

from scheduler.core.errors import CalendarLoginError, CalendarUnreachableError
from scheduler.core.ids import JobId, TaskId
from scheduler.core.todo import ToDo
from scheduler.executors.base_executor import ExecutionContext
from scheduler.executors.caldav_calendar import CaldavCalendar
from scheduler.executors.calendar_events import Organiser
from scheduler.executors.calendar_executor import CalendarExecutor
from scheduler.executors.calendar_store import CalendarStore
from tests.support.memory_mail import US, MemoryMailServer, MemoryMailTransport, an_account
from tests.support.radicale_server import PASSWORD, USER, radicale

CONTEXT = ExecutionContext(job_id=JobId("job"), task_id=TaskId("create"), effect_key="sha256-4711")
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261201T090000Z\r\n"
    "DTSTART:20261201T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


class MemoryCalendar:
    """A CalendarStore in memory. `lost` answers are lost after the appointment was entered."""

    def __init__(self) -> None:
        self.events: dict[str, str] = {}
        self.lost = 0

    async def put(self, uid: str, content: str) -> bool:
        new = uid not in self.events
        self.events.setdefault(uid, content)
        if self.lost:
            self.lost -= 1
            raise CalendarUnreachableError("memory", "the answer was lost")
        return new

    async def has(self, uid: str) -> bool:
        return uid in self.events

    async def remove(self, uid: str) -> None:
        self.events.pop(uid, None)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with radicale(tmp_path_factory.mktemp("radicale")) as url:
        yield url


@pytest.fixture
def mails() -> MemoryMailServer:
    return MemoryMailServer()


@pytest.fixture
def calendar() -> MemoryCalendar:
    return MemoryCalendar()


def _caldav(address: str, password: str = PASSWORD) -> CaldavCalendar:
    return CaldavCalendar(url=address, username=USER, password=lambda: password)


def _executor(store: CalendarStore | None, mails: MemoryMailServer, us: str = US) -> CalendarExecutor:
    return CalendarExecutor(
        store=store,
        missing=["CPA_CALENDAR_URL"],
        transport=MemoryMailTransport(mails, an_account()),
        organiser=Organiser(us, "CPA"),
    )


def _todo(**params: Any) -> ToDo:  # noqa: ANN401 - parameters of a step
    given = {"title": "Müller & Söhne", "start": "2026-12-01T09:00:00+01:00", "end": "2026-12-01T10:00:00+01:00"}
    return ToDo(id="create", action="calendar.create", params=given | params)


def _events(calendar: Any) -> Any:  # noqa: ANN401 - icalendar's types are wider than what is in it
    return calendar.walk("VEVENT")


def _invitation(mail: EmailMessage) -> Any:  # noqa: ANN401 - icalendar's
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST"
    return icalendar.Calendar.from_ical(part.get_content())


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["caldav", "memory"])
async def test_a_calendar_holds_each_uid_once(kind: str, address: str) -> None:
    store: CalendarStore = _caldav(address) if kind == "caldav" else MemoryCalendar()
    uid = f"contract-{kind}@example.com"

    first = await store.put(uid, EVENT.format(uid=uid))
    second = await store.put(uid, EVENT.format(uid=uid))
    there = await store.has(uid)
    await store.remove(uid)
    await store.remove(uid)

    assert (first, second, there) == (True, False, True)
    assert not await store.has(uid)


@pytest.mark.integration
async def test_an_appointment_is_in_the_calendar_once_and_others_can_read_it(
    address: str, mails: MemoryMailServer
) -> None:
    executor, todo = _executor(_caldav(address), mails), _todo(location="Köln", reminder_minutes=15)
    before = await executor.verify(todo, CONTEXT)

    done = [await executor.execute(todo, CONTEXT) for _ in range(2)]

    assert before.happened is False
    assert all(one.success for one in done), done
    assert (await executor.verify(todo, CONTEXT)).result == done[0].result
    opened: Any = DAVClient(url=address, username=USER, password=PASSWORD, require_tls=False)  # not typed
    with opened as client:
        found = client.calendar(url=address).search(
            event=True, start=datetime(2026, 12, 1, tzinfo=UTC), end=datetime(2026, 12, 2, tzinfo=UTC)
        )
        events = [one.icalendar_component for one in found]
    (event,) = [event for event in events if event["uid"] == done[0].result["uid"]]
    assert event["summary"] == "Müller & Söhne"
    assert event["dtstart"].dt.isoformat() == "2026-12-01T09:00:00+01:00"
    assert event["dtstart"].params["TZID"] == "Europe/Berlin"
    assert not mails.messages(US)


@pytest.mark.integration
async def test_a_calendar_that_refuses_or_is_away_is_said_to_be(address: str) -> None:
    with pytest.raises(CalendarLoginError, match="cpa"):
        await _caldav(address, "falsch").put("x", EVENT)
    with pytest.raises(CalendarUnreachableError):
        await _caldav("http://127.0.0.1:1/x").has("x")


async def test_people_are_invited_in_a_way_their_calendars_understand(
    calendar: MemoryCalendar, mails: MemoryMailServer
) -> None:
    executor, todo = _executor(calendar, mails), _todo(participants=["anna@example.com", "bert@example.com"])
    before = await executor.verify(todo, CONTEXT)

    done = await executor.execute(todo, CONTEXT)

    assert before.happened is False
    assert done.success
    assert (await executor.verify(todo, CONTEXT)).result == done.result
    (mail,) = mails.messages("anna@example.com")
    (event,) = _events(_invitation(mail))
    stored = icalendar.Calendar.from_ical(calendar.events[done.result["uid"]])
    (kept,) = _events(stored)
    assert mail["Subject"] == "Einladung: Müller & Söhne"
    assert "01.12.2026, 09:00 bis 10:00 Uhr" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert event["uid"] == kept["uid"] == "sha256-4711@example.com"
    assert event["organizer"] == f"mailto:{US}"
    assert [str(one) for one in event["attendee"]] == ["mailto:anna@example.com", "mailto:bert@example.com"]
    assert event["attendee"][0].params["RSVP"] == "TRUE"
    assert kept["attendee"][0].params["SCHEDULE-AGENT"] == "CLIENT"
    assert "METHOD" not in stored
    assert [str(zone["tzid"]) for zone in _invitation(mail).walk("VTIMEZONE")] == ["Europe/Berlin"]


async def test_an_answer_that_is_lost_makes_no_second_appointment_and_no_second_mail(
    calendar: MemoryCalendar, mails: MemoryMailServer
) -> None:
    executor, todo = _executor(calendar, mails), _todo(participants="anna@example.com")
    calendar.lost = 1
    mails.faults.drops_after_delivery = 1

    lost = await executor.execute(todo, CONTEXT)
    again = await executor.execute(todo, CONTEXT)
    seen = await executor.verify(todo, CONTEXT)

    assert lost.error is not None
    assert lost.error.retryable
    assert again.error is not None
    assert again.error.effect == "unknown"
    assert seen.happened is True
    assert len(calendar.events) == len(mails.messages("anna@example.com")) == 1


async def test_when_nobody_could_be_invited_the_calendar_is_as_before(
    calendar: MemoryCalendar, mails: MemoryMailServer
) -> None:
    executor, todo = _executor(calendar, mails), _todo(participants="nobody@example.com")

    done = await executor.execute(todo, CONTEXT)

    assert done.error is not None
    assert done.error.code == "recipient_refused"
    assert calendar.events == {}
    assert (await executor.verify(todo, CONTEXT)).happened is False


async def test_what_is_not_set_up_is_said(mails: MemoryMailServer, calendar: MemoryCalendar) -> None:
    nothing = await _executor(None, mails).execute(_todo(), CONTEXT)
    nobody = await _executor(calendar, mails, us="").execute(_todo(participants="anna@example.com"), CONTEXT)
    by_mail = await _executor(None, mails).execute(_todo(participants="anna@example.com"), CONTEXT)

    assert nothing.error is not None
    assert (nothing.error.code, nothing.error.facts["missing"]) == ("calendar_not_set_up", "CPA_CALENDAR_URL")
    assert nobody.error is not None
    assert nobody.error.code == "mail_not_set_up"
    assert calendar.events == {}
    assert by_mail.result["in_calendar"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": "2026-12-01T09:00:00+01:00"},
        {"start": "2026-12-01T09:00:00"},
        {"zone": "Mars/Olympus"},
        {"title": "a\r\nATTENDEE:mailto:x@y.z"},
        {"participants": ["anna"]},
    ],
    ids=lambda wrong: str(next(iter(wrong))),
)
async def test_wrong_values_are_refused(
    mails: MemoryMailServer, calendar: MemoryCalendar, wrong: dict[str, Any]
) -> None:
    done = await _executor(calendar, mails).execute(_todo(**wrong), CONTEXT)

    assert done.error is not None
    assert done.error.code == "invalid_input"
    assert calendar.events == {}


async def test_each_effect_key_is_an_appointment_of_its_own(calendar: MemoryCalendar, mails: MemoryMailServer) -> None:
    executor = _executor(calendar, mails)

    for key in ("one", "two"):
        await executor.execute(_todo(), CONTEXT._replace(effect_key=key))

    assert set(calendar.events) == {"one@example.com", "two@example.com"}
