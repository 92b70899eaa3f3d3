#!/bin/sh
# Installs pretix (a ticket shop, a test target only; nothing of it is shipped) into a venv of its own and keeps a
# migrated, filled database beside it as a template. Call `make setup` first. Takes minutes once, then nothing.
set -eu
cd "$(dirname "$0")/.."

venv=.venv-pretix
version=2026.8.0
wanted="$(pwd) $version $(cat examples/pretix/*.py | cksum)"
if [ -f "$venv/.installed" ] && [ "$(cat "$venv/.installed")" = "$wanted" ]; then
    exit 0
fi
printf 'pretix: installing %s into %s\n' "$version" "$venv" >&2
rm -rf "$venv"
.venv/bin/python -m venv "$venv"
.venv/bin/uv pip install --quiet --python "$venv/bin/python" "pretix==$version" whitenoise waitress ||
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "pretix==$version" whitenoise waitress
folder=$venv/template
mkdir -p "$folder"
"$venv/bin/python" examples/pretix/configure.py "$folder" 8345
PRETIX_CONFIG_FILE=$folder/pretix.cfg "$venv/bin/python" -m pretix migrate >"$folder/migrate.log" 2>&1
PRETIX_CONFIG_FILE=$folder/pretix.cfg "$venv/bin/python" examples/pretix/seed.py 6 >"$folder/orders.txt" 2>"$folder/seed.log"
printf '%s\n' "$wanted" >"$venv/.installed"
