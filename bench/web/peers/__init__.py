"""The same twelve steps in other tools, each run by the Python of its own venv; each prints one line of JSON."""
