"""Many small cases in one test: as tests of their own, each would take pytest longer than what it checks."""

from collections.abc import Callable, Iterable
from typing import Any

Check = Callable[..., None]


def each_of(cases: Iterable[Any]) -> Callable[[Check], Check]:
    """Make a check one test that is done for all cases: a tuple is its arguments, anything else its only one.

    Every case that fails is told, with what failed in it.
    """
    all_cases = list(cases)
    assert all_cases

    def as_one(check: Check) -> Check:
        def test(*owner: object) -> None:
            failed = [error for case in all_cases if (error := _failure(check, owner, case)) is not None]
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(all_cases)} cases fail", failed)

        test.__name__, test.__qualname__, test.__doc__ = check.__name__, check.__qualname__, check.__doc__
        return test

    return as_one


def _failure(check: Check, owner: tuple[object, ...], case: object) -> Exception | None:
    try:
        check(*owner, *(case if isinstance(case, tuple) else (case,)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the others
        error.add_note(f"case: {case!r}")
        return error
    return None
