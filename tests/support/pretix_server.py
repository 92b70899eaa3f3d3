"""A pretix of a test's own, copied from the template that tools/pretix-venv.sh keeps."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import httpx

from examples.mailbox.dovecot import free_port

ROOT = Path(__file__).parents[2]
VENV = ROOT / ".venv-pretix"
PROFILE = ROOT / "examples" / "pretix" / "site.yaml"
CLERK, PASSWORD = "clerk@example.org", "Cl3rk-pass!"
_START_LIMIT = 120.0  # seconds


class PretixServer:
    """One process on a loopback port; `orders` maps the code of an order to the number of its invoice."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([ROOT / "tools" / "pretix-venv.sh"], check=True, timeout=1800)
        template = VENV / "template"
        self.folder = folder
        shutil.copytree(template / "data", folder / "data")
        self.port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{self.port}"
        self._run("configure.py", str(folder), str(self.port))
        lines = (template / "orders.txt").read_text("utf-8").splitlines()
        self.orders = dict(line.split() for line in lines if len(line.split()) == 2)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it answers."""
        with (self.folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(self._command("serve.py", str(self.port)), env=self._environment(),
                                             stdout=log, stderr=log)  # fmt: skip
        end = time.monotonic() + _START_LIMIT
        while time.monotonic() < end and self._process.poll() is None:
            try:
                httpx.get(f"{self.url}/control/login", timeout=10)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError((self.folder / "serve.log").read_text("utf-8")[-2000:])

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _run(self, *arguments: str) -> None:
        subprocess.run(self._command(*arguments), check=True, env=self._environment(), timeout=300)

    def _command(self, script: str, *arguments: str) -> list[str]:
        return [str(VENV / "bin" / "python"), str(ROOT / "examples" / "pretix" / script), *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PRETIX_CONFIG_FILE": str(self.folder / "pretix.cfg")}
