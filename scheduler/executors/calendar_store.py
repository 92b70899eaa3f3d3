"""What is promised of a calendar we may write to."""

from typing import Protocol


class CalendarStore(Protocol):
    """Appointments by their uid.

    Each call raises CalendarUnreachableError, CalendarLoginError or CalendarRefusedError when there is no getting
    through. All may be repeated: after a lost answer nothing is there twice.
    """

    async def put(self, uid: str, content: str) -> bool:
        """Enter the appointment unless one of that uid is there; say whether it was entered now."""

    async def has(self, uid: str) -> bool:
        """Whether an appointment of that uid is there."""

    async def remove(self, uid: str) -> None:
        """Take it out again; one that is gone already is no matter."""
