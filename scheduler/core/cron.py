"""The calendar of cron: five fields, a time zone, and the next moment they name. `cronsim` knows the calendar.

When the clocks change, a time of day that is named (minute and hour both without a star) comes exactly once: one that
the night skips comes at the first moment after it, one that the night has twice comes the first time. What is said with
a star in minute or hour goes by the time that passes: hours that do not exist are left out, hours that come twice count
twice.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from scheduler.core.problems import unfit
from scheduler.core.sentences import Sentence

ALIASES: Final[Mapping[str, str]] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_LONGEST: Final = 200  # characters
_FIELDS: Final = (
    (Sentence("Minute", "minute"), "0-59"),
    (Sentence("Stunde", "hour"), "0-23"),
    (Sentence("Tag des Monats", "day of the month"), "1-31, L, LW"),
    (Sentence("Monat", "month"), "1-12, JAN-DEC"),
    (Sentence("Wochentag", "day of the week"), "0-7, SUN-SAT, MON#1, 5L"),
)
_FIVE: Final = Sentence(
    "fünf Felder werden erwartet: Minute Stunde Tag Monat Wochentag, zum Beispiel 30 9 * * MON-FRI",
    "five fields are expected: minute hour day month weekday, for example 30 9 * * MON-FRI",
)
_NEVER: Final = Sentence(
    "keiner der genannten Monate hat einen solchen Tag", "none of the months that are named has such a day"
)


def checked_cron(expression: str) -> str:
    """Return the expression in its plain form. Raises PydanticCustomError, which names the field that is wrong."""
    expression = ALIASES.get(expression.strip().lower(), " ".join(expression.split()))
    parts = expression.split(" ")
    if len(parts) != len(_FIELDS) or len(expression) > _LONGEST:
        raise unfit(_FIVE)
    for place, part in enumerate(parts):
        _check_field(place, part)
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:  # each field is well by itself
        raise unfit(_NEVER) from None
    return expression


def _check_field(place: int, part: str) -> None:
    alone = ["*"] * len(_FIELDS)
    alone[place] = part
    try:
        CronSim(" ".join(alone), datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        name, allowed = _FIELDS[place]
        raise unfit(
            Sentence(
                f"im Feld {name.de} ist „{part}“ nicht möglich; erlaubt ist {allowed}",
                f"the field {name.en} cannot be “{part}”; allowed is {allowed}",
            )
        ) from None


def checked_zone(name: str) -> str:
    """Return the name of a time zone. Raises PydanticCustomError, with the nearest one that exists."""
    known = _zones()
    if name not in known:
        by_folded = {zone.casefold(): zone for zone in sorted(known)}
        near = get_close_matches(name[:100].casefold(), by_folded, n=1, cutoff=0.5)
        nearest = by_folded[near[0]] if near else "Europe/Berlin"
        raise unfit(
            Sentence(
                f"diese Zeitzone ist nicht bekannt; gemeint ist vielleicht {nearest}",
                f"there is no such time zone; maybe {nearest} is meant",
            )
        )
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def cron_moments(expression: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Yield every moment later than `after`, in UTC. It ends when there is none in fifty years."""
    for moment in CronSim(expression, after.astimezone(ZoneInfo(zone))):
        found = moment.astimezone(UTC)
        if found > after:  # the hour that comes twice is named only once
            yield found
            after = found
