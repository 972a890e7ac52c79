#!/usr/bin/env bash
# Makes a Python environment in the cache with COT, the Common OVF Tool; prints its folder of programs. Usage:
# tests/setup/cot.sh. Runs as often as you like; a second run only prints the path.
set -euo pipefail
export LC_ALL=C.UTF-8

version=2.2.1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/python
place=$cache/cot-$version

say() { printf 'cot: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
works() { "$place/bin/cot" --version >/dev/null 2>&1; }
can_make() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || die "another setup holds $cache/lock for more than 10 minutes"

if ! works; then
    can_make || "$here/packages.sh" >&2 || die "python3-venv is missing; run once as root: make setup"
    rm -rf "$place"
    trap 'works || rm -rf "$place"' EXIT
    /usr/bin/python3 -m venv "$place"
    "$place/bin/pip" --quiet --disable-pip-version-check --no-input install "cot==$version" >&2
    works || die "COT $version was installed but does not run"
    say "installed COT $version"
fi
printf '%s\n' "$place/bin"
