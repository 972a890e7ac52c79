#!/usr/bin/env bash
# Makes a Python environment in the cache with ansible-core, the collections ansible.netcommon and ansible.utils and what
# they need for NETCONF; prints its folder of programs.
# Usage: tests/setup/ansible.sh [VERSION]. Runs as often as you like; a second run only prints the path.
set -euo pipefail
export LC_ALL=C.UTF-8

version=${1:-2.19.14}
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/ansible
place=$cache/$version

say() { printf 'ansible: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
works() {
    "$place/bin/ansible-inventory" --version >/dev/null 2>&1 &&
        "$place/bin/ansible-doc" ansible.netcommon.netconf_config >/dev/null 2>&1 &&
        "$place/bin/python" -c 'import jxmlease, ncclient, xmltodict' 2>/dev/null
}
can_make() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 600 9 || die "another setup holds $cache/lock for more than 10 minutes"

if ! works; then
    can_make || "$here/packages.sh" >&2 || die "python3-venv is missing; run once as root: make setup"
    rm -rf "$place"
    trap 'works || rm -rf "$place"' EXIT
    /usr/bin/python3 -m venv "$place"
    pip() { "$place/bin/pip" --quiet --disable-pip-version-check --no-input "$@" >&2; }
    pip install "ansible-core==$version" ncclient==0.7.1 jxmlease==1.0.3 xmltodict==1.0.2
    # The collections' own registry may be out of reach, so they come from the bundle; of its hundred, two are needed.
    pip download --no-deps --dest "$place/bundle" ansible==12.3.0
    "$place/bin/python" - "$place/bundle" <<'EOF'
import pathlib, sys, sysconfig, zipfile
wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
wanted = ("ansible_collections/ansible/netcommon/", "ansible_collections/ansible/utils/")
wheel.extractall(sysconfig.get_path("purelib"), [name for name in wheel.namelist() if name.startswith(wanted)])
EOF
    rm -r "$place/bundle"
    works || die "ansible-core $version was installed but does not run: $("$place/bin/ansible-inventory" --version 2>&1 | tail -n 1)"
    say "installed ansible-core $version"
fi
printf '%s\n' "$place/bin"
