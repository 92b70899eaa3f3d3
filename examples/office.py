"""A small office on loopback: a supplier portal and a mail server, and the settings by which CPA finds them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from examples.mailbox.dovecot import free_port
from examples.mailbox.mail_server import MailServer
from examples.portal import PortalServer

PORTAL_USER, PORTAL_PASSWORD = "einkauf", "Blaubeere-7"
CPA_ADDRESS, MAIL_PASSWORD = "cpa@example.com", "geheim"
PORTAL_PROFILE = Path(__file__).parent / "portal" / "site.yaml"
START_LIMIT = 90.0  # seconds a service may take to answer for the first time


class Office:
    """Portal and mail server, for as long as a `with` block lasts."""

    def __init__(self, accounts: Mapping[str, str] | None = None) -> None:
        self.portal = PortalServer({PORTAL_USER: PORTAL_PASSWORD})
        self.mail = MailServer(accounts) if accounts else MailServer()

    def __enter__(self) -> Self:
        self.mail.start()
        self.portal.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.portal.__exit__(kind, error, trace)
        self.mail.stop()

    def settings(self, data: Path, **changes: str) -> dict[str, str]:
        """Return the variables with which CPA works for this office, keeping everything in the folder `data`.

        The profile of the portal is put there too.
        """
        add_site(data, PORTAL_PROFILE, self.portal.url)
        return {
            "CPA_DATA_DIR": str(data),
            "CPA_DATABASE_URL": f"sqlite:///{data}/cpa.db",
            "CPA_SITES_DIR": str(data / "config"),
            "CPA_SECRETS_FILE": str(data / "secrets.yaml"),
            "CPA_SECRET_PORTAL_USERNAME": PORTAL_USER,
            "CPA_SECRET_PORTAL_PASSWORD": PORTAL_PASSWORD,
            "CPA_SECRET_MAIL_PASSWORD": MAIL_PASSWORD,
            "CPA_MAIL_ADDRESS": CPA_ADDRESS,
            "CPA_MAIL_SMTP_HOST": self.mail.host,
            "CPA_MAIL_SMTP_PORT": str(self.mail.smtp_port),
            "CPA_MAIL_IMAP_HOST": self.mail.host,
            "CPA_MAIL_IMAP_PORT": str(self.mail.imap_port),
            "CPA_MAIL_SECURITY": "none",
            "CPA_API_PORT": str(free_port("127.0.0.1")),
            **changes,
        }


def add_site(data: Path, profile: Path, url: str) -> None:
    """Let CPA know a site as `profile` describes it, at another address."""
    folder = data / "sites"
    folder.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"(?m)^url: .*$", f"url: {url}", profile.read_text("utf-8"))
    (folder / f"{profile.parent.name}.yaml").write_text(text, "utf-8")


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with no setting of CPA but the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CPA_")}
    return kept | dict(settings)


def start_cpa(settings: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `cpa up` as a process of its own; its log goes to the file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        command = [sys.executable, "-m", "scheduler.cli", "up"]
        return subprocess.Popen(command, env=environment(settings), stdout=file, stderr=file)


@contextmanager
def running_cpa(settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """Run `cpa up` for as long as the block lasts; yield the address of its API."""
    process = start_cpa(settings, log)
    try:
        yield wait_for_cpa(settings, process, log)
    finally:
        stop(process)


def wait_for_cpa(settings: Mapping[str, str], process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address of the API once it answers. Raises RuntimeError with the end of the log."""
    url = f"http://127.0.0.1:{settings['CPA_API_PORT']}"
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(f"{url}/health", timeout=2)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return url
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
    raise RuntimeError(f"cpa up did not answer at {url}; the end of its log:\n{tail}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours in order, by force if it does not go."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
