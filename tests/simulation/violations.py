"""What the simulator reports when something that must always hold does not."""


class ViolationError(AssertionError):
    """One of the invariants I1 to I9 of the design is broken; `invariant` says which."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
