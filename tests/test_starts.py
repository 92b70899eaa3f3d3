"""A start costs what it needs: nothing is collected meanwhile, and what few processes use is not imported."""

import gc
import subprocess
import sys

import pytest

from scheduler.garbage import collecting_nothing
from tests.support.fork_server import FORK_SERVER


def test_nothing_is_collected_while_a_program_is_imported() -> None:
    with collecting_nothing():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_collects_nothing_anyway_goes_on_so() -> None:
    gc.disable()
    try:
        with collecting_nothing():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.integration
@pytest.mark.parametrize("module", ["scheduler.work_alone", "agents.runtime.command_line"])
def test_who_serves_no_api_does_not_pay_for_one(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "scheduler" in imported
    assert {"fastapi", "playwright", "openai", "icalendar", "jinja2", "lxml", "openpyxl", "numpy"}.isdisjoint(imported)


def _has_all_that_is_needed() -> None:
    from tests.support import before_forks  # noqa: PLC0415 - only where it was imported already

    sys.exit(not sys.modules.keys() >= {*before_forks.NEEDED})


@pytest.mark.integration
def test_what_forked_processes_need_is_there_before_they_are_forked() -> None:
    process = FORK_SERVER.Process(target=_has_all_that_is_needed)
    process.start()
    process.join(60)
    assert process.exitcode == 0
