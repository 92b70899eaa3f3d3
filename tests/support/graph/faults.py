"""What a test can ask the fake of Microsoft Graph to get wrong."""

from dataclasses import dataclass, field

from examples.mailbox.faults import Faults


@dataclass(kw_only=True)
class Strike:
    """Hits the next `times` requests whose method and path fit. Without a status the connection is cut."""

    method: str
    path: str
    """A part of the path, such as `/send`."""
    status: int | None = None
    after_the_effect: bool = False
    retry_after: float | None = None
    times: int = 1


@dataclass(kw_only=True)
class GraphFaults(Faults):
    """The faults of every mail server, and those only Graph has. Times are in seconds."""

    strikes_to_come: list[Strike] = field(default_factory=list)
    index_lag: float = 0.0
    """How long a mail is in its folder before `$search` knows it."""
    filing_lag: float = 0.0
    """How long a mail that was accepted stays in the outbox before it is among the sent ones and delivered."""
    forbidden_mailboxes: set[str] = field(default_factory=set)
    """Mailboxes outside the scope that RBAC for Applications gives the app."""

    def hit(self, method: str, path: str, *, after_the_effect: bool) -> Strike | None:
        """Return what strikes this request now, and count it."""
        for strike in self.strikes_to_come:
            fits = strike.method == method and strike.path in path and strike.after_the_effect is after_the_effect
            if fits and strike.times > 0:
                strike.times -= 1
                return strike
        return None
