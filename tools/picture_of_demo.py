"""Draws `docs/pictures/demo.svg` from a real run of the demo: python tools/picture_of_demo.py"""

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 110
TARGET = Path("docs/pictures/demo.svg")


def main() -> int:
    """Run the demo in colour, keep what it prints, and draw it as a terminal."""
    surroundings = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    demo = subprocess.run(
        [sys.executable, "-m", "examples.demo"], env=surroundings, check=False, capture_output=True, text=True
    )
    console = Console(record=True, width=WIDTH, file=Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    console.print(Text.from_ansi(demo.stdout.replace(str(Path.cwd()) + "/", "")))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(TARGET), title="make demo")
    return demo.returncode


if __name__ == "__main__":
    sys.exit(main())
