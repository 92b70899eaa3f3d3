"""Finds mails through Graph. What words can be found by is in Exchange's index, which is some time behind.

So mails are looked for in the index and, by our own comparison, among the newest of the folder.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from scheduler.executors.graph_client import IMMUTABLE, GraphSession
from scheduler.executors.graph_forms import SHOWN, WITH_FILES, received
from scheduler.executors.mail_filter import fits, moment_of
from scheduler.executors.mail_transport import MailQuery, ReceivedMail

AS_TEXT = f'{IMMUTABLE}, outlook.body-content-type="text"'
_NEWEST = 25
"""Mails that are compared by ourselves, because the index may not know them yet."""
_MOST_HITS = 300
"""Of the index, looked through for those that fit in all else."""
_PLAIN = re.compile(r"\w+")


async def find_mails(
    graph: GraphSession, query: MailQuery, folder_id: str, names: Mapping[str, str]
) -> tuple[ReceivedMail, ...]:
    """Return mails of a folder, the one that came last first; `names` are the folders' names by id."""
    path = f"mailFolders/{folder_id}/messages"
    index = _index_query(query)
    if index is None:
        return await _take(graph, path, query, names, most=query.limit, wanted=query, **_filter_query(query))
    newest = await _take(graph, path, query, names, most=_NEWEST, wanted=query, **_filter_query(MailQuery()))
    hits = await _take(
        graph, path, query, names, most=_MOST_HITS, wanted=_besides_the_index(query), **{"$search": index}
    )
    found = {mail.id: mail for mail in (*newest, *hits)}
    ordered = sorted(found.values(), key=lambda mail: mail.received.timestamp() if mail.received else 0, reverse=True)
    return tuple(ordered[: query.limit])


async def _take(
    graph: GraphSession,
    path: str,
    query: MailQuery,
    names: Mapping[str, str],
    *,
    most: int,
    wanted: MailQuery,
    **how: str,
) -> tuple[ReceivedMail, ...]:
    """Look through at most `most` mails and return those that fit `wanted`, no more than the query's limit."""
    found: list[ReceivedMail] = []
    seen = 0
    size = str(min(most, 50))
    pages = graph.pages(path, prefer=AS_TEXT, **{"$select": SHOWN, "$expand": WITH_FILES, "$top": size, **how})
    async for item in pages:
        mail = received(item, names.get(item["parentFolderId"], ""))
        found += [mail] if fits(mail, wanted) else []
        seen += 1
        if seen >= most or len(found) >= query.limit:
            break
    return tuple(found)


def _filter_query(query: MailQuery) -> dict[str, str]:
    """Return `$filter` and `$orderby`: Exchange wants what it orders by to be the first that it filters by."""
    since, before = moment_of(query.since), moment_of(query.before)
    start = "1970-01-01T00:00:00Z" if since is None else _moment(since)
    wanted = [f"receivedDateTime ge {start}"]
    if before is not None:
        wanted.append(f"receivedDateTime lt {_moment(before)}")
    if query.unseen:
        wanted.append("isRead eq false")
    if query.flagged:
        wanted.append("flag/flagStatus eq 'flagged'")
    if query.with_attachment is not None:
        wanted.append(f"hasAttachments eq {'true' if query.with_attachment else 'false'}")
    return {"$filter": " and ".join(wanted), "$orderby": "receivedDateTime desc"}


def _index_query(query: MailQuery) -> str | None:
    """Return `$search` (KQL), which goes with neither `$filter` nor `$orderby`; None when no words are looked for."""
    words = (query.words or "").split()
    terms = [_term("", word) for word in words]
    named = (("from", query.sender), ("recipients", query.recipient), ("subject", query.subject))
    terms += [_term(f"{name}:", text) for name, text in named if text]
    terms = [term for term in terms if term]
    if not terms:
        return None
    since = moment_of(query.since)
    if since is not None:  # whole days, in a time zone that is not said: one day more, the rest is ours to compare
        terms.append(f"received>={(since.astimezone(UTC) - timedelta(days=1)).date().isoformat()}")
    return '"' + " AND ".join(terms).replace('"', '\\"') + '"'


def _term(name: str, text: str) -> str:
    """Return a phrase whose last word may go on; what is no letter or digit separates words in the index."""
    words = _PLAIN.findall(text)
    return f'{name}"{" ".join(words)}*"' if words else ""


def _besides_the_index(query: MailQuery) -> MailQuery:
    """Return what a hit must fit besides: the index has judged plain words, which may stand inside a file."""
    rest = " ".join(word for word in (query.words or "").split() if not _PLAIN.fullmatch(word))
    return query.model_copy(update={"words": rest or None})


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
