"""What can be wrong with a request: with its words, its plan, the job it speaks of, the leave it has."""

import difflib
from collections.abc import Iterable, Mapping
from typing import ClassVar

from scheduler.core.error_kinds import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyViolationError,
    UnavailableError,
)
from scheduler.core.ids import JobId
from scheduler.core.sentences import Sentence, in_english

_LONGEST_CYCLE = 20  # ids that people are shown
_OF_YOURS = Sentence("Ihrer Aufträge", "of your jobs")
_OF_ALL = Sentence("Aufträge", "jobs")


def _listed(german: str, english: str, names: Iterable[str]) -> Sentence:
    """Return a sentence that goes on after another with these names; nothing when there are none."""
    listed = ", ".join(names)
    return Sentence(f" {german}: {listed}.", f" {english}: {listed}.") if listed else Sentence("", "")


class InvalidFieldError(InvalidRequestError):
    code: ClassVar[str] = "invalid_field"

    def __init__(self, field: str, problem: str | Sentence) -> None:
        super().__init__(f"Field {field!r}: {in_english(problem)}", field=field, problem=problem)


class EmptyRequestError(InvalidRequestError):
    code: ClassVar[str] = "empty_request"

    def __init__(self, field: str = "text") -> None:
        super().__init__(f"Field {field!r} is empty", field=field)


class RequestTooLargeError(InvalidRequestError):
    code: ClassVar[str] = "request_too_large"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(f"Field {field!r} is longer than {limit} characters", field=field, limit=str(limit))


class QueueFullError(UnavailableError):
    """There is no room for so many more jobs now: at most `most` may wait, in all or of the tenant."""

    code: ClassVar[str] = "queue_full"

    def __init__(self, most: int, *, wanted: int = 1, of_tenant: bool = False, come_back: int = 1) -> None:
        super().__init__(
            f"No room for {wanted} more jobs: at most {most} may wait{' of a tenant' if of_tenant else ''}",
            limit=str(most),
            wanted=str(wanted),
            whose=_OF_YOURS if of_tenant else _OF_ALL,
            seconds=str(come_back),
        )
        self.come_back = come_back


class TooManyOrdersError(InvalidRequestError):
    """A batch for which there will never be room."""

    code: ClassVar[str] = "too_many_orders"

    def __init__(self, most: int, wanted: int, field: str = "jobs") -> None:
        super().__init__(
            f"{wanted} orders at once, {most} jobs may wait", field=field, limit=str(most), wanted=str(wanted)
        )


class UnansweredFullError(UnavailableError):
    """So many jobs wait for answers of people that no more are accepted now."""

    code: ClassVar[str] = "unanswered_full"
    come_back: int = 60

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} jobs wait for answers; no more are accepted now", limit=str(most))


class UnknownIntentError(InvalidRequestError):
    code: ClassVar[str] = "unknown_intent"

    def __init__(self, request: str, *, nearest: Iterable[str], field: str = "text") -> None:
        self.nearest = tuple(nearest)
        super().__init__(
            f"No intent fits {request[:200]!r}",
            field=field,
            request=request[:200],
            nearest=_listed("Am nächsten kommen", "The nearest I can do", self.nearest),
        )


class MissingSlotError(InvalidRequestError):
    code: ClassVar[str] = "missing_slot"

    def __init__(self, intent: str, slot: str, field: str = "text") -> None:
        super().__init__(f"Intent {intent!r} needs {slot!r}", field=field, intent=intent, slot=slot)
        self.slot = slot


class NoTemplateError(InvalidRequestError):
    code: ClassVar[str] = "no_template"

    def __init__(self, intent: str, field: str = "text") -> None:
        super().__init__(f"Intent {intent!r} has no task template", field=field, intent=intent)


class UnknownSiteError(InvalidRequestError):
    code: ClassVar[str] = "unknown_site"

    def __init__(self, site: str, known: Iterable[str], field: str = "text") -> None:
        self.known = tuple(known)
        super().__init__(
            f"Site {site!r} is not configured",
            field=field,
            site=site,
            known=_listed("Bekannt sind", "Known portals", self.known),
        )


class EmptyPlanError(InvalidRequestError):
    code: ClassVar[str] = "empty_plan"

    def __init__(self, field: str = "task_graph.tasks") -> None:
        super().__init__("A plan needs at least one task", field=field)


class DuplicateTaskError(InvalidRequestError):
    code: ClassVar[str] = "duplicate_task"

    def __init__(self, task_id: str, field: str) -> None:
        super().__init__(f"Task {task_id!r} is in the plan twice", field=field, task=task_id)


class UnknownDependencyError(InvalidRequestError):
    code: ClassVar[str] = "unknown_dependency"

    def __init__(self, task_id: str, dependency: str, field: str) -> None:
        super().__init__(
            f"Task {task_id!r} depends on {dependency!r}, which is not in the plan",
            field=field,
            task=task_id,
            dependency=dependency,
        )


class UnknownReferenceError(InvalidRequestError):
    code: ClassVar[str] = "unknown_reference"

    def __init__(self, task_id: str, reference: str, field: str) -> None:
        super().__init__(
            f"Task {task_id!r} refers to {reference!r}, which no task provides",
            field=field,
            task=task_id,
            reference=reference,
        )


class UnknownActionError(InvalidRequestError):
    code: ClassVar[str] = "unknown_action"

    def __init__(self, action: str, *, field: str, known: Iterable[str]) -> None:
        self.nearest = tuple(difflib.get_close_matches(action, list(known), n=3, cutoff=0.3))
        super().__init__(
            f"Action {action!r} is unknown",
            field=field,
            action=action,
            nearest=_listed("Ähnlich sind", "Similar ones", self.nearest),
        )


class CycleError(InvalidRequestError):
    """`cycle` lists all task ids, each before the one that waits for it, and ends with the first again."""

    code: ClassVar[str] = "cycle"

    def __init__(self, cycle: Iterable[str], field: str = "task_graph.tasks") -> None:
        self.cycle = tuple(cycle)
        shown = self.cycle if len(self.cycle) <= _LONGEST_CYCLE else (*self.cycle[:10], "…", *self.cycle[-3:])
        path = " -> ".join(shown)
        super().__init__(f"Tasks wait for each other: {path}", field=field, cycle=path)


class InvalidMessageError(InvalidRequestError):
    """A LAM message breaks the rules of its type."""

    code: ClassVar[str] = "invalid_message"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"Field {field!r} of the message: {problem}", field=field, problem=problem)
        self.problem = problem


class MessageTooLargeError(InvalidRequestError):
    """Sizes in bytes of UTF-8. What is too large for a payload travels as a `payloadRef`."""

    code: ClassVar[str] = "message_too_large"

    def __init__(self, field: str, *, size: int, limit: int) -> None:
        super().__init__(
            f"Field {field!r} of the message has {size} bytes, {limit} are allowed; send a payloadRef",
            field=field,
            size=str(size),
            limit=str(limit),
        )


class NotUnderstoodError(InvalidRequestError):
    """A LAM message of a type or version from another time; `understood` lists what would have been."""

    code: ClassVar[str] = "not_understood"

    def __init__(self, field: str, found: str, *, understood: Iterable[str]) -> None:
        self.found, self.understood = found[:64], tuple(understood)
        super().__init__(
            f"{field} {self.found!r} is not understood",
            field=field,
            found=self.found,
            understood=", ".join(self.understood),
        )


class JobNotFoundError(NotFoundError):
    code: ClassVar[str] = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job {job_id!r} does not exist", job=job_id)


class DeadLetterNotFoundError(NotFoundError):
    """The job exists, but does not lie with the dead letters: it did not fail, was requeued, or was discarded."""

    code: ClassVar[str] = "dead_letter_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job {job_id!r} is no dead letter", job=job_id)


class ArtifactNotFoundError(NotFoundError):
    code: ClassVar[str] = "artifact_not_found"

    def __init__(self, artifact: str) -> None:
        super().__init__(f"Artifact {artifact!r} does not exist", artifact=artifact)


class ScheduleNotFoundError(NotFoundError):
    code: ClassVar[str] = "schedule_not_found"

    def __init__(self, schedule: str) -> None:
        super().__init__(f"Schedule {schedule!r} does not exist", schedule=schedule[:200])


class ScheduleExistsError(ConflictError):
    """Names of schedules are given once, so that a request that comes twice makes one."""

    code: ClassVar[str] = "schedule_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a schedule {name!r} already", schedule=name, field="name")


class IntentExistsError(ConflictError):
    """Names of intents are given once; one that was taught may be forgotten and taught anew."""

    code: ClassVar[str] = "intent_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is an intent {name!r} already", intent=name, field="name")


class ScheduleChangedError(ConflictError):
    """Somebody else changed the schedule meanwhile; nothing was changed."""

    code: ClassVar[str] = "schedule_changed"

    def __init__(self, schedule: str) -> None:
        super().__init__(f"Schedule {schedule!r} was changed meanwhile", schedule=schedule)


class InvalidTransitionError(ConflictError):
    code: ClassVar[str] = "invalid_transition"

    def __init__(self, subject: str, status: str, wanted: str) -> None:
        super().__init__(
            f"{subject!r} is {status} and cannot become {wanted}", subject=subject, status=status, wanted=wanted
        )


class PlanChangedError(ConflictError):
    """Somebody else corrected the plan of a dead letter meanwhile."""

    code: ClassVar[str] = "plan_changed"

    def __init__(self, job_id: str, version: int) -> None:
        super().__init__(f"The plan of job {job_id!r} is no longer version {version}", job=job_id, version=str(version))


class PlanUnreadableError(ConflictError):
    """What is stored of a job cannot be read by this version of ours."""

    code: ClassVar[str] = "plan_unreadable"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"The plan of job {job_id!r} cannot be read", job=job_id)


class RetriesExhaustedError(ConflictError):
    code: ClassVar[str] = "retries_exhausted"

    def __init__(self, job_id: str, max_retries: int) -> None:
        super().__init__(
            f"Job {job_id!r} was already retried {max_retries} times", job=job_id, max_retries=str(max_retries)
        )


class JobPrunedError(ConflictError):
    """Its removal has begun: a part of its timeline is gone already."""

    code: ClassVar[str] = "job_pruned"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job {job_id!r} is being removed, being older than the retention time", job=job_id)


class IdempotencyConflictError(ConflictError):
    code: ClassVar[str] = "idempotency_conflict"

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency key {key!r} was used for another request", key=key)


class EarlierJobGoneError(ConflictError):
    """The same request was accepted before. Its job is not there any more, and must not come a second time."""

    code: ClassVar[str] = "earlier_job_gone"

    def __init__(self, key: str, job_id: str) -> None:
        super().__init__(f"Job {job_id!r} of idempotency key {key!r} has been removed", key=key, job=job_id)


class UniqueConflictError(ConflictError):
    """A job of the same unique key is there. `taken`: by which jobs the places of several are."""

    code: ClassVar[str] = "unique_conflict"

    def __init__(self, taken: Mapping[JobId, JobId], field: str = "unique") -> None:
        rival = next(iter(taken.values()))
        super().__init__(f"Job {rival!r} has this unique key already", job=rival, field=field)
        self.taken = dict(taken)


class LeaseLostError(ConflictError):
    """Another worker owns the job now; what this one wanted to write was not written."""

    code: ClassVar[str] = "lease_lost"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"The lease of job {job_id!r} has passed to another worker", job=job_id)


class TenantForbiddenError(PolicyViolationError):
    """Jobs of another tenant were asked for, which only an operator may see."""

    code: ClassVar[str] = "tenant_forbidden"

    def __init__(self, tenant: str) -> None:
        super().__init__(f"Tenant {tenant[:64]!r} is not the caller's", tenant=tenant[:64], field="tenant")


class ActionForbiddenError(PolicyViolationError):
    code: ClassVar[str] = "action_forbidden"

    def __init__(self, action: str, *, rule: str, field: str) -> None:
        super().__init__(f"Action {action!r} is forbidden by rule {rule!r}", action=action, rule=rule, field=field)
        self.field = field
