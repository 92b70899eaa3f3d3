"""A real X server without a monitor, and what it shows."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def screen() -> Iterator[str]:
    """Run it for as long as the block lasts; yield its DISPLAY, which the server chooses and tells when it is there."""
    command = ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x900x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            number = server.stdout.readline().strip()
            assert number, "Xvfb did not start"
            yield f":{number}"
        finally:
            server.terminate()


def windows(display: str) -> str:
    """Return the windows that are open there, by their titles."""
    command = ["xwininfo", "-root", "-tree", "-display", display]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
