#!/usr/bin/env bash
# Makes a Python environment in the cache with ncclient, the NETCONF client that most programs use; prints its folder of
# programs. Usage: tests/setup/python.sh. Runs as often as you like; a second run only prints the path.
set -euo pipefail
export LC_ALL=C.UTF-8

version=0.7.1
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/python
place=$cache/ncclient-$version

say() { printf 'python: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
works() { "$place/bin/python" -c 'import ncclient.manager' 2>/dev/null; }
can_make() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || die "another setup holds $cache/lock for more than 10 minutes"

if ! works; then
    can_make || "$here/packages.sh" >&2 || die "python3-venv is missing; run once as root: make setup"
    rm -rf "$place"
    trap 'works || rm -rf "$place"' EXIT
    /usr/bin/python3 -m venv "$place"
    "$place/bin/pip" --quiet --disable-pip-version-check --no-input install "ncclient==$version" >&2
    works || die "ncclient $version was installed but does not run"
    say "installed ncclient $version"
fi
printf '%s\n' "$place/bin"
