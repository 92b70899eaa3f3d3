"""A start costs what it needs: nothing is collected meanwhile, and what few processes use is not imported."""

import gc
import subprocess
import sys

import pytest

from scheduler.garbage import collecting_nothing


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
