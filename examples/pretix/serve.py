"""Serves pretix with the static files of its package on a loopback port: `python serve.py PORT`. In its own venv."""
# mypy: ignore-errors

import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")

import pretix
from pretix.wsgi import application
from waitress import serve
from whitenoise import WhiteNoise

if __name__ == "__main__":
    static = Path(pretix.__file__).parent / "static.dist"
    serve(
        WhiteNoise(application, root=str(static), prefix="static/"), host="127.0.0.1", port=int(sys.argv[1]), threads=4
    )
