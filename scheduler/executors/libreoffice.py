"""Makes PDFs of office documents with LibreOffice, without a window."""

import asyncio
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from scheduler.core.errors import ConversionFailedError, ProgramMissingError, StepTimeoutError
from scheduler.core.sentences import Sentence
from scheduler.executors.app_processes import clean_environment

CONVERTIBLE: Final = frozenset(
    "doc docx odt rtf txt html htm xls xlsx ods csv ppt pptx odp".split()  # noqa: SIM905 - reads better so
)
INSTALL: Final = (
    "apt-get install --no-install-recommends libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
)
_PROGRAMS: Final = ("soffice", "libreoffice")


def find_libreoffice() -> Path | None:
    """Return the program, if it is on the path."""
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    return None if found is None else Path(found)


class LibreOffice:
    """Converts one document at a time: each run takes a processor and some 200 MB.

    Every run has a profile of its own, so that neither a person's LibreOffice nor another worker is in its way.
    """

    def __init__(self, *, program: Path | None = None, limit: timedelta = timedelta(minutes=2)) -> None:
        self._program = program
        self._limit = limit
        self._turn = asyncio.Semaphore(1)

    async def to_pdf(self, suffix: str, content: bytes, name: str) -> bytes:
        """Return the PDF. Raises ProgramMissingError, ConversionFailedError or StepTimeoutError."""
        program = self.find()
        if suffix not in CONVERTIBLE:
            known = ", ".join(sorted(CONVERTIBLE))
            raise ConversionFailedError(
                name, Sentence(f"die Art „{suffix}“ ist keine von {known}", f"kind “{suffix}” is none of {known}")
            )
        async with self._turn:
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cpa-office-"))
            try:
                await asyncio.to_thread((folder / f"document.{suffix}").write_bytes, content)
                said = await self._run(program, folder, suffix, name)
                return await asyncio.to_thread(_result, folder / "out" / "document.pdf", name, said)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def find(self) -> Path:
        """Return the program. Raises ProgramMissingError."""
        program = self._program or find_libreoffice()
        if program is None:
            raise ProgramMissingError("LibreOffice", INSTALL)
        return program

    async def _run(self, program: Path, folder: Path, suffix: str, name: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(program),
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--nodefault",
            "--nologo",
            "--convert-to",
            "pdf",
            "--outdir",
            str(folder / "out"),
            str(folder / f"document.{suffix}"),
            env=clean_environment() | {"HOME": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._limit.total_seconds()):
                said, _ = await process.communicate()
        except TimeoutError as error:
            raise StepTimeoutError(f"PDF: {name}", f"{self._limit.total_seconds():g} s") from error
        finally:
            with suppress(ProcessLookupError):  # the program starts another that does the work
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        return said.decode(errors="replace").strip()


def _result(path: Path, name: str, said: str) -> bytes:
    content = path.read_bytes() if path.is_file() else b""
    if not content.startswith(b"%PDF"):
        why = Sentence("das Dokument ist beschädigt oder leer", "the document is damaged or empty")
        raise ConversionFailedError(name, said[-300:] or why)
    return content
