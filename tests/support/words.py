"""The index of words, small enough for tests."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from scheduler.repository import sqlite_words


def shorten_spans(path: Path, monkeypatch: pytest.MonkeyPatch, span: int) -> None:
    """Let a search for words look through so few numbers, of jobs that are not indexed yet."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (view,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'job_texts'").fetchone()
        connection.execute("DROP VIEW job_texts")
        connection.execute(view.replace(str(sqlite_words.SPAN), str(span)))
    monkeypatch.setattr(sqlite_words, "SPAN", span)
