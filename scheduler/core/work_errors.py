"""What can go wrong with files, tables, documents, applications and calendars."""

from collections.abc import Iterable
from typing import ClassVar

from scheduler.core.error_kinds import TaskFailedError, UnavailableError
from scheduler.core.sentences import Sentence, in_english


class FileFailedError(TaskFailedError):
    """The system does not let us: no permission, no room, a folder that is not empty."""

    code: ClassVar[str] = "file_failed"

    def __init__(self, path: str, problem: str | Sentence) -> None:
        super().__init__(f"File {path!r}: {in_english(problem)}", path=path, problem=problem)


class ToolFailedError(TaskFailedError):
    """A tool of an MCP server says that it did not do what was asked."""

    code: ClassVar[str] = "tool_failed"

    def __init__(self, tool: str, problem: str) -> None:
        super().__init__(f"Tool {tool!r}: {problem}", tool=tool, problem=problem)


class ToolServerDownError(UnavailableError):
    """An MCP server cannot be started or reached; nothing was asked of it."""

    code: ClassVar[str] = "tool_server_down"

    def __init__(self, server: str, why: str) -> None:
        super().__init__(f"MCP server {server!r} cannot be reached: {why}", server=server, why=why)


class ArchiveRefusedError(TaskFailedError):
    code: ClassVar[str] = "archive_refused"

    def __init__(self, name: str, problem: str | Sentence) -> None:
        super().__init__(f"The archive {name!r} is not unpacked: {in_english(problem)}", name=name, problem=problem)


class TableUnreadableError(TaskFailedError):
    code: ClassVar[str] = "table_unreadable"

    def __init__(self, name: str, problem: str | Sentence) -> None:
        super().__init__(f"No table can be read from {name!r}: {in_english(problem)}", name=name, problem=problem)


class ProgramMissingError(TaskFailedError):
    """A program that a step needs is not installed; `advice` is the command that installs it, or a setting."""

    code: ClassVar[str] = "program_missing"

    def __init__(self, program: str, advice: str) -> None:
        super().__init__(f"Program {program!r} is not installed: {advice}", program=program, advice=advice)


class ConversionFailedError(TaskFailedError):
    code: ClassVar[str] = "conversion_failed"

    def __init__(self, name: str, problem: str | Sentence) -> None:
        super().__init__(f"{name!r} cannot be made a PDF: {in_english(problem)}", name=name, problem=problem)


class AppUnknownError(TaskFailedError):
    code: ClassVar[str] = "app_unknown"

    def __init__(self, app: str, known: Iterable[str]) -> None:
        names = ", ".join(sorted(known)) or "-"
        super().__init__(f"There is no application {app!r}; known: {names}", app=app, known=names)


class AppForbiddenError(TaskFailedError):
    code: ClassVar[str] = "app_forbidden"

    def __init__(self, app: str, rule: str) -> None:
        super().__init__(f"Application {app!r} is forbidden by rule {rule!r}", app=app, rule=rule)


class AppFailedError(TaskFailedError):
    code: ClassVar[str] = "app_failed"

    def __init__(self, app: str, problem: str | Sentence) -> None:
        super().__init__(f"Application {app!r}: {in_english(problem)}", app=app, problem=problem)


class AppNotRunningError(TaskFailedError):
    """Nothing of that name runs that we started; what a person started is not ended."""

    code: ClassVar[str] = "app_not_running"

    def __init__(self, app: str) -> None:
        super().__init__(f"No {app!r} runs that was started by CPA", app=app)


class NoDisplayError(TaskFailedError):
    code: ClassVar[str] = "no_display"

    def __init__(self, app: str) -> None:
        super().__init__(f"{app!r} needs a screen, and there is none", app=app)


class CalendarNotSetUpError(TaskFailedError):
    code: ClassVar[str] = "calendar_not_set_up"

    def __init__(self, missing: Iterable[str]) -> None:
        variables = ", ".join(missing)
        super().__init__(f"No calendar is set up: {variables}", missing=variables)


class CalendarLoginError(TaskFailedError):
    code: ClassVar[str] = "calendar_login_failed"

    def __init__(self, url: str, user: str) -> None:
        super().__init__(f"The calendar {url} does not accept the login of {user!r}", url=url, user=user)


class CalendarRefusedError(TaskFailedError):
    code: ClassVar[str] = "calendar_refused"

    def __init__(self, url: str, reply: str) -> None:
        super().__init__(f"The calendar {url} refuses the appointment: {reply}", url=url, reply=reply)


class CalendarUnreachableError(UnavailableError):
    code: ClassVar[str] = "calendar_unreachable"

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"The calendar {url} does not answer: {why}", url=url, why=why)


class ConditionUnclearError(TaskFailedError):
    """A step's condition cannot be decided."""

    code: ClassVar[str] = "condition_unclear"

    def __init__(self, condition: str, problem: Sentence) -> None:
        super().__init__(f"{condition}: {in_english(problem)}", condition=condition, problem=problem)


class TooManyItemsError(TaskFailedError):
    """A list has more elements than a step may be repeated for."""

    code: ClassVar[str] = "too_many_items"

    def __init__(self, what: str, count: int, limit: int) -> None:
        message = f"{what} would be done {count} times, at most {limit} are allowed"
        super().__init__(message, what=what, count=str(count), limit=str(limit))
