"""A real X server without a monitor, and what it shows."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def screen() -> Iterator[str]:
    """Run it for as long as the block lasts; yield its DISPLAY."""
    display = f":{40 + os.getpid() % 900}"
    with subprocess.Popen(["Xvfb", display, "-nolisten", "tcp", "-screen", "0", "1280x900x24"]) as server:  # noqa: S607
        try:
            socket, deadline = Path(f"/tmp/.X11-unix/X{display[1:]}"), time.monotonic() + 20  # noqa: S108 - as X does
            while not socket.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            yield display
        finally:
            server.terminate()


def windows(display: str) -> str:
    """Return the windows that are open there, by their titles."""
    command = ["xwininfo", "-root", "-tree", "-display", display]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
