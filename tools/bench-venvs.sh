#!/bin/sh
# Makes the venvs of the peers that the benchmarks compare with, from their hashed locks. Call `make setup` first.
# bench-venvs.sh [NAME...]: only those of these names.
# A peer that cannot be installed is said so here and in the tables; the others run all the same.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'bench: %s\n' "$*" >&2; }

# pip may know an index or a proxy from its settings that uv does not read; so it is the second try.
install() {
    venv=$1 lock=$2
    .venv/bin/python -m venv --clear "$venv"
    .venv/bin/uv pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r "$lock" && return
    say "uv could not install $lock; trying pip"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
}

for lock in bench/peers/requirements-*.txt bench/web/peers/requirements-*.txt; do
    name=${lock##*/requirements-}
    name=${name%.txt}
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    venv=.venv-bench-$name
    wanted=$(pwd; cksum <"$lock")
    if [ -f "$venv/.installed" ] && [ "$(cat "$venv/.installed")" = "$wanted" ]; then
        continue
    fi
    say "installing $lock"
    if install "$venv" "$lock"; then
        printf '%s\n' "$wanted" >"$venv/.installed"
    else
        rm -rf "$venv"
        say "could not install $lock; its peers will be missing"
    fi
done

# Selenium drives the browser through Debian's own driver.
case " ${*:-selenium} " in *" selenium "*)
    if ! command -v chromedriver >/dev/null; then
        if [ "$(id -u)" -ne 0 ] || ! apt-get install --no-install-recommends -y -qq chromium-driver >/dev/null; then
            say "chromedriver is missing (Debian: chromium-driver); the row of Selenium will be missing"
        fi
    fi ;;
esac
