"""Writes pretix.cfg for a folder and a port: `python configure.py FOLDER PORT`. Runs in pretix' own venv."""

import sys
from pathlib import Path

_CONFIG = """[pretix]
instance_name=Ticketshop
url=http://127.0.0.1:{port}
datadir={folder}/data
registration=off

[database]
backend=sqlite3

[mail]
from=shop@example.com
host=127.0.0.1
port=2525

[django]
secret=only-for-tests
debug=off
"""


def main() -> None:
    folder, port = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "pretix.cfg").write_text(_CONFIG.format(folder=folder, port=port), "utf-8")


if __name__ == "__main__":
    main()
