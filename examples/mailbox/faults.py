"""What a test can ask a mail server to get wrong."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Faults:
    """What goes wrong next. The counts go down with every mail they hit; `delay` and `lag` are in seconds."""

    refused_recipients: set[str] = field(default_factory=set)
    """Answered 550 at RCPT."""
    deferrals: int = 0
    """Mails answered 451 after DATA, not delivered."""
    rejections: int = 0
    """Mails answered 554 after DATA, not delivered."""
    drops_before_delivery: int = 0
    """Mails after whose DATA the connection is cut, not delivered."""
    drops_after_delivery: int = 0
    """Mails after whose DATA the connection is cut, delivered: the sender cannot know."""
    delay: float = 0.0
    """How long the answer to DATA takes. A sender that leaves meanwhile is not served."""
    lag: float = 0.0
    """How long a mail lies between being accepted and being delivered."""

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.__init__()  # type: ignore[misc]  # back to the defaults above

    def strikes(self, fault: str) -> bool:
        """Whether the counted fault hits this mail, and count it."""
        left: int = getattr(self, fault)
        setattr(self, fault, max(0, left - 1))
        return left > 0
