"""What can go wrong between the scheduler and agents."""

from collections.abc import Iterable
from typing import ClassVar

from scheduler.core.error_kinds import (
    ConflictError,
    CPAError,
    NotFoundError,
    PolicyViolationError,
    TaskFailedError,
    UnavailableError,
)
from scheduler.core.sentences import Sentence, in_english


class AgentNotFoundError(NotFoundError):
    code: ClassVar[str] = "agent_not_found"

    def __init__(self, agent: str) -> None:
        super().__init__(f"There is no agent {agent[:128]!r}", agent=agent[:128])


class AgentNameTakenError(ConflictError):
    """Another agent of that name is alive; two of one name could not be told apart."""

    code: ClassVar[str] = "agent_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"Another agent named {name!r} is alive", name=name)


class AgentKeyTakenError(ConflictError):
    """The key belongs to another agent, which may be in quarantine."""

    code: ClassVar[str] = "agent_key_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"The key of {name!r} belongs to another agent", name=name)


class EnrolmentRefusedError(CPAError):
    """The credential with which an agent wants to join, or speak, is none, or not for this."""

    code: ClassVar[str] = "enrolment_refused"

    def __init__(self, why: str | Sentence) -> None:
        super().__init__(f"The agent is not let in: {in_english(why)}", why=why)


class SignatureRefusedError(CPAError):
    """A message is not from whom it says, or not from now. `kind` is one word for the audit log."""

    code: ClassVar[str] = "signature_refused"

    def __init__(self, kind: str, why: str | Sentence) -> None:
        super().__init__(f"The message is refused ({kind}): {in_english(why)}", kind=kind, why=why)
        self.kind = kind


class MessageNotAllowedError(CPAError):
    """The message is genuine, but its sender has no say in what it speaks of. `kind` is one word for the audit log."""

    code: ClassVar[str] = "message_not_allowed"

    def __init__(self, kind: str, why: str | Sentence) -> None:
        super().__init__(f"The message is refused ({kind}): {in_english(why)}", kind=kind, why=why)
        self.kind = kind


class MessageConflictError(ConflictError):
    """The message came too late, or twice with different words; it is recorded and changes nothing."""

    code: ClassVar[str] = "message_conflict"

    def __init__(self, kind: str, why: str | Sentence) -> None:
        super().__init__(f"The message changes nothing ({kind}): {in_english(why)}", kind=kind, why=why)
        self.kind = kind


class TooManyMessagesError(UnavailableError):
    code: ClassVar[str] = "too_many_messages"

    def __init__(self, sender: str) -> None:
        super().__init__(f"{sender} sends more than is taken", sender=sender)


class AgentUnreachableError(UnavailableError):
    """Nothing has reached the agent."""

    code: ClassVar[str] = "agent_unreachable"

    def __init__(self, agent: str, why: str | Sentence) -> None:
        super().__init__(f"Agent {agent!r} cannot be reached: {in_english(why)}", agent=agent, why=why)


class AgentRefusedError(UnavailableError):
    """The agent did not take the task; it has done nothing."""

    code: ClassVar[str] = "agent_refused"

    def __init__(self, agent: str, reason: str) -> None:
        super().__init__(f"Agent {agent!r} refuses the task: {reason}", agent=agent, reason=reason)


class NoFreeAgentError(UnavailableError):
    """No agent that could do it is fit for it now; `reasons` say of how many why."""

    code: ClassVar[str] = "no_free_agent"

    def __init__(self, action: str, reasons: Iterable[str]) -> None:
        told = "; ".join(reasons) or "-"
        super().__init__(f"No agent can be given {action!r} now: {told}", action=action, reasons=told)


class AgentsBusyError(NoFreeAgentError):
    """One that could do it is at work, and has only too much to do, or rests after failures."""

    code: ClassVar[str] = "agents_busy"


class FileNotFetchedError(UnavailableError):
    """A file that a step needs could not be fetched from the scheduler; the step was not begun."""

    code: ClassVar[str] = "file_not_fetched"

    def __init__(self, file: str, why: str | Sentence) -> None:
        super().__init__(f"File {file!r} could not be fetched: {in_english(why)}", file=file, why=why)


class AgentFailedError(TaskFailedError):
    """An agent broke the protocol while it had a task."""

    code: ClassVar[str] = "agent_failed"

    def __init__(self, agent: str, problem: str | Sentence) -> None:
        super().__init__(f"Agent {agent!r}: {in_english(problem)}", agent=agent, problem=problem)


class EndpointForbiddenError(PolicyViolationError):
    """The address of an agent may not be called."""

    code: ClassVar[str] = "endpoint_forbidden"

    def __init__(self, endpoint: str, why: str | Sentence) -> None:
        super().__init__(f"Address {endpoint} may not be called: {in_english(why)}", endpoint=endpoint, why=why)
