"""Pages of mails: `$filter`, `$search`, `$orderby`, `$top`, `$skip`, and delta, with the refusals of the service."""

import re
import time
from collections.abc import Mapping
from datetime import datetime

from tests.support.graph.answers import Refusal, bad_request
from tests.support.graph.mailbox import Change, Mail, Mailbox, SyncState
from tests.support.graph.odata import Filter, search

MOST_FOUND = 1000
_ORDERS = {"receivedDateTime": lambda mail: mail.received, "subject": lambda mail: mail.subject.casefold()}


def page_of(
    box: Mailbox, folder: str | None, query: Mapping[str, str], *, index_lag: float
) -> tuple[list[Mail], dict[str, str] | None]:
    """Return the mails of this page and what to ask for the next one."""
    _refuse_combinations(query)
    mails = list(box.newest_first(folder))
    if "$search" in query:
        fits, now = search(query["$search"]), time.monotonic()
        mails = [mail for mail in mails if mail.stored + index_lag <= now and fits(mail)][:MOST_FOUND]
    if "$filter" in query:
        chosen = Filter(query["$filter"])
        mails = [mail for mail in mails if chosen.fits(mail)]
    if "$orderby" in query:
        name, _, way = query["$orderby"].partition(" ")
        if name not in _ORDERS:
            raise bad_request(f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices.Message'.")
        if way.strip() != "desc" or name != "receivedDateTime":
            mails.sort(key=_ORDERS[name], reverse=way.strip() == "desc")
    top = int(query.get("$top", 10))
    if not 1 <= top <= 1000:
        raise bad_request(f"Invalid value '{top}' for $top; it must be between 1 and 1000.", "ErrorInvalidParameter")
    mark = "$skiptoken" if "$search" in query else "$skip"
    skip = int(query.get(mark, 0))
    more = {mark: str(skip + top)} if skip + top < len(mails) else None
    return mails[skip : skip + top], more


def _refuse_combinations(query: Mapping[str, str]) -> None:
    if "$search" in query:
        for other, code in (("$orderby", "SearchWithOrderBy"), ("$filter", "SearchWithFilter"), ("$skip", "SearchWithSkip")):  # noqa: E501  # fmt: skip
            if other in query:
                raise bad_request(f"The query parameter '{other}' is not supported with '$search'.", code)
    if "$filter" in query and "$orderby" in query:
        ordered = [one.split()[0] for one in query["$orderby"].split(",")]
        if Filter(query["$filter"]).fields[: len(ordered)] != ordered:
            text = "The restriction or sort order is too complex for this operation."
            raise bad_request(text, "InefficientFilter")


def delta_page(box: Mailbox, folder: str, query: Mapping[str, str], size: int) -> tuple[list[Change], str, SyncState]:
    """Return the changes of this page, the kind of link that follows, and the state that link stands for."""
    if "$search" in query:
        raise bad_request("The query parameter '$search' is not supported in a change tracking request.")
    state = _state(box, folder, query)
    changes = [
        change
        for change in box.changed(folder, state.number)
        if (state.number and change.gone) or _is_recent(box, change, state.since)
    ]
    if len(changes) > size:
        return changes[:size], "@odata.nextLink", SyncState(folder, changes[size - 1].number, state.since)
    return changes, "@odata.deltaLink", SyncState(folder, box.last_change, state.since)


def _state(box: Mailbox, folder: str, query: Mapping[str, str]) -> SyncState:
    token = query.get("$deltatoken") or query.get("$skiptoken")
    if token is not None:
        if token not in box.sync_states or box.sync_states[token].folder != folder:
            raise Refusal(410, "SyncStateNotFound", "The sync state generation is not found.")
        return box.sync_states[token]
    if "$filter" not in query:
        return SyncState(folder, 0)
    found = re.fullmatch(r"receivedDateTime (?:ge|gt) (\S+)", query["$filter"])
    if found is None:
        raise bad_request("Only receivedDateTime can be filtered by in a change tracking request.")
    return SyncState(folder, 0, datetime.fromisoformat(found[1]))


def _is_recent(box: Mailbox, change: Change, since: datetime | None) -> bool:
    mail = box.mails.get(change.immutable)
    return mail is not None and change.gone is None and (since is None or mail.received >= since)
