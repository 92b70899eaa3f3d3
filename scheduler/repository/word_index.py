"""Keeps the index of words up with the jobs, apart from the transactions that accept them."""

import asyncio
from typing import Final

import structlog

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import UnavailableError
from scheduler.repository import sqlite_words
from scheduler.repository.news import News
from scheduler.repository.sqlite_database import SQLiteDatabase

PART: Final = 500
"""Jobs whose words are written at once, so that nobody waits long for the store."""

_PAUSE = 1.0  # seconds between two looks, also when jobs come all the time
_REST = 3.0  # times as long as a part took, before the next: most of the writer's time is for jobs
_LOOK_AGAIN = 60.0  # seconds; every change wakes it

log = structlog.get_logger(__name__)


class WordIndex:
    """Several processes may keep the same index: whoever comes second finds nothing to do."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database

    async def run(self) -> None:
        """Follow the jobs until cancelled."""
        while True:
            seen = self._database.changes
            try:
                await self._follow()
            except UnavailableError as error:
                log.warning("words_not_indexed_yet", error=str(error))
            await asyncio.sleep(_PAUSE)
            await self._database.wait(seen, _LOOK_AGAIN)

    async def _follow(self) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        while await self.catch_up():
            await asyncio.sleep(_REST * (clock() - started))
            started = clock()

    async def catch_up(self) -> bool:
        """Write the words of the next jobs, if there are any without; return whether there may be more."""
        behind = await self._database.read(sqlite_words.is_behind)
        if behind:
            await self._write()
        return behind

    @crash_points(CrashPoint.BEFORE_RECORD, CrashPoint.AFTER_RECORD)
    async def _write(self) -> None:
        await self._database.write(lambda connection: sqlite_words.catch_up(connection, PART), news=News.FOR_LATER)
