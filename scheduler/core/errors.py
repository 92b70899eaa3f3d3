"""What can go wrong, as a tree. Each leaf has a `code`; `core/sentences.py` says it to people in German and English.

CPAError
├── InvalidRequestError          the caller must change the request; names the field
│   └── InvalidFieldError, EmptyRequestError, RequestTooLargeError, UnknownIntentError, MissingSlotError,
│       NoTemplateError, UnknownSiteError, EmptyPlanError, DuplicateTaskError, UnknownDependencyError,
│       UnknownReferenceError, UnknownActionError, CycleError, InvalidMessageError, MessageTooLargeError,
│       NotUnderstoodError
├── NotFoundError                JobNotFoundError, ArtifactNotFoundError
├── ConflictError                InvalidTransitionError, RetriesExhaustedError, IdempotencyConflictError, LeaseLostError
├── PolicyViolationError         ActionForbiddenError
├── TaskFailedError              a step did not succeed; says whether it may be tried again and what it did to the world
│   └── ElementNotFoundError, AmbiguousTargetError, PageRefusedError, DownloadFailedError,
│       VerificationFailedError, RecipientRefusedError, MailRefusedError, MailLoginError,
│       FileMissingError, PathForbiddenError, InvalidInputError, SecretMissingError, StepTimeoutError
├── OutcomeUnknownError          it may or may not have happened: verify before trying again
└── UnavailableError             SiteUnreachableError, MailServerUnreachableError, MailDeferredError,
                                 BrowserUnavailableError, StoreBusyError, StoreFullError
"""

import difflib
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar


class Effect(StrEnum):
    """What a failed step did to the world outside."""

    NONE = "none"
    DONE = "done"
    UNKNOWN = "unknown"


class CPAError(Exception):
    """Root of all errors of ours. `facts` fills the sentence that people read."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    effect: Effect = Effect.NONE

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.facts = facts


class InvalidRequestError(CPAError):
    """The request cannot be carried out as it stands; `field` is the path to what is wrong."""

    code: ClassVar[str] = "invalid_request"

    def __init__(self, message: str, *, field: str, **facts: str) -> None:
        super().__init__(message, field=field, **facts)
        self.field = field


class InvalidFieldError(InvalidRequestError):
    code: ClassVar[str] = "invalid_field"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"Field {field!r}: {problem}", field=field, problem=problem)


class EmptyRequestError(InvalidRequestError):
    code: ClassVar[str] = "empty_request"

    def __init__(self, field: str = "text") -> None:
        super().__init__(f"Field {field!r} is empty", field=field)


class RequestTooLargeError(InvalidRequestError):
    code: ClassVar[str] = "request_too_large"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(f"Field {field!r} is longer than {limit} characters", field=field, limit=str(limit))


class UnknownIntentError(InvalidRequestError):
    code: ClassVar[str] = "unknown_intent"

    def __init__(self, request: str, *, nearest: Iterable[str], field: str = "text") -> None:
        self.nearest = tuple(nearest)
        super().__init__(
            f"No intent fits {request!r}", field=field, request=request[:200], nearest=", ".join(self.nearest) or "-"
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
        super().__init__(f"Site {site!r} is not configured", field=field, site=site, known=", ".join(known) or "-")


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
            f"Action {action!r} is unknown", field=field, action=action, nearest=", ".join(self.nearest) or "-"
        )


class CycleError(InvalidRequestError):
    """`cycle` lists the task ids in order and ends with the first again."""

    code: ClassVar[str] = "cycle"

    def __init__(self, cycle: Iterable[str], field: str = "task_graph.tasks") -> None:
        self.cycle = tuple(cycle)
        path = " -> ".join(self.cycle)
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


class NotFoundError(CPAError):
    code: ClassVar[str] = "not_found"


class JobNotFoundError(NotFoundError):
    code: ClassVar[str] = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job {job_id!r} does not exist", job=job_id)


class ArtifactNotFoundError(NotFoundError):
    code: ClassVar[str] = "artifact_not_found"

    def __init__(self, artifact: str) -> None:
        super().__init__(f"Artifact {artifact!r} does not exist", artifact=artifact)


class ConflictError(CPAError):
    code: ClassVar[str] = "conflict"


class InvalidTransitionError(ConflictError):
    code: ClassVar[str] = "invalid_transition"

    def __init__(self, subject: str, status: str, wanted: str) -> None:
        super().__init__(
            f"{subject!r} is {status} and cannot become {wanted}", subject=subject, status=status, wanted=wanted
        )


class RetriesExhaustedError(ConflictError):
    code: ClassVar[str] = "retries_exhausted"

    def __init__(self, job_id: str, max_retries: int) -> None:
        super().__init__(
            f"Job {job_id!r} was already retried {max_retries} times", job=job_id, max_retries=str(max_retries)
        )


class IdempotencyConflictError(ConflictError):
    code: ClassVar[str] = "idempotency_conflict"

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency key {key!r} was used for another request", key=key)


class LeaseLostError(ConflictError):
    """Another worker owns the job now; what this one wanted to write was not written."""

    code: ClassVar[str] = "lease_lost"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"The lease of job {job_id!r} has passed to another worker", job=job_id)


class PolicyViolationError(CPAError):
    code: ClassVar[str] = "policy_violation"


class ActionForbiddenError(PolicyViolationError):
    code: ClassVar[str] = "action_forbidden"

    def __init__(self, action: str, *, rule: str, field: str) -> None:
        super().__init__(f"Action {action!r} is forbidden by rule {rule!r}", action=action, rule=rule, field=field)
        self.field = field


class TaskFailedError(CPAError):
    """A step did not succeed. An executor raises it; `execute` turns it into the result that the orchestrator reads."""

    code: ClassVar[str] = "task_failed"


class ElementNotFoundError(TaskFailedError):
    code: ClassVar[str] = "element_not_found"

    def __init__(self, target: str, page: str) -> None:
        super().__init__(f"No element fits {target} on {page}", target=target, page=page)


class AmbiguousTargetError(TaskFailedError):
    """More than one element fits the same locator; which one is meant is not guessed."""

    code: ClassVar[str] = "ambiguous_target"

    def __init__(self, target: str, page: str, candidates: Iterable[str]) -> None:
        self.candidates = tuple(candidates)
        found = "; ".join(self.candidates) or "-"
        super().__init__(
            f"More than one element fits {target} on {page}: {found}", target=target, page=page, candidates=found
        )


class PageRefusedError(TaskFailedError):
    """The site answers, but not with the page: HTTP 4xx."""

    code: ClassVar[str] = "page_refused"

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} answers with HTTP {status}", url=url, status=str(status))
        self.status = status


class DownloadFailedError(TaskFailedError):
    code: ClassVar[str] = "download_failed"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"The file {name!r} cannot be used: {problem}", name=name, problem=problem)


class VerificationFailedError(TaskFailedError):
    code: ClassVar[str] = "verification_failed"

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected}, found {found}", expected=expected, found=found)


class RecipientRefusedError(TaskFailedError):
    code: ClassVar[str] = "recipient_refused"

    def __init__(self, recipient: str, reply: str) -> None:
        super().__init__(f"The mail server refuses {recipient!r}: {reply}", recipient=recipient, reply=reply)


class MailRefusedError(TaskFailedError):
    code: ClassVar[str] = "mail_refused"

    def __init__(self, reply: str) -> None:
        super().__init__(f"The mail server refuses the mail: {reply}", reply=reply)


class MailLoginError(TaskFailedError):
    code: ClassVar[str] = "mail_login_failed"

    def __init__(self, server: str, user: str) -> None:
        super().__init__(f"Mail server {server!r} does not accept the login of {user!r}", server=server, user=user)


class FileMissingError(TaskFailedError):
    code: ClassVar[str] = "file_missing"

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no file {path!r}", path=path)


class PathForbiddenError(TaskFailedError):
    code: ClassVar[str] = "path_forbidden"

    def __init__(self, path: str) -> None:
        super().__init__(f"Path {path!r} lies outside the allowed folder", path=path)


class InvalidInputError(TaskFailedError):
    """The resolved values of a step are wrong, for example a reference that gave a number where text is needed."""

    code: ClassVar[str] = "invalid_input"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"Field {field!r}: {problem}", field=field, problem=problem)


class SecretMissingError(TaskFailedError):
    code: ClassVar[str] = "secret_missing"

    def __init__(self, name: str) -> None:
        super().__init__(f"Secret {name!r} is not set", secret=name)


class StepTimeoutError(TaskFailedError):
    code: ClassVar[str] = "timeout"
    retryable: ClassVar[bool] = True

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(f"{what} took longer than {limit}", what=what, limit=limit)


class OutcomeUnknownError(CPAError):
    """The step may or may not have taken effect."""

    code: ClassVar[str] = "outcome_unknown"
    effect = Effect.UNKNOWN

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"It is not known whether {what} happened: {why}", what=what, why=why)


class UnavailableError(CPAError):
    """Something outside does not answer now; later it may."""

    code: ClassVar[str] = "unavailable"
    retryable: ClassVar[bool] = True


class SiteUnreachableError(UnavailableError):
    code: ClassVar[str] = "site_unreachable"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url} does not answer: {why}", url=url, why=why)


class MailServerUnreachableError(UnavailableError):
    code: ClassVar[str] = "mail_server_unreachable"

    def __init__(self, server: str, why: str) -> None:
        super().__init__(f"Mail server {server!r} does not answer: {why}", server=server, why=why)


class MailDeferredError(UnavailableError):
    """The server answered with a temporary refusal (4xx); the mail was not accepted."""

    code: ClassVar[str] = "mail_deferred"

    def __init__(self, reply: str) -> None:
        super().__init__(f"The mail server does not take the mail now: {reply}", reply=reply)


class BrowserUnavailableError(UnavailableError):
    code: ClassVar[str] = "browser_unavailable"

    def __init__(self, why: str) -> None:
        super().__init__(f"The browser cannot be used: {why}", why=why)


class StoreBusyError(UnavailableError):
    code: ClassVar[str] = "store_busy"

    def __init__(self, store: str) -> None:
        super().__init__(f"The store {store} is held by another process", store=store)


class StoreFullError(UnavailableError):
    code: ClassVar[str] = "store_full"

    def __init__(self, store: str) -> None:
        super().__init__(f"The disk of the store {store} is full", store=store)
