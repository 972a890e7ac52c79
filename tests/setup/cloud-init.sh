#!/usr/bin/env bash
# Makes Debian's own cloud-init runnable without installing it, and prints the path of the program.
#
# Installed as a package it would enable services that act on this machine at its next boot (users, host keys,
# /etc/hosts). So the package is only unpacked into the cache; its Python parts come from packages.txt. Runs as often as
# you like; a second run only prints the path.
set -euo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/cloud-init
program=$cache/bin/cloud-init
parts=(configobj jinja2 jsonpatch jsonschema netifaces oauthlib requests serial yaml)

say() { printf 'cloud-init: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
parts_are_there() { /usr/bin/python3 -c "import ${parts[0]}$(printf ', %s' "${parts[@]:1}")" 2>/dev/null; }
works() { [ -x "$program" ] && "$program" --version >/dev/null 2>&1; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || die "another setup holds $cache/lock for more than 10 minutes"

parts_are_there || "$here/packages.sh" >&2 || die "its Python parts are missing; run once as root: make setup"
parts_are_there || die "Python parts are missing although packages.txt is installed: ${parts[*]}"

if ! works; then
    new=$(mktemp -d "$cache/new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    chmod 755 "$new"
    if ! (cd "$new" && apt-get -q download cloud-init >&2); then
        [ "$(id -u)" -eq 0 ] || die "apt-get found no package cloud-init; run once as root: apt-get update"
        apt-get -q update >&2 || say "some package lists could not be fetched; going on with what is there"
        (cd "$new" && apt-get -q download cloud-init >&2) || die "apt-get finds no package cloud-init"
    fi
    dpkg -x "$new"/cloud-init_*.deb "$new/root"
    rm -rf "$cache/root"
    mv "$new/root" "$cache/root"
    mkdir -p "$cache/bin"
    cat >"$program" <<END
#!/bin/sh
# cloud-init from its unpacked Debian package; made by tests/setup/cloud-init.sh.
PYTHONPATH='$cache/root/usr/lib/python3/dist-packages' PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
exec /usr/bin/python3 -m cloudinit.cmd.main "\$@"
END
    chmod 755 "$program"
    works || die "the unpacked program does not run: $("$program" --version 2>&1 | tail -n 1)"
    say "unpacked $("$program" --version 2>&1 | tail -n 1)"
fi
printf '%s\n' "$program"
