"""What templates are filled with besides the slots of a request: the portal it names, the time it means, an address."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from scheduler.core.clock import Clock
from scheduler.core.errors import InvalidFieldError, MissingSlotError, UnknownSiteError
from scheduler.core.intents import RoutedIntent
from scheduler.core.past_days import past_days
from scheduler.core.site_book import Sites
from scheduler.core.templates import FILE_VALUES, MAIL_VALUES, SITE_VALUES, TIME_VALUES, values_needed
from scheduler.core.when import read_span
from scheduler.core.when_dates import WhenError
from scheduler.core.which_ones import Side, is_newest, when_meant, which_mails
from scheduler.orchestrator.plan_check import check_site_slots

PORTAL: Final = "portal"
"""The slot that names a portal."""
_OF_MAILS: Final = ("subject", "sender", "query", "folder")
_SPANS: Final[Mapping[Side, Callable[[str, str], dict[str, str]]]] = {
    "": lambda first, after: {"since": first, "before": after},
    "since": lambda first, _: {"since": first},
    "after": lambda _, after: {"since": after},
    "until": lambda _, after: {"before": after},
    "before": lambda first, _: {"before": first},
}
"""Of days that are said: the moment they begin and that after them, and what of these counts."""


class TemplateValues:
    """`zone` is where people say times, `search_url` the address with `{query}` at which the web is searched."""

    def __init__(self, *, sites: Sites, clock: Clock, zone: str, search_url: str) -> None:
        self._sites = sites
        self._clock = clock
        self._zone = zone
        self._search_url = search_url

    def now(self) -> datetime:
        """Return what time it is where people say times."""
        return self._clock.now().astimezone(ZoneInfo(self._zone))

    def is_portal(self, name: str) -> bool:
        """Whether people call a portal so."""
        try:
            self._sites.named(name)
        except UnknownSiteError:
            return False
        return True

    def of(self, routed: RoutedIntent, text: str = "") -> Mapping[str, str]:
        """Return what the template of an intent needs; `text` is the request.

        Raises InvalidRequestError for what is missing or not known.
        """
        needed = values_needed(routed)
        values: dict[str, str] = {}
        if needed & SITE_VALUES:
            values |= self._site(routed, needed)
        if needed & TIME_VALUES:
            values |= self._span(routed)
        if needed & MAIL_VALUES:
            values |= self._mails(routed, text)
        if needed & FILE_VALUES and is_newest(text, routed.slots.get("file_name") or routed.slots.get("document", "")):
            values["newest"] = "yes"
        if "search_address" in needed:
            query = quote(routed.slots.get("query", ""), safe="")
            values["search_address"] = self._search_url.replace("{query}", query)
        return {name: value for name, value in values.items() if name in needed}

    def _span(self, routed: RoutedIntent) -> dict[str, str]:
        """Return when it is to be; what is missing or may mean two things is said of the slot."""
        try:
            span = read_span(routed.slots.get("date", ""), routed.slots.get("time", ""), self.now())
        except WhenError as error:
            if error.missing:
                raise MissingSlotError(routed.name, error.slot) from None
            raise InvalidFieldError(error.slot, error.said) from error
        return {"start": span.start.isoformat(), "end": span.end.isoformat(), "zone": self._zone}

    def _mails(self, routed: RoutedIntent, text: str) -> dict[str, str]:
        """Return which mails are meant: the unread ones, so many, those that came in a time; what is not said is not
        there."""
        mails = which_mails(text, filter(None, map(routed.slots.get, _OF_MAILS)))
        values = ({"unread": "yes"} if mails.unread else {}) | ({"count": str(mails.most)} if mails.most else {})
        words = routed.slots.get("date", "")
        if not words:
            return values
        said, side = when_meant(text, words)
        try:
            days = past_days(said, self.now().date())
        except WhenError as error:
            raise InvalidFieldError(error.slot, error.said) from error
        first, after = self._midnight(days.first), self._midnight(days.last + timedelta(days=1))
        return values | _SPANS[side](first, after)

    def _midnight(self, day: date) -> str:
        return datetime.combine(day, time(), ZoneInfo(self._zone)).isoformat()

    def _site(self, routed: RoutedIntent, needed: frozenset[str]) -> dict[str, str]:
        """Return key and address of the portal that is named; which one is meant is not guessed."""
        name = routed.slots.get(PORTAL)
        if not name:
            raise MissingSlotError(routed.name, PORTAL)
        site = self._sites.named(name)
        if "site" in needed:
            check_site_slots(routed, site.profile)
        return {"site": site.key, "site_url": site.profile.url}
