"""pretix, a ticket shop we did not write, as a test target: set up by tools/pretix-venv.sh, never shipped."""
