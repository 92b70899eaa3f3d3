"""The statements by which a worker gives up a job that waits for an answer or for a time."""

import sqlite3

from scheduler.core.errors import InvalidTransitionError, LeaseLostError
from scheduler.core.ids import JobId
from scheduler.core.questions import OpenQuestions
from scheduler.repository.repository_interface import RunProgress
from scheduler.repository.storable import maybe_micros, to_json, to_micros, well_formed

_PARK = """
UPDATE jobs SET status = CASE status WHEN 'running' THEN ? ELSE status END, lease_token = NULL,
lease_until = CASE status WHEN 'running' THEN NULL ELSE 0 END, not_before = ?, delayed = ?, error = NULL,
error_code = NULL WHERE id = ? AND lease_token = ? AND status IN ('running', 'cancelling')
"""
_ASK = """
INSERT OR REPLACE INTO questions (job_id, tenant, round, questions, answers, expires_at)
SELECT id, tenant, ?, ?, ?, ? FROM jobs WHERE id = ? AND status = 'waiting'
"""


def park(connection: sqlite3.Connection, progress: RunProgress) -> None:
    """Give up the lease of a job that waits; of one that is to be cancelled, for the next worker.

    Raises LeaseLostError unless the lease is still the job's, and InvalidTransitionError.
    """
    status, until, asked = progress.status, progress.not_before, progress.questions
    row = (status, maybe_micros(until) or 0, until is not None, progress.job_id, progress.lease_token)
    if connection.execute(_PARK, row).rowcount == 0:
        statement = "SELECT status FROM jobs WHERE id = ? AND lease_token = ?"
        before = connection.execute(statement, (progress.job_id, progress.lease_token)).fetchone()
        if before is None:
            raise LeaseLostError(progress.job_id)
        raise InvalidTransitionError(progress.job_id, before["status"], status or "parked")
    if asked is not None:
        ask(connection, progress.job_id, asked)


def ask(connection: sqlite3.Connection, job_id: JobId, asked: OpenQuestions) -> None:
    """Put what a job that waits asks in the place of what it has asked before."""
    questions = to_json([question.model_dump(mode="json") for question in asked.questions])
    answers, expires_at = well_formed(to_json(asked.answers)), to_micros(asked.expires_at)
    connection.execute(_ASK, (asked.round, well_formed(questions), answers, expires_at, job_id))
