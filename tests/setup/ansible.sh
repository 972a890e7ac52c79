#!/usr/bin/env bash
# Makes a Python environment with ansible-core in the cache and prints its folder of programs.
# Usage: tests/setup/ansible.sh [VERSION]. Runs as often as you like; a second run only prints the path.
set -euo pipefail
export LC_ALL=C.UTF-8

version=${1:-2.19.14}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/ansible
place=$cache/$version

say() { printf 'ansible: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
works() { [ -x "$place/bin/ansible-inventory" ] && "$place/bin/ansible-inventory" --version >/dev/null 2>&1; }
can_make() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || die "another setup holds $cache/lock for more than 10 minutes"

if ! works; then
    can_make || "$here/packages.sh" >&2 || die "python3-venv is missing; run once as root: make setup"
    rm -rf "$place"
    trap 'works || rm -rf "$place"' EXIT
    /usr/bin/python3 -m venv "$place"
    "$place/bin/pip" --quiet --disable-pip-version-check --no-input install "ansible-core==$version" >&2
    works || die "ansible-core $version was installed but does not run: $("$place/bin/ansible-inventory" --version 2>&1 | tail -n 1)"
    say "installed ansible-core $version"
fi
printf '%s\n' "$place/bin"
