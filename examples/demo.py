"""`make demo`: five sentences in two languages through the whole system, for real and without a language model.

A portal, a mail server and CPA run as separate servers on loopback; the sentences go in by the command line as any
user's would, Chromium fetches invoices, the mail server gets mails, and what arrived is compared with what the portal
gave.
"""

import hashlib
import subprocess
import sys
import time
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

from rich.console import Console

from examples.office import Office, environment, running_cpa

SENTENCES = (
    "Hol die Rechnung 4711 aus dem Portal und schick sie an anna@example.com",
    "Get me invoice 4712 off the portal and forward it to anna@example.com, thanks",
    "Kannst du mir bitte die Rechnung 4713 im Portal runterladen?",
    "Could you drop anna@example.com a line saying the invoices are on their way?",
    "Schreib anna@example.com, dass ich morgen später komme",
)
RECIPIENT = "anna@example.com"
_MAILS, _FETCHED, _ATTACHED = 4, 3, 2
"""What must have come of the sentences: mails, invoices from the portal, and those of them that were sent."""
_LIMIT = 10.0  # seconds until the mail must lie in the mailbox after the job is done

out = Console(highlight=False)


def main() -> int:
    """Run the demo; 0 when every job is done and exactly the mails that were ordered have arrived."""
    started = time.monotonic()
    data = Path("data/demo") / time.strftime("%Y-%m-%d_%H%M%S")
    data.mkdir(parents=True)
    with Office() as office:
        settings = office.settings(data.resolve())
        out.rule("CPA")
        out.print(f"Portal   {office.portal.url}")
        out.print(f"Mail     smtp://{office.mail.host}:{office.mail.smtp_port}, imap port {office.mail.imap_port}")
        with running_cpa(settings, data / "cpa.log") as url:
            out.print(f"CPA      {url}")
            out.rule("Plan")
            _cpa(settings, "plan", SENTENCES[0])
            ended = [_run(settings, sentence) for sentence in SENTENCES]
        good = not any(ended) and _show_mails(office, data)
    _show_evidence(data)
    took = time.monotonic() - started
    out.rule(f"{'[green]Gelungen' if good else '[red]Nicht gelungen'}[/] in {took:.1f} s")
    return 0 if good else 1


def _cpa(settings: Mapping[str, str], *arguments: str) -> int:
    """Run the command line as a user would."""
    sys.stdout.flush()
    command = [sys.executable, "-m", "scheduler.cli", *arguments]
    return subprocess.run(command, env=environment(settings) | {"LANG": "de_DE.UTF-8"}, check=False).returncode


def _run(settings: Mapping[str, str], sentence: str) -> int:
    out.rule(f"„{sentence}“")
    return _cpa(settings, "run", sentence)


def _show_mails(office: Office, data: Path) -> bool:
    """Print the mails as they were received; say whether they are those that were ordered, with the right files."""
    out.rule("Mails, wie sie ankamen / as received")
    end = time.monotonic() + _LIMIT
    while len(mails := office.mail.messages(RECIPIENT)) < _MAILS and time.monotonic() < end:
        time.sleep(0.1)
    for mail in mails:
        for header in ("From", "To", "Subject", "Message-ID"):
            out.print(f"{header + ':':<12}{mail[header]}")
        body = mail.get_body(("plain",))
        out.print(f"\n{body.get_content().strip() if body else ''}\n")
        for attachment in mail.iter_attachments():
            out.print(f"Anhang:     {attachment.get_filename()}  sha256 {_digest(attachment)[:16]}…")
    downloaded = {hashlib.sha256(file.read_bytes()).hexdigest() for file in data.glob("artifacts/*/*/*.pdf")}
    attached = [_digest(part) for mail in mails for part in mail.iter_attachments()]
    counts = len(mails), len(downloaded), len(set(attached) & downloaded), len(attached)
    same = counts == (_MAILS, _FETCHED, _ATTACHED, _ATTACHED)
    out.print("[green]✔[/] " if same else "[red]✘[/] ", end="")
    out.print(f"{len(mails)} Mails, {len(downloaded)} Dokumente aus dem Portal, davon {counts[2]} als Anhang")
    return same


def _digest(part: EmailMessage) -> str:
    return hashlib.sha256(part.get_payload(decode=True)).hexdigest()  # type: ignore[arg-type]  # bytes, as decode says


def _show_evidence(data: Path) -> None:
    out.rule("Belege / evidence")
    for file in sorted([*data.glob("screenshots/**/*.png"), *data.glob("artifacts/**/*.pdf")]):
        out.print(str(file), soft_wrap=True)
    out.print(f"[dim]{data / 'cpa.db'}  {data / 'cpa.log'}[/]", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
