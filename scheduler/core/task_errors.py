"""What can go wrong while a job is carried out: in a step, or with something outside that does not answer."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from scheduler.core.error_kinds import CPAError, Effect, TaskFailedError, UnavailableError
from scheduler.core.questions import AskingError, Question
from scheduler.core.sentences import Sentence, in_english

NO_PICTURE = "-"
"""Stands in the facts of an error until it is known where its picture lies."""


class ElementNotFoundError(TaskFailedError):
    """`instead` are the elements of the page most like the one that is missing."""

    code: ClassVar[str] = "element_not_found"

    def __init__(self, target: str, page: str, instead: Iterable[str] = ()) -> None:
        found = "; ".join(instead) or "-"
        super().__init__(
            f"No element fits {target} on {page}; most like it are: {found}",
            target=target,
            page=page,
            candidates=found,
            picture=NO_PICTURE,
        )


class UnverifiedHealingError(TaskFailedError):
    """The element has moved; another one fits, but nothing would show whether it is the right one."""

    code: ClassVar[str] = "healing_unverified"

    def __init__(self, sought: str, fitted: str, page: str) -> None:
        super().__init__(
            f"{sought} is gone from {page}; {fitted} would fit, but the step has no postcondition that could prove it",
            sought=sought,
            fitted=fitted,
            page=page,
            picture=NO_PICTURE,
        )


class AmbiguousTargetError(TaskFailedError):
    """More than one element fits the same locator; which one is meant is not guessed."""

    code: ClassVar[str] = "ambiguous_target"

    def __init__(self, target: str, page: str, candidates: Iterable[str]) -> None:
        self.candidates = tuple(candidates)
        found = "; ".join(self.candidates) or "-"
        super().__init__(
            f"More than one element fits {target} on {page}: {found}", target=target, page=page, candidates=found
        )


class TabNotFoundError(TaskFailedError):
    code: ClassVar[str] = "tab_not_found"

    def __init__(self, sought: str, tabs: Iterable[str]) -> None:
        found = "; ".join(tabs) or "-"
        super().__init__(f"There is no tab {sought!r}; open are: {found}", sought=sought, candidates=found)


class PageRefusedError(TaskFailedError):
    """The site answers, but not with the page: HTTP 4xx."""

    code: ClassVar[str] = "page_refused"

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} answers with HTTP {status}", url=url, status=str(status))
        self.status = status


class DownloadFailedError(TaskFailedError):
    code: ClassVar[str] = "download_failed"

    def __init__(self, name: str, problem: str | Sentence) -> None:
        super().__init__(f"The file {name!r} cannot be used: {in_english(problem)}", name=name, problem=problem)


class VerificationFailedError(TaskFailedError):
    code: ClassVar[str] = "verification_failed"

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected}, found {found}", expected=expected, found=found)


class RecipientRefusedError(TaskFailedError):
    code: ClassVar[str] = "recipient_refused"

    def __init__(self, recipient: str, reply: str) -> None:
        super().__init__(f"The mail server refuses {recipient!r}: {reply}", recipient=recipient, reply=reply)


class MailboxMissingError(RecipientRefusedError):
    """Between maildirs: the recipient has no folder."""

    code: ClassVar[str] = "mailbox_missing"

    def __init__(self, recipient: str, folder: str) -> None:
        super().__init__(recipient, f"there is no folder {folder}")
        self.facts["folder"] = folder


class MailRefusedError(TaskFailedError):
    code: ClassVar[str] = "mail_refused"

    def __init__(self, reply: str) -> None:
        super().__init__(f"The mail server refuses the mail: {reply}", reply=reply)


class MailLoginError(TaskFailedError):
    code: ClassVar[str] = "mail_login_failed"

    def __init__(self, server: str, user: str) -> None:
        super().__init__(f"Mail server {server!r} does not accept the login of {user!r}", server=server, user=user)


class MailAccessError(TaskFailedError):
    """Microsoft 365 does not let us into the mailbox; `problem` says why and what to do, `reply` what it answered."""

    code: ClassVar[str] = "mail_access_refused"

    def __init__(self, mailbox: str, problem: str | Sentence, reply: str) -> None:
        super().__init__(
            f"Microsoft 365 refuses access to {mailbox!r}: {in_english(problem)} [{reply}]",
            mailbox=mailbox,
            problem=problem,
            reply=reply,
        )


class MailNotSetUpError(TaskFailedError):
    code: ClassVar[str] = "mail_not_set_up"

    def __init__(self, missing: Iterable[str]) -> None:
        variables = ", ".join(missing)
        super().__init__(f"Mail is not set up: {variables}", missing=variables)


class MailNotFoundError(TaskFailedError):
    code: ClassVar[str] = "mail_not_found"

    def __init__(self, mail_id: str) -> None:
        super().__init__(f"There is no mail {mail_id[:300]!r} in the mailbox", mail=mail_id[:300])


class MailNotReceivedError(TaskFailedError):
    code: ClassVar[str] = "mail_not_received"

    def __init__(self, wanted: str, limit: str) -> None:
        super().__init__(f"No mail has come within {limit} that fits {wanted}", wanted=wanted, limit=limit)


class AttachmentMissingError(TaskFailedError):
    code: ClassVar[str] = "attachment_missing"

    def __init__(self, pattern: str, names: Iterable[str]) -> None:
        there = ", ".join(names) or "-"
        super().__init__(f"The mail has no attachment that fits {pattern!r}, but {there}", pattern=pattern, there=there)


class FileMissingError(TaskFailedError):
    code: ClassVar[str] = "file_missing"

    def __init__(self, path: str) -> None:
        super().__init__(f"There is no file {path!r}", path=path)


class SeveralFitError(AskingError):
    """A step wants one thing, and several fit; `questions` ask a person which is meant."""

    code: ClassVar[str] = "several_fit"

    def __init__(self, what: str, found: Iterable[str], questions: Sequence[Question]) -> None:
        listed = "; ".join(found)
        super().__init__(f"Several fit {what!r}: {listed}", questions, what=what, found=listed)


class PathForbiddenError(TaskFailedError):
    code: ClassVar[str] = "path_forbidden"

    def __init__(self, path: str) -> None:
        super().__init__(f"Path {path!r} lies outside the allowed folder", path=path)


class AddressForbiddenError(TaskFailedError):
    """The browser was to go, or to bring a secret, where it may not."""

    code: ClassVar[str] = "address_forbidden"

    def __init__(self, host: str, why: str | Sentence) -> None:
        super().__init__(f"The browser may not go to {host}: {in_english(why)}", host=host, why=why)


class TooMuchDataError(TaskFailedError):
    code: ClassVar[str] = "too_much_data"

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(f"{what} is larger than {limit}", what=what, limit=limit)


class StepBudgetError(TaskFailedError):
    """A job did more in the browser than it may: it runs in circles, or its plan is too long."""

    code: ClassVar[str] = "step_budget"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"{what} has used up its {limit} steps in the browser", what=what, limit=str(limit))


class InvalidInputError(TaskFailedError):
    """The resolved values of a step are wrong, for example a reference that gave a number where text is needed."""

    code: ClassVar[str] = "invalid_input"

    def __init__(self, field: str, problem: str | Sentence) -> None:
        super().__init__(f"Field {field!r}: {in_english(problem)}", field=field, problem=problem)


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
