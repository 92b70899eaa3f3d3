"""Many small cases in one test: as tests of their own, each would take pytest longer than what it checks."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Check = Callable[..., Any]


def each_of(cases: Iterable[Any] | Mapping[str, Any]) -> Callable[[Check], Check]:
    """Make a check one test that is done for all cases, one after the other, with the same fixtures.

    A case is the last arguments of the check (a tuple), or the last one; a mapping gives the cases names. Every case
    that fails is told with what failed in it, the first of them with its traceback.
    """
    named = dict(cases) if isinstance(cases, Mapping) else {repr(case): case for case in cases}
    rows = {name: case if isinstance(case, tuple) else (case,) for name, case in named.items()}

    def as_one(check: Check) -> Check:
        parameters = list(inspect.signature(check).parameters.values())
        width = len(next(iter(rows.values())))
        names = [parameter.name for parameter in parameters[-width:]]
        calls = {name: dict(zip(names, row, strict=True)) for name, row in rows.items()}

        def test(*owner: object, **fixtures: object) -> None:
            failed: dict[str, Exception] = {}
            for name, case in calls.items():
                try:
                    check(*owner, **fixtures, **case)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the others
                    failed[name] = error
            _tell(failed, len(calls))

        async def async_test(*owner: object, **fixtures: object) -> None:
            failed: dict[str, Exception] = {}
            for name, case in calls.items():
                try:
                    await check(*owner, **fixtures, **case)
                except Exception as error:  # noqa: BLE001 - as above
                    failed[name] = error
            _tell(failed, len(calls))

        made: Any = async_test if inspect.iscoroutinefunction(check) else test
        made.__name__, made.__qualname__, made.__doc__ = check.__name__, check.__qualname__, check.__doc__
        made.__signature__ = inspect.Signature(parameters[:-width])  # the fixtures
        return made  # type: ignore[no-any-return]

    return as_one


def _tell(failed: Mapping[str, Exception], cases: int) -> None:
    if failed:
        told = "\n".join(f"{name}: {type(error).__name__}: {error}" for name, error in failed.items())
        raise AssertionError(f"{len(failed)} of {cases} cases\n{told}") from next(iter(failed.values()))
