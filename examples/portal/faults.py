"""What a test can ask the portal to get wrong."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class PortalFaults:
    """Keys are requests like `GET /invoices`; counts go down with every request they hit."""

    broken: Counter[str] = field(default_factory=Counter)
    """Requests answered with 503."""
    expired: Counter[str] = field(default_factory=Counter)
    """Requests, with their query, before which the session ends."""
    slow: dict[str, float] = field(default_factory=dict)
    """Seconds that a request takes longer."""
    moved: bool = False
    """Buttons and links have other names and another place."""
    notice: bool = False
    """A notice covers every page until it is closed."""
    code: str = ""
    """The second factor that is asked for after the password."""

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.__init__()  # type: ignore[misc]  # back to the defaults above
