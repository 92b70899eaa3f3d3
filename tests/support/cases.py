"""Many small cases in one test: as tests of their own, each would take pytest longer than what it checks."""

from collections.abc import Callable, Iterable
from typing import Any

Check = Callable[..., None]


def each_of(cases: Iterable[Any]) -> Callable[[Check], Check]:
    """Make a check one test that is done for all cases: a tuple is its arguments, anything else its only one.

    Every case that fails is told with what failed in it, the first of them with its traceback.
    """
    all_cases = list(cases)
    assert all_cases

    def as_one(check: Check) -> Check:
        def test(*owner: object) -> None:
            failed = {repr(case): error for case in all_cases if (error := _failure(check, owner, case)) is not None}
            if failed:
                told = "\n".join(f"{case}: {type(error).__name__}: {error}" for case, error in failed.items())
                raise AssertionError(f"{len(failed)} of {len(all_cases)} cases\n{told}") from next(
                    iter(failed.values())
                )

        test.__name__, test.__qualname__, test.__doc__ = check.__name__, check.__qualname__, check.__doc__
        return test

    return as_one


def _failure(check: Check, owner: tuple[object, ...], case: object) -> Exception | None:
    try:
        check(*owner, *(case if isinstance(case, tuple) else (case,)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the others
        return error
    return None
