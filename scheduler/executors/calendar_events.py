"""Turns an appointment into iCalendar (RFC 5545), for a calendar and for an invitation by mail (RFC 5546)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Calendar, Event


@dataclass(frozen=True)
class Organiser:
    """Who invites: the address of our mailbox; empty when there is none."""

    address: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """`uid` is the same at every attempt; `start` and `end` know their zone."""

    uid: str
    title: str
    start: datetime
    end: datetime
    stamp: datetime
    organiser: Organiser
    participants: Sequence[str] = ()
    location: str = ""
    description: str = ""
    reminder: timedelta | None = None


def for_calendar(appointment: Appointment) -> str:
    """Return what is put into a calendar. The server is told that we send the invitations ourselves (RFC 6638)."""
    return _text(_calendar(appointment, _event(appointment, {"SCHEDULE-AGENT": "CLIENT"})))


def invitation(appointment: Appointment) -> str:
    """Return what is sent to the participants."""
    calendar = _calendar(appointment, _event(appointment, {"RSVP": "TRUE"}))
    calendar.add("method", "REQUEST")
    return _text(calendar)


def in_zone(moment: datetime, zone: str) -> datetime:
    """Return the same moment as people in that zone see it."""
    return moment.astimezone(ZoneInfo(zone))


def _calendar(appointment: Appointment, event: "Event") -> "Calendar":
    from icalendar import Calendar  # noqa: PLC0415 - dear to import, for those who make appointments

    calendar = Calendar()
    calendar.add("prodid", "-//CPA//Cognitive Process Automation//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    first, last = (moment.date() for moment in (appointment.start, appointment.end))
    calendar.add_missing_timezones(first_date=first - timedelta(days=400), last_date=last + timedelta(days=400))
    return calendar


def _event(appointment: Appointment, of_participants: dict[str, str]) -> "Event":
    from icalendar import Alarm, Event, vCalAddress, vText  # noqa: PLC0415 - as above

    event = Event()
    event.add("uid", appointment.uid)
    event.add("dtstamp", appointment.stamp)
    event.add("dtstart", appointment.start)
    event.add("dtend", appointment.end)
    event.add("summary", appointment.title)
    event.add("sequence", 0)
    event.add("status", "CONFIRMED")
    for name, text in (("location", appointment.location), ("description", appointment.description)):
        if text:
            event.add(name, text)
    if appointment.participants:
        organiser = vCalAddress(f"mailto:{appointment.organiser.address}")
        if appointment.organiser.name:
            organiser.params["CN"] = vText(appointment.organiser.name)
        event["organizer"] = organiser
    for address in appointment.participants:
        attendee = vCalAddress(f"mailto:{address}")
        attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", **of_participants})
        event.add("attendee", attendee)
    if appointment.reminder is not None:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", appointment.title)
        alarm.add("trigger", -appointment.reminder)
        event.add_component(alarm)
    return event


def _text(calendar: "Calendar") -> str:
    return str(calendar.to_ical().decode())
