"""A real Radicale on loopback, with one user and one empty calendar."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

USER, PASSWORD = "cpa", "geheim"


@contextmanager
def radicale(folder: Path) -> Iterator[str]:
    """Start it with its data in `folder`; give the address of the calendar. It ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "config").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {folder}/users\n"
        f"htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {folder}/data\n"
    )
    with (folder / "radicale.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(folder / "config")], stdout=log, stderr=log
        )
    try:
        home = f"http://127.0.0.1:{port}/{USER}/"
        _wait(home, server)
        made = httpx.request("MKCALENDAR", f"{home}termine/", auth=(USER, PASSWORD))
        assert made.status_code == 201, made.text
        yield f"{home}termine"
    finally:
        server.terminate()
        server.wait(10)


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(address, auth=(USER, PASSWORD), timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Radicale did not start")
