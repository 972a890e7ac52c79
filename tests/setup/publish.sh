#!/usr/bin/env bash
# Makes a Python environment in the cache with the clouds that the image is published to in tests, and what judges the
# examples; prints its folder of programs.
# Usage: tests/setup/publish.sh aws|openstack|heat. Runs as often as you like; a second run only prints the path.
#   aws        moto's server (EBS direct API, EC2, metadata service), boto3, cfn-lint
#   openstack  Keystone, Glance and their client: the real services, on SQLite
#   heat       Heat's own code, which validates templates
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
say() { printf 'publish: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

case ${1-} in
    aws)
        packages=('moto[server,ebs,ec2]==5.2.5' boto3==1.44.8 cfn-lint==1.58.0)
        modules='moto.server, moto.ebs, boto3, cfnlint' version=moto-5.2.5
        ;;
    openstack)
        packages=(keystone==30.0.0 glance==33.0.0 python-openstackclient==10.5.0)
        modules='keystone.server, glance.common.wsgi_app, openstackclient' version=glance-33.0.0
        ;;
    heat)
        packages=(openstack-heat==27.0.1)
        modules='heat.engine.template' version=heat-27.0.1
        ;;
    *) die "Usage: $0 aws|openstack|heat" ;;
esac
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/publish
place=$cache/$version

works() { "$place/bin/python" -c "import $modules" 2>/dev/null; }
can_make() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

mkdir -p "$cache"
exec 9>"$cache/lock"
flock -w 1200 9 || die "another setup holds $cache/lock for more than 20 minutes"

# Importing takes seconds; the mark is made after it worked once.
if ! [ -e "$place/works" ]; then
    can_make || "$here/packages.sh" >&2 || die "python3-venv is missing; run once as root: make setup"
    rm -rf "$place"
    trap '[ -e "$place/works" ] || rm -rf "$place"' EXIT
    /usr/bin/python3 -m venv "$place"
    "$place/bin/pip" --quiet --disable-pip-version-check --no-input install "${packages[@]}" >&2
    works || die "$version was installed but does not run: $("$place/bin/python" -c "import $modules" 2>&1 | tail -n 1)"
    touch "$place/works"
    say "installed $version"
fi
printf '%s\n' "$place/bin"
