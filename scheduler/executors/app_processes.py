"""Starts programs that outlive us, and finds them again: by marks in their environment, which their children inherit.

So no list is kept that could be lost or be wrong, and what anybody else started is never touched.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

import psutil

from scheduler.core.crash_points import CrashPoint, crash_points
from scheduler.core.errors import AppFailedError
from scheduler.core.sentences import Sentence

_OWNER, _APP, _KEY = "CPA_STARTED_BY", "CPA_STARTED_APP", "CPA_STARTED_KEY"
_PASSED_ON: Final = frozenset(
    """
    PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS
    SYSTEMROOT APPDATA LOCALAPPDATA USERPROFILE PROGRAMFILES TEMP TMP
    """.split()  # noqa: SIM905 - a list of names reads better so
)
_PASSED_ON_FAMILIES: Final = ("LC_", "XDG_")
_FAILS_WITHIN: Final = timedelta(seconds=1)
_ENDS_WITHIN: Final = timedelta(seconds=5)


def clean_environment() -> dict[str, str]:
    """Return what a program needs of our environment; settings, keys and secrets stay here."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _PASSED_ON or name.startswith(_PASSED_ON_FAMILIES)
    }


class AppProcesses:
    """The programs that were started for one `owner`, a text that is the same in every process of a service."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._children: list[subprocess.Popen[bytes]] = []

    def running(self, app: str, key: str | None = None) -> list[psutil.Process]:
        """Return the processes of an application that we started, or those of one start."""
        self._children = [child for child in self._children if child.poll() is None]
        return list(self._running(app, key))

    @crash_points(CrashPoint.BEFORE_APP_START, CrashPoint.AFTER_APP_START)
    def start(self, app: str, command: Sequence[str], key: str) -> int:
        """Start a program and return its process id. Raises AppFailedError when it ends at once with an error."""
        environment = clean_environment() | {_OWNER: self._owner, _APP: app, _KEY: key}
        try:
            child = subprocess.Popen(  # noqa: S603 - a command of the list of applications
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise AppFailedError(app, error.strerror or str(error)) from error
        self._children.append(child)
        try:
            code = child.wait(_FAILS_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            return child.pid
        if code != 0:
            raise AppFailedError(
                app, Sentence(f"sie hat sich gleich mit Kennung {code} beendet", f"it ended at once with code {code}")
            )
        return child.pid

    @crash_points(CrashPoint.BEFORE_APP_STOP, CrashPoint.AFTER_APP_STOP)
    def stop(self, app: str) -> Mapping[str, int]:
        """End every process of an application that we started: asked first, made to if it does not within seconds."""
        processes = self.running(app)
        for process in processes:
            _tell(process, "terminate")
        deadline = time.monotonic() + _ENDS_WITHIN.total_seconds()
        while (left := self.running(app)) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in left:
            _tell(process, "kill")
        psutil.wait_procs(left, timeout=_ENDS_WITHIN.total_seconds())
        if self.running(app):
            raise AppFailedError(app, Sentence("sie ließ sich nicht beenden", "it could not be ended"))
        return {"ended": len(processes), "killed": len(left)}

    def _running(self, app: str, key: str | None) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                marks = process.environ()
                alive = process.status() != psutil.STATUS_ZOMBIE
            except psutil.Error:  # ended meanwhile, or somebody else's
                continue
            if alive and marks.get(_OWNER) == self._owner and marks.get(_APP) == app and key in {None, marks.get(_KEY)}:
                yield process


def _tell(process: psutil.Process, how: str) -> None:
    try:
        process.terminate() if how == "terminate" else process.kill()
    except psutil.NoSuchProcess:
        return
