"""Runs a private dovecot from a folder of its own: mailboxes over IMAP, delivery over LMTP, the system's left alone."""

import getpass
import grp
import os
import shutil
import socket
import string
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

_TEMPLATE = Path(__file__).with_name("dovecot.conf")
_READY_WITHIN = 15.0  # seconds; about one on an idle machine
_STOP_WITHIN = 5.0


class MailServerError(Exception):
    """The mail server could not be started; the message ends with what its log says."""


def free_port(host: str) -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


class Dovecot:
    """One dovecot process with mailboxes for `accounts` (address -> password). Runs as root or as an ordinary user.

    With `token_info`, an address that says whose an access token is, XOAUTH2 is taken as well.
    """

    def __init__(
        self,
        folder: Path,
        accounts: Mapping[str, str],
        host: str,
        imap_port: int | None = None,
        *,
        token_info: str = "",
    ) -> None:
        self.host = host
        self.imap_port = imap_port or free_port(host)
        self.lmtp_socket = folder / "run" / "lmtp"
        self._folder = folder
        self._accounts = accounts
        self._token_info = token_info
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when mail can be delivered and read. Raises MailServerError."""
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        if program is None:
            raise MailServerError("dovecot is not installed; on Debian: apt-get install dovecot-imapd dovecot-lmtpd")
        config = self._write_files()
        with (self._folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                [program, "-F", "-c", str(config)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process that `start` began, and its children with it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _write_files(self) -> Path:
        as_root = os.geteuid() == 0
        user, group = getpass.getuser() if not as_root else "root", grp.getgrgid(os.getegid()).gr_name
        mail_user, mail_group = ("mail", "mail") if as_root else (user, group)  # dovecot gives no mailbox to root
        mail = self._folder / "mail"
        mail.mkdir(parents=True)
        if as_root:
            self._folder.chmod(0o711)
            shutil.chown(mail, mail_user, mail_group)
        users = self._folder / "users"
        users.write_text(
            "".join(f"{address}:{{PLAIN}}{password}\n" for address, password in self._accounts.items()), "utf-8"
        )
        users.chmod(0o600)
        config = self._folder / "dovecot.conf"
        values = {
            "more": self._with_tokens(),
            "folder": self._folder,
            "host": self.host,
            "imap_port": self.imap_port,
            "user": user,
            "group": group,
            "login_user": "nobody" if as_root else user,  # dovecot lets nobody log in through a process of root
            "mail_user": mail_user,
            "mail_group": mail_group,
        }
        config.write_text(string.Template(_TEMPLATE.read_text("utf-8")).substitute(values), "utf-8")
        return config

    def _with_tokens(self) -> str:
        """Write what dovecot must know of access tokens; return the part of its configuration that names it."""
        if not self._token_info:
            return ""
        file = self._folder / "oauth2.conf"
        file.write_text(
            f"tokeninfo_url = {self._token_info}\nusername_attribute = username\nusername_format = %u\n", "utf-8"
        )
        methods = "auth_mechanisms = plain login xoauth2"
        return f"{methods}\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {file}\n}}\n"

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _READY_WITHIN
        while process.poll() is None and time.monotonic() < until:
            if self.lmtp_socket.exists() and self._greets():
                return
            time.sleep(0.02)
        state = f"ended with {process.returncode}" if process.returncode is not None else "did not answer in time"
        raise MailServerError(f"dovecot {state}; its log ends:\n{self._log_tail()}")

    def _greets(self) -> bool:
        try:
            with socket.create_connection((self.host, self.imap_port), timeout=1) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False

    def _log_tail(self) -> str:
        logs = (self._folder / name for name in ("output.log", "dovecot.log"))
        lines = [line for log in logs if log.exists() for line in log.read_text("utf-8", "replace").splitlines()]
        return "\n".join(lines[-15:]) or "(empty)"
