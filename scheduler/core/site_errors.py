"""What can go wrong with a site that has a profile."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from scheduler.core.error_kinds import ConflictError, InvalidRequestError, TaskFailedError
from scheduler.core.questions import AskingError, Question
from scheduler.core.sentences import Sentence, in_english


class SiteFileError(InvalidRequestError):
    """A profile cannot be used; `place` is the path to the field in `file`."""

    code: ClassVar[str] = "site_unusable"

    def __init__(self, file: str, place: str, problem: str | Sentence, field: str = "text") -> None:
        place = place or "–"
        message = f"{file}, field {place}: {in_english(problem)}"
        super().__init__(message, field=field, file=file, place=place, problem=problem)


class LoginRejectedError(TaskFailedError):
    """The site shows that it let nobody in; `secrets` names what was entered."""

    code: ClassVar[str] = "login_rejected"

    def __init__(self, site: str, secrets: Iterable[str]) -> None:
        names = ", ".join(secrets) or "–"
        super().__init__(f"Site {site!r} refused the login with {names}", site=site, secrets=names)


class LoginIncompleteError(TaskFailedError):
    """The login form was sent, and the page shows neither that it was refused nor that somebody is logged in."""

    code: ClassVar[str] = "login_incomplete"

    def __init__(self, site: str, marker: str) -> None:
        super().__init__(f"After the login to {site!r} {marker} is not to be seen", site=site, marker=marker)


class SecondFactorNeededError(AskingError):
    """The site asks for a code; `questions` ask a person for it."""

    code: ClassVar[str] = "second_factor_needed"

    def __init__(self, site: str, job: str, limit: str, questions: Sequence[Question]) -> None:
        message = f"Site {site!r} asks for a second factor; none came in {limit}"
        super().__init__(message, questions, site=site, job=job, limit=limit)


class SecondFactorRejectedError(TaskFailedError):
    code: ClassVar[str] = "second_factor_rejected"

    def __init__(self, site: str) -> None:
        super().__init__(f"Site {site!r} refused the code of the second factor", site=site)


class DocumentNotFoundError(TaskFailedError):
    code: ClassVar[str] = "document_not_found"

    def __init__(self, site: str, document_id: str) -> None:
        super().__init__(f"Site {site!r} has no document {document_id!r}", site=site, document_id=document_id)


class OutsideSiteError(TaskFailedError):
    """The way through the site led to an address that its profile does not allow."""

    code: ClassVar[str] = "outside_site"

    def __init__(self, site: str, url: str, domains: Iterable[str]) -> None:
        allowed = ", ".join(domains)
        super().__init__(f"Site {site!r} led to {url}, allowed are {allowed}", site=site, url=url, domains=allowed)


class SiteHasNoError(TaskFailedError):
    code: ClassVar[str] = "site_has_no"

    def __init__(self, site: str, section: str) -> None:
        super().__init__(f"The profile of {site!r} has no {section}", site=site, section=section)


class NotWaitingError(ConflictError):
    code: ClassVar[str] = "not_waiting"

    def __init__(self, job: str) -> None:
        super().__init__(f"Job {job!r} waits for no answer", job=job)
