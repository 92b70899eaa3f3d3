"""The browser of this machine is found; without one the error says so."""

from pathlib import Path

import pytest

from scheduler.core.errors import BrowserUnavailableError
from scheduler.executors.browser_pool import BrowserPool, find_browser


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds all programs there are."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, name: str) -> Path:
    program = folder / name
    program.touch(mode=0o755)
    return program


def test_the_headless_shell_is_preferred(programs: Path) -> None:
    chromium = install(programs, "chromium")
    assert find_browser() == chromium

    shell = install(programs, "chromium-headless-shell")
    assert find_browser() == shell
    assert find_browser(headless=False) == chromium


@pytest.mark.usefixtures("programs")
async def test_without_a_browser_the_error_names_what_is_missing() -> None:
    async with BrowserPool() as pool:
        with pytest.raises(BrowserUnavailableError, match="chromium-headless-shell"):
            await pool.new_context()


@pytest.mark.integration
async def test_what_is_no_browser_is_unavailable_and_leaves_nothing_running() -> None:
    async with BrowserPool(executable=Path("/bin/false")) as pool:
        with pytest.raises(BrowserUnavailableError):
            await pool.new_context()


@pytest.mark.integration
async def test_a_closed_pool_starts_again_when_needed() -> None:
    async with BrowserPool() as pool:
        first = await pool.new_context()
        await pool.close()

        second = await pool.new_context()

        assert first.browser is not second.browser
        assert second.browser is not None
        assert second.browser.is_connected()
