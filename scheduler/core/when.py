"""Reads when an appointment is, from the words of a request: "morgen 10 Uhr", "Friday 2:30 pm", "2026-12-01 9-10 Uhr".

What may mean two things is an error that names both; nothing is guessed. Pure: what day it is comes in as `now`.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from scheduler.core.sentences import Sentence
from scheduler.core.when_dates import DayPart, WhenError, day_of

USUAL_LENGTH: Final = timedelta(hours=1)

_HOURS = (
    "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "one two three four five six seven eight nine ten eleven twelve",
)
_BY_NAME: Final = {name: hour for names in _HOURS for hour, name in enumerate(names.split(), 1)} | {"ein": 1}
_HOUR = r"(?:\d{1,2}|" + "|".join(_BY_NAME) + ")"
_CLOCK = re.compile(
    rf"(?P<hour>{_HOUR})(?:[:.h](?P<minute>\d\d))?(?: ?(?:uhr(?: (?P<after>\d\d))?|h|o.?clock))?"
    r"(?: ?(?P<half>a|p)\.?m\.?)?"
)
_SPOKEN = re.compile(
    rf"(?P<how>halb|viertel vor|viertel nach|dreiviertel|half(?: past)?|quarter past|quarter to) (?P<hour>{_HOUR})"
    r"(?: ?uhr)?(?: ?(?P<half>a|p)\.?m\.?)?"
)
_SHIFTS: Final = {
    "halb": -30,
    "viertel vor": -15,
    "viertel nach": 15,
    "dreiviertel": -15,
    "half": 30,
    "half past": 30,
    "quarter past": 15,
    "quarter to": -15,
}
_NOON: Final = frozenset({"mittags", "mittag", "noon", "midday", "at noon", "12 noon"})
_SMALL = re.compile(r"^(?:um|von|ab|gegen|punkt|at|from|around|about|,)\s+")
_RANGE = re.compile(r"\s*(?:-|–|\bbis\b|\bto\b|\buntil\b|\btill\b)\s*")
_PM_WORDS: Final = {"nachmittags": "p", "abends": "p", "morgens": "a", "vormittags": "a", "früh": "a"}
_WITH_PART = re.compile(r"(mittwoch|tag)(vormittag|nachmittag|abend)")
_ISO_T = re.compile(r"(?<=\d)t(?=\d)")
_MAYBE_AFTERNOON = range(1, 7)


class Span(NamedTuple):
    """From when until when; both know their zone."""

    start: datetime
    end: datetime


class _Clock(NamedTuple):
    """A time of the day; `half` is a or p where it was said, `sure` when it cannot mean another half of the day."""

    hour: int
    minute: int
    half: str
    sure: bool


def read_span(day_words: str, time_words: str, now: datetime) -> Span:
    """Return when it is, an hour long unless an end is said; `now` has the zone in which people here live.

    Raises WhenError, which names the slot that is missing, cannot be read, or may mean two things.
    """
    day, part, rest = day_of(_plain(day_words), now.date(), ahead=True)
    words = _plain(f"{rest} {time_words}")
    if not words:
        raise WhenError("time", _say("die Uhrzeit fehlt", "the time is missing"), missing=True)
    start, end = _times(words, part)
    begin = _moment(day, start, now, words)
    finish = begin + USUAL_LENGTH if end is None else _moment(day, end, now, words)
    if finish <= begin:
        raise WhenError("time", _say(f"„{words}“ endet vor dem Anfang", f"“{words}” ends before it begins"))
    if begin <= now:
        raise WhenError("date", _say(f"{begin:%d.%m.%Y %H:%M} ist vorbei", f"{begin:%Y-%m-%d %H:%M} is in the past"))
    return Span(begin, finish)


def clock_times(words: str) -> tuple[Any, list[str]]:
    """Return "14:30", or {"from", "to"}, or None with the times that the words may mean; none if they are no time."""
    text = _plain(words)
    try:
        start, end = _times(text, None)
    except WhenError:
        clocks = _clock_or_none(text)
        return None, [f"{(clocks.hour + half) % 24:02}:{clocks.minute:02}" for half in (0, 12)] if clocks else []
    begin = f"{start:%H:%M}"
    return (begin if end is None else {"from": begin, "to": f"{end:%H:%M}"}), []


def _clock_or_none(text: str) -> "_Clock | None":
    try:
        return _clock(text, text)
    except WhenError:
        return None


def _times(words: str, part: DayPart | None) -> tuple[time, time | None]:
    pieces = _RANGE.split(words, maxsplit=1)
    clocks = [_clock(piece, words) for piece in pieces]
    said = next((clock.half for clock in reversed(clocks) if clock.half), "")
    hint = said or (part.half if part else "")
    start, *ends = clocks
    begin = _time(start, hint, words)
    if not ends:
        return begin, None
    return begin, _time(ends[0], hint or ("p" if start.sure and begin.hour >= 12 else "a" if start.sure else ""), words)


def _clock(piece: str, words: str) -> _Clock:
    text = _SMALL.sub("", piece.strip(" ,."))
    half = next((mark for word, mark in _PM_WORDS.items() if text.endswith(f" {word}")), "")
    text = text.rsplit(" ", 1)[0] if half else text
    if text in _NOON:
        return _Clock(12, 0, "", sure=True)
    spoken = _SPOKEN.fullmatch(text)
    match = spoken or _CLOCK.fullmatch(text)
    if match is None:
        raise _unread(words)
    hour = _BY_NAME.get(match["hour"]) or int(match["hour"])
    half = match["half"] or half
    if spoken:
        minutes = (hour * 60 + _SHIFTS[spoken["how"]]) % (24 * 60)
        return _Clock(*divmod(minutes, 60), half, sure=minutes // 60 not in _MAYBE_AFTERNOON)
    minute = int(match["minute"] or match["after"] or 0)
    if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12):
        raise _unread(words)
    return _Clock(hour % 24, minute, half, sure=match["hour"].startswith("0") or hour not in _MAYBE_AFTERNOON)


def _time(clock: _Clock, hint: str, words: str) -> time:
    half = clock.half or ("" if clock.sure and not 7 <= clock.hour <= 12 else hint)
    if half == "p":
        return time(clock.hour % 12 + 12, clock.minute)
    if half == "a":
        return time(clock.hour % 12 if clock.half else clock.hour, clock.minute)
    if not clock.sure:
        early, late = (f"{hour:02}:{clock.minute:02}" for hour in (clock.hour, clock.hour + 12))
        raise WhenError(
            "time",
            _say(f"„{words}“ kann {early} oder {late} heißen", f"“{words}” may mean {early} or {late}"),
        )
    return time(clock.hour, clock.minute)


def _moment(day: date, at: time, now: datetime, words: str) -> datetime:
    moment = datetime.combine(day, at, tzinfo=now.tzinfo)
    back = datetime.fromtimestamp(moment.timestamp(), tz=now.tzinfo)
    if back.replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise WhenError(
            "time",
            _say(
                f"„{words}“ gibt es an diesem Tag nicht: die Uhr wird vorgestellt",
                f"“{words}” does not exist on that day: the clock is put forward",
            ),
        )
    return moment


def _plain(text: str) -> str:
    apart = _ISO_T.sub(" ", _WITH_PART.sub(r"\1 \2", text.casefold()))
    return " ".join(apart.split()).strip(" ,.;")


def _unread(words: str) -> WhenError:
    return WhenError(
        "time",
        _say(
            f"„{words[:100]}“ ist keine Uhrzeit, die ich lesen kann; etwa 14:30 oder 9-10 Uhr",
            f"“{words[:100]}” is no time I can read; for example 14:30 or 2:30 pm",
        ),
    )


def _say(de: str, en: str) -> Sentence:
    return Sentence(de, en)
