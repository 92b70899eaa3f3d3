#!/bin/sh
# Prepares this checkout: Debian packages, .venv, the locked packages, and the project itself.
# A second run finds everything in place and only checks. --for-tests installs what only tests need as well.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin"

VENV=.venv
STAMP=$VENV/.installed

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

# The first Python that is new enough; .venv is made from it.
find_python() {
    for candidate in python3.11 python3 python3.12 python3.13 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
}

has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Debian's names of what is not here.
missing_packages() {
    if [ ! -x "$VENV/bin/python" ]; then
        python=$(find_python)
        if [ -z "$python" ]; then
            echo python3 python3-venv
        elif ! has_venv "$python"; then
            "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
        fi
    fi
    command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || echo chromium-headless-shell
    command -v redis-server >/dev/null || echo redis-server
    [ -x /usr/lib/dovecot/imap ] || echo dovecot-imapd
    [ -x /usr/lib/dovecot/lmtp ] || echo dovecot-lmtpd
    [ "$1" = --for-tests ] || return 0
    # Documents are made PDFs (100 MB to fetch, 320 MB on disk, 20 s), a real window is opened.
    command -v soffice >/dev/null || echo libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui
    command -v Xvfb >/dev/null || echo xvfb
    command -v xclock >/dev/null || echo x11-apps
    command -v xlsclients >/dev/null || echo x11-utils
    # A portal is shown to "cpa site record" in a window, by keys and clicks.
    command -v chromium >/dev/null || echo chromium
    command -v xdotool >/dev/null || echo xdotool
}

install_packages() {
    command -v apt-get >/dev/null || fail "please install what Debian calls: $*"
    if [ "$(id -u)" -ne 0 ]; then
        fail "some Debian packages are missing. Please run, then try again:
  sudo apt-get update && sudo apt-get install --no-install-recommends -y $*"
    fi
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || fail "apt-get update failed; is the network there?"
    apt-get install --no-install-recommends -y -qq "$@" >/dev/null || fail "apt-get could not install: $*"
}

# What the installation depends on. The folder counts, because scripts in .venv name it.
fingerprint() {
    pwd
    cat requirements.lock pyproject.toml tools/setup.sh | cksum
}

make_venv() {
    python=$(find_python)
    [ -n "$python" ] || fail "Python 3.11 or newer is missing. Please install it, then try again."
    has_venv "$python" || fail "$python has no module venv. Please install it (Debian: python3-venv), then try again."
    say "creating $VENV with $python"
    [ ! -L "$VENV" ] || fail "$VENV is a link: to make it anew would empty what it points to. Please remove the link, then try again."
    "$python" -m venv --clear "$VENV"
}

# Usable means: new enough, with pip, and made in this folder.
venv_is_usable() {
    "$VENV/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 &&
        { [ ! -f "$STAMP" ] || [ "$(head -n 1 "$STAMP")" = "$(pwd)" ]; }
}

# The lock names everything, so nothing is left to resolve: releases that came after it cannot disturb the set-up.
# pip may know an index or a proxy from its settings that uv does not read; so it is the second try.
install_locked() {
    uv=$(command -v uv || echo "$VENV/bin/uv")
    if [ -x "$uv" ]; then
        say "installing requirements.lock with uv"
        "$uv" pip install --quiet --python "$VENV/bin/python" --no-deps --require-hashes -r requirements.lock && return
        say "uv could not install it; trying pip"
    else
        say "installing requirements.lock with pip"
    fi
    pip_install --no-deps --require-hashes -r requirements.lock
}

pip_install() { "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

packages=$(missing_packages "${1:-}")
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086  # one word per package
    install_packages $packages
fi

wanted=$(fingerprint)
if [ -f "$STAMP" ] && [ -x "$VENV/bin/python" ] && [ "$(cat "$STAMP")" = "$wanted" ]; then
    exit 0
fi
venv_is_usable || make_venv
install_locked
pip_install --no-deps --no-build-isolation -e .
printf '%s\n' "$wanted" >"$STAMP"
say "done"
