"""Lists of jobs as every store must give them: filtered, newest first, page by page, each tenant's own."""

import asyncio
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import InvalidFieldError
from scheduler.core.ids import DEFAULT_TENANT, JobId, TenantId
from scheduler.core.job import JobFilter, JobStatus
from scheduler.orchestrator.batch_service import MOST_ORDERS
from scheduler.repository import sqlite_listing, sqlite_words
from scheduler.repository.cursors import to_cursor
from scheduler.repository.sqlite_database import SQLiteDatabase
from scheduler.repository.word_index import WordIndex
from tests.support.builders import a_job
from tests.support.clock import NOON
from tests.support.listing import ALL, ended, found, newest_first, saved
from tests.support.store import Store
from tests.support.words import shorten_spans

OTHER = TenantId("other")
MINUTE = timedelta(minutes=1)
FAILED, DONE, PENDING = JobStatus.FAILED, JobStatus.DONE, JobStatus.PENDING


async def test_a_list_shows_a_job_in_short(store: Store) -> None:
    job = await store.failed("timeout", description="Größe 📎", not_before=NOON)

    [summary] = (await store.jobs.find(ALL, DEFAULT_TENANT)).items

    whole = await store.jobs.get(job.id)
    assert whole is not None
    assert summary.model_dump() == whole.model_dump(include=set(type(summary).model_fields))


async def test_pages_follow_each_other_without_gap_or_repetition(store: Store) -> None:
    jobs = [await saved(store, created_at=NOON + MINUTE * (number // 3)) for number in range(8)]

    pages, cursor = list[list[JobId]](), None
    while not pages or cursor:
        page = await store.jobs.find(ALL, DEFAULT_TENANT, limit=3, cursor=cursor)
        pages.append([job.id for job in page.items])
        cursor = page.next_cursor
        assert (page.total, page.total_is_estimate) == (8, False)
        await saved(store, created_at=NOON + 10 * MINUTE, tenant=OTHER)

    assert [len(page) for page in pages] == [3, 3, 2]
    assert [job_id for page in pages for job_id in page] == newest_first(jobs)


async def test_what_comes_meanwhile_does_not_move_the_next_page(store: Store) -> None:
    jobs = [await saved(store) for _ in range(4)]
    first = await store.jobs.find(ALL, DEFAULT_TENANT, limit=2)
    await saved(store)

    second = await store.jobs.find(ALL, DEFAULT_TENANT, limit=2, cursor=first.next_cursor)

    assert [job.id for job in (*first.items, *second.items)] == newest_first(jobs)


async def test_newest_is_what_was_created_last(store: Store) -> None:
    late = await saved(store, created_at=NOON + MINUTE)
    early = await saved(store, created_at=NOON)

    assert await found(store) == [late.id, early.id]


async def test_an_offset_skips_from_the_start(store: Store) -> None:
    jobs = [await saved(store) for _ in range(3)] + [await ended(store, FAILED), await ended(store)]

    for wanted in (ALL, JobFilter(statuses=frozenset({PENDING, FAILED, DONE}))):
        page = await store.jobs.find(wanted, DEFAULT_TENANT, limit=2, offset=3)
        assert [job.id for job in page.items] == [job.id for job in jobs[1::-1]]
        assert (await store.jobs.find(wanted, DEFAULT_TENANT, offset=5)).items == ()


async def test_jobs_are_found_by_one_or_several_statuses(store: Store) -> None:
    done, failed, pending = await ended(store), await ended(store, FAILED), await saved(store)
    running = await store.queue.dequeue()
    assert running is not None
    waiting = await saved(store)

    assert running.id == pending.id
    assert await found(store, JobFilter(statuses=frozenset({DONE}))) == [done.id]
    assert await found(store, JobFilter(statuses=frozenset({FAILED, DONE}))) == [failed.id, done.id]
    assert await found(store, JobFilter(statuses=frozenset({JobStatus.RUNNING, DONE}))) == [running.id, done.id]
    assert await found(store, JobFilter(statuses=frozenset({JobStatus.CANCELLED}))) == []
    everything = newest_first([done, failed, pending, waiting])
    assert await found(store, JobFilter(statuses=frozenset(JobStatus))) == everything
    assert await found(store, JobFilter(statuses=frozenset(JobStatus) - {JobStatus.CANCELLED})) == everything


async def test_jobs_are_found_by_intent_time_and_all_together(store: Store) -> None:
    jobs = [
        await ended(store, status, intent=intent, created_at=NOON + MINUTE * number)
        for number, (status, intent) in enumerate([(DONE, "a"), (FAILED, "a"), (DONE, "b"), (FAILED, "b"), (DONE, "a")])
    ]
    waiting = await saved(store, intent="a", created_at=NOON + 5 * MINUTE)
    ids = [job.id for job in jobs]

    assert await found(store, JobFilter(intent="a")) == [waiting.id, ids[4], ids[1], ids[0]]
    assert await found(store, JobFilter(intent="a", statuses=frozenset({DONE}))) == [ids[4], ids[0]]
    assert await found(store, JobFilter(intent="a", statuses=frozenset({FAILED, PENDING}))) == [waiting.id, ids[1]]
    assert await found(store, JobFilter(intent="b", statuses=frozenset({PENDING}))) == []
    assert await found(store, JobFilter(since=NOON + 3 * MINUTE)) == [waiting.id, ids[4], ids[3]]
    assert await found(store, JobFilter(until=NOON + MINUTE)) == [ids[0]]
    assert await found(store, JobFilter(since=NOON + MINUTE, until=NOON + 3 * MINUTE)) == [ids[2], ids[1]]
    together = JobFilter(statuses=frozenset({FAILED}), intent="b", since=NOON + MINUTE, until=NOON + 4 * MINUTE)
    assert await found(store, together) == [ids[3]]
    assert await found(store, JobFilter(since=NOON, until=NOON)) == []
    assert await found(store, JobFilter(intent="a' OR 1=1 --")) == []


SENTENCE = "Hol die Rechnung 4711 für Jörg Größler und schick sie an anna@example.com"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("rechnung", True),
        ("RECHNUNG", True),
        ("JÖRG größler", True),
        ("4711 rechnung", True),
        ("anna@example.com", True),
        ("example.com", True),
        ("für  Jörg", True),
        ("– Rechnung!", True),
        ('"Rechnung"', True),
        ("rechnung\x004711", True),
        ("jorg", False),
        ("rech", False),
        ("com.example", False),
        ("rechnung 4712", False),
        ("Rechnung OR 4712", False),
        ("NOT rechnung", False),
        ("rechn*", False),
        ("words:rechnung", False),
        (f"\ue000{DEFAULT_TENANT.encode().hex()}x0", False),
        (f"\ue000{OTHER.encode().hex()}x0", False),
    ],
)
async def test_jobs_are_found_by_words(store: Store, text: str, fits: bool) -> None:
    job = await saved(store, description=SENTENCE)
    await saved(store, description="etwas anderes")
    await saved(store, description="")

    ids = await found(store, JobFilter(text=text))

    assert (job.id in ids) == fits
    assert len(ids) <= 2


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("Hauptstraße 5", "HAUPTSTRASSE"),
        ("HAUPTSTRASSE 5", "Hauptstraße"),
        ("HAUPTSTRAẞE 5", "Hauptstrasse 5"),
        ("Wasserstraße 5", "5 WASSERSTRASSE"),
        ("Jörg Größler", unicodedata.normalize("NFD", "Größler Jörg")),
        (unicodedata.normalize("NFD", "Jörg Größler"), "GRÖSSLER"),
        ("Messstellenverstoßausschuss", "messstellenverstoßausschuss"),
        (" ".join(["groß"] * 40), " ".join(["GROSS"] * 33)),
    ],
)
async def test_words_are_found_however_their_letters_are_written(store: Store, description: str, text: str) -> None:
    job = await saved(store, description=description)
    await saved(store, description="Hauptstrae Jorg Wasserstrae")

    assert await found(store, JobFilter(text=text)) == [job.id]


@pytest.mark.parametrize("text", ["", " ", "–", '"', "*", "\x00", "()"])
async def test_a_text_without_a_word_is_refused(store: Store, text: str) -> None:
    with pytest.raises(InvalidFieldError, match="text"):
        await store.jobs.find(JobFilter(text=text), DEFAULT_TENANT)


async def test_words_and_other_filters_go_together(store: Store) -> None:
    jobs = [
        await ended(
            store, FAILED if number % 2 else DONE, description=f"Rechnung {number}", created_at=NOON + MINUTE * number
        )
        for number in range(6)
    ]
    ids = [job.id for job in jobs]

    assert await found(store, JobFilter(text="rechnung", statuses=frozenset({FAILED}))) == [ids[5], ids[3], ids[1]]
    assert await found(store, JobFilter(text="rechnung", since=NOON + 2 * MINUTE, until=NOON + 4 * MINUTE)) == [
        ids[3],
        ids[2],
    ]
    assert await found(store, JobFilter(text="rechnung 3", intent="fetch_invoice")) == [ids[3]]
    assert await found(store, JobFilter(text="rechnung 3", intent="other")) == []
    page = await store.jobs.find(JobFilter(text="rechnung", statuses=frozenset({FAILED})), DEFAULT_TENANT, limit=1)
    assert (page.total, page.total_is_estimate) == (3, False)


async def test_words_are_found_page_by_page_and_from_an_offset(store: Store) -> None:
    jobs = [await saved(store, description="Rechnung") for _ in range(5)]

    page = await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT, limit=2, offset=1)

    assert await found(store, JobFilter(text="rechnung")) == newest_first(jobs)
    assert [job.id for job in page.items] == newest_first(jobs)[1:3]
    assert (page.total, page.total_is_estimate) == (5, False)


async def test_what_a_page_could_not_skip_yet_is_skipped_by_the_next(
    store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_spans(store_path, monkeypatch, 2)
    monkeypatch.setattr(sqlite_words, "WINDOW", 2)
    jobs = [await saved(store, description="Rechnung") for _ in range(20)]

    for wanted in (JobFilter(text="rechnung"), JobFilter(text="rechnung", intent="fetch_invoice")):
        for offset in (0, 3, 9, 25):
            page = await store.jobs.find(wanted, DEFAULT_TENANT, limit=3, offset=offset)
            shown = [job.id for job in page.items]
            while page.next_cursor is not None:
                page = await store.jobs.find(wanted, DEFAULT_TENANT, limit=3, cursor=page.next_cursor)
                shown += [job.id for job in page.items]
            assert shown == newest_first(jobs)[offset:]


@pytest.mark.parametrize("place", [(5, -(2**62)), (5, 2**63 - 1), (-(2**63 - 1), 0), (2**63 - 1, 0)])
async def test_a_cursor_that_somebody_made_up_leads_nowhere(store: Store, place: tuple[int, int]) -> None:
    jobs = [await saved(store, description="Rechnung") for _ in range(3)]

    page = await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT, limit=2, cursor=to_cursor("words", *place))

    assert len(page.items) <= 2
    assert {job.id for job in page.items} <= {job.id for job in jobs}
    assert page.total == 3


@pytest.mark.parametrize("wanted", [JobFilter(text="rechnung"), JobFilter(text="rechnung", intent="fetch_invoice")])
async def test_a_search_that_may_not_look_far_goes_on_by_its_cursor(
    store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: JobFilter
) -> None:
    shorten_spans(store_path, monkeypatch, 1)
    monkeypatch.setattr(sqlite_words, "WINDOW", 2)
    jobs = [await saved(store, description="Rechnung" if number % 4 else "anderes") for number in range(13)]

    page = await store.jobs.find(wanted, DEFAULT_TENANT)

    assert page.next_cursor is not None
    assert page.total_is_estimate
    assert await found(store, wanted) == [job.id for job in reversed(jobs) if job.description == "Rechnung"]


async def test_words_in_a_time_are_found_at_once_however_many_newer_jobs_have_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_words, "WINDOW", 2)
    jobs = [await saved(store, description="Rechnung", created_at=NOON + MINUTE * number) for number in range(9)]
    wanted = JobFilter(text="rechnung", since=NOON + 2 * MINUTE, until=NOON + 4 * MINUTE)

    page = await store.jobs.find(wanted, DEFAULT_TENANT)

    assert [job.id for job in page.items] == newest_first(jobs[2:4])
    assert (page.total, page.total_is_estimate, page.next_cursor) == (2, False, None)


async def test_words_in_a_time_are_found_though_a_batch_got_its_numbers_late(
    store: Store, database: SQLiteDatabase
) -> None:
    """A batch bears one time, and its numbers are given when all of it is planned."""
    asked, begun, later = NOON, NOON + MINUTE, NOON + 2 * MINUTE
    single = [await saved(store, description="einzeln", created_at=later) for _ in range(30)]
    await store.jobs.save_many([a_job(description="Stapel", created_at=begun) for _ in range(MOST_ORDERS)])
    late = [await saved(store, description="einzeln", created_at=asked) for _ in range(30)]
    while await WordIndex(database).catch_up():
        pass

    after = await store.jobs.find(JobFilter(text="einzeln", since=begun), DEFAULT_TENANT)
    before = await store.jobs.find(JobFilter(text="einzeln", until=later), DEFAULT_TENANT)

    assert ([job.id for job in after.items], after.total) == (newest_first(single), 30)
    assert ([job.id for job in before.items], before.total) == (newest_first(late), 30)


async def test_words_are_found_though_clocks_ran_behind(store: Store) -> None:
    minutes = (0, 3, 1, 4, 2, 6, 5)
    jobs = [await saved(store, description="Rechnung", created_at=NOON + MINUTE * minute) for minute in minutes]
    wanted = JobFilter(text="rechnung", since=NOON + 2 * MINUTE, until=NOON + 5 * MINUTE)

    assert await found(store, wanted) == newest_first([jobs[1], jobs[3], jobs[4]])


@pytest.mark.parametrize("years", [10, -10])
async def test_words_are_found_though_a_clock_was_years_wrong(
    store: Store, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    """Beside more jobs than may be on their way at once."""
    monkeypatch.setattr(sqlite_words, "_ON_THE_WAY", 3)
    right = [NOON + MINUTE * minute for minute in range(8)]
    wrong = [NOON + timedelta(days=365 * years)] * 2
    moments = wrong + right if years > 0 else right + wrong
    jobs = [await saved(store, description="Rechnung", created_at=moment) for moment in moments]
    bound = {"since": NOON} if years > 0 else {"until": NOON + 60 * MINUTE}

    page = await store.jobs.find(JobFilter(text="rechnung").model_copy(update=bound), DEFAULT_TENANT)

    assert [job.id for job in page.items] == newest_first(jobs)
    assert (page.total, page.total_is_estimate) == (len(jobs), False)


async def test_jobs_of_other_tenants_are_never_found(store: Store) -> None:
    mine = await ended(store, description=f"Rechnung \ue000{OTHER.encode().hex()}x0")
    theirs = await ended(store, description=f"Rechnung \ue000{DEFAULT_TENANT.encode().hex()}x0", tenant=OTHER)

    for wanted in (
        ALL,
        JobFilter(statuses=frozenset({DONE})),
        JobFilter(intent="fetch_invoice"),
        JobFilter(intent="fetch_invoice", statuses=frozenset({DONE, FAILED})),
        JobFilter(since=NOON),
        JobFilter(text="rechnung"),
        JobFilter(text="rechnung", statuses=frozenset({DONE})),
    ):
        assert await found(store, wanted) == [mine.id]
        assert await found(store, wanted, OTHER) == [theirs.id]
        assert (await store.jobs.find(wanted, DEFAULT_TENANT)).total == 1
        assert await found(store, wanted, TenantId("nobody")) == []


@pytest.mark.parametrize("text", [None, "rechnung"])
async def test_a_cursor_of_another_list_is_refused(store: Store, text: str | None) -> None:
    foreign = [
        to_cursor("words" if text is None else "jobs", 1),
        to_cursor("jobs", 1),
        to_cursor("letters", 1, "x"),
        "x",
    ]
    for cursor in foreign:
        with pytest.raises(InvalidFieldError, match="cursor"):
            await store.jobs.find(JobFilter(text=text), DEFAULT_TENANT, cursor=cursor)
    own = to_cursor("jobs", 1, 1) if text is None else to_cursor("words", 1, 0)
    with pytest.raises(InvalidFieldError, match="offset"):
        await store.jobs.find(JobFilter(text=text), DEFAULT_TENANT, offset=1, cursor=own)


async def test_a_total_beyond_what_is_counted_is_an_estimate_near_the_truth(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_listing, "MOST_COUNTED", 10)
    monkeypatch.setattr(sqlite_words, "MOST_COUNTED", 10)
    monkeypatch.setattr(sqlite_words, "SAMPLE", 4)
    await store.jobs.save_many([a_job(description="Rechnung", intent="a" if n % 2 else "b") for n in range(60)])

    for wanted, truth in ((ALL, 60), (JobFilter(intent="a"), 30), (JobFilter(text="rechnung"), 60)):
        for offset in (0, 20):
            page = await store.jobs.find(wanted, DEFAULT_TENANT, limit=5, offset=offset)
            assert page.total_is_estimate
            assert abs(page.total - truth) <= 3
    listed = await store.jobs.list()
    assert (listed.total, listed.total_is_estimate) == (10, True)


@pytest.mark.parametrize(("limit", "offset"), [(1, 0), (10, 0), (5, 30)])
async def test_a_total_of_words_is_an_estimate_only_where_not_all_is_looked_through(
    store: Store, store_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, offset: int
) -> None:
    shorten_spans(store_path, monkeypatch, 50)
    monkeypatch.setattr(sqlite_words, "SAMPLE", 10)
    words = [("Rechnung" if n % 3 == 0 else "anderes") if n < 120 else "neuestes" for n in range(149)]

    await store.jobs.save_many([a_job(description=word) for word in words])
    whole = await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT, limit=limit, offset=offset)
    await store.jobs.save_many([a_job(description="neuestes")])
    part = await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT, limit=limit, offset=offset)
    rest = await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT, limit=limit, cursor=part.next_cursor)

    assert (whole.total, whole.total_is_estimate) == (40, False)
    for page in (part, rest):
        assert page.total_is_estimate
        assert abs(page.total - 40) < 8


async def test_lists_stand_beside_writes(store: Store) -> None:
    async def write() -> None:
        for _ in range(20):
            await saved(store, description="Rechnung")

    async def read() -> list[int]:
        return [(await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT)).total for _ in range(20)]

    _, totals = await asyncio.gather(write(), read())

    assert totals == sorted(totals)
    assert (await store.jobs.find(JobFilter(text="rechnung"), DEFAULT_TENANT)).total == 20
