"""Where a process may die: one name before and one after every durable write, every send and every effect.

The operations carry `@crash_points(before, after)`. Nothing happens there until a test arms one of the names; then the
process ends itself by SIGKILL at the n-th time it comes by, as a power cut would.
"""

import functools
import inspect
import os
import signal
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

Operation = TypeVar("Operation", bound=Callable[..., Any])


class CrashPoint(StrEnum):
    """Every place where dying must be survived."""

    BEFORE_ACCEPT = "before_accept"
    AFTER_ACCEPT = "after_accept"
    BEFORE_CLAIM = "before_claim"
    AFTER_CLAIM = "after_claim"
    BEFORE_RENEW = "before_renew"
    AFTER_RENEW = "after_renew"
    BEFORE_HAND_BACK = "before_hand_back"
    AFTER_HAND_BACK = "after_hand_back"
    BEFORE_STATUS = "before_status"
    AFTER_STATUS = "after_status"
    BEFORE_PROGRESS = "before_progress"
    AFTER_PROGRESS = "after_progress"
    BEFORE_RECORD = "before_record"
    AFTER_RECORD = "after_record"
    BEFORE_ANSWER = "before_answer"
    AFTER_ANSWER = "after_answer"
    BEFORE_KEEP_PLAN = "before_keep_plan"
    AFTER_KEEP_PLAN = "after_keep_plan"
    BEFORE_REPAIR = "before_repair"
    AFTER_REPAIR = "after_repair"
    BEFORE_TEACH = "before_teach"
    AFTER_TEACH = "after_teach"
    BEFORE_SCHEDULE = "before_schedule"
    AFTER_SCHEDULE = "after_schedule"
    BEFORE_FIRE = "before_fire"
    AFTER_FIRE = "after_fire"
    BEFORE_PRUNE = "before_prune"
    AFTER_PRUNE = "after_prune"
    BEFORE_SPEND = "before_spend"
    AFTER_SPEND = "after_spend"
    BEFORE_BACKUP = "before_backup"
    AFTER_BACKUP = "after_backup"
    BEFORE_RESTORE = "before_restore"
    AFTER_RESTORE = "after_restore"
    BEFORE_STEP = "before_step"
    AFTER_STEP = "after_step"
    BEFORE_MAIL_SEND = "before_mail_send"
    AFTER_MAIL_SEND = "after_mail_send"
    BEFORE_MAIL_FILE = "before_mail_file"
    AFTER_MAIL_FILE = "after_mail_file"
    BEFORE_MAIL_DRAFT = "before_mail_draft"
    AFTER_MAIL_DRAFT = "after_mail_draft"
    BEFORE_MAIL_MOVE = "before_mail_move"
    AFTER_MAIL_MOVE = "after_mail_move"
    BEFORE_MAIL_MARK = "before_mail_mark"
    AFTER_MAIL_MARK = "after_mail_mark"
    BEFORE_CONTACTS = "before_contacts"
    AFTER_CONTACTS = "after_contacts"
    BEFORE_ARTIFACT = "before_artifact"
    AFTER_ARTIFACT = "after_artifact"
    BEFORE_EVIDENCE = "before_evidence"
    AFTER_EVIDENCE = "after_evidence"
    BEFORE_FILE = "before_file"
    AFTER_FILE = "after_file"
    BEFORE_APP_START = "before_app_start"
    AFTER_APP_START = "after_app_start"
    BEFORE_APP_STOP = "before_app_stop"
    AFTER_APP_STOP = "after_app_stop"
    BEFORE_APPOINTMENT = "before_appointment"
    AFTER_APPOINTMENT = "after_appointment"
    BEFORE_AGENT = "before_agent"
    AFTER_AGENT = "after_agent"
    BEFORE_LAM_IN = "before_lam_in"
    AFTER_LAM_IN = "after_lam_in"
    BEFORE_LAM_OUT = "before_lam_out"
    AFTER_LAM_OUT = "after_lam_out"
    BEFORE_AGENT_WRITE = "before_agent_write"
    AFTER_AGENT_WRITE = "after_agent_write"
    BEFORE_AGENT_EFFECT = "before_agent_effect"
    AFTER_AGENT_EFFECT = "after_agent_effect"
    BEFORE_AGENT_POST = "before_agent_post"
    AFTER_AGENT_POST = "after_agent_post"
    BEFORE_A2A_NOTE = "before_a2a_note"
    AFTER_A2A_NOTE = "after_a2a_note"
    BEFORE_SESSION = "before_session"
    AFTER_SESSION = "after_session"


class _Armed:
    """The point at which this process is to die; none as a rule."""

    point: CrashPoint | None = None
    visit: int = 1
    visits: ClassVar[Counter[CrashPoint]] = Counter()


def arm(point: CrashPoint, visit: int = 1) -> None:
    """Make this process kill itself when it reaches `point` for the `visit`-th time (from 1)."""
    _Armed.point, _Armed.visit = point, visit
    _Armed.visits.clear()


def reached(point: CrashPoint) -> None:
    """Die here if a test asked for it."""
    if _Armed.point is None:
        return
    _Armed.visits[point] += 1
    if point is _Armed.point and _Armed.visits[point] == _Armed.visit:
        os.kill(os.getpid(), signal.SIGKILL)


def crash_points(before: CrashPoint, after: CrashPoint) -> Callable[[Operation], Operation]:
    """Mark a function (plain or async) as a durable write, a send or an effect, with the points around it."""

    def mark(operation: Operation) -> Operation:
        if inspect.iscoroutinefunction(operation):

            async def passing(*args: object, **kwargs: object) -> object:
                reached(before)
                result = await operation(*args, **kwargs)
                reached(after)
                return result

            @functools.wraps(operation)
            def guarded(*args: object, **kwargs: object) -> object:
                return operation(*args, **kwargs) if _Armed.point is None else passing(*args, **kwargs)
        else:

            @functools.wraps(operation)
            def guarded(*args: object, **kwargs: object) -> object:
                reached(before)
                result = operation(*args, **kwargs)
                reached(after)
                return result

        guarded.crash_points = (before, after)  # type: ignore[attr-defined]  # read by the test that counts the points
        return guarded  # type: ignore[return-value]  # functools.wraps keeps the signature

    return mark
