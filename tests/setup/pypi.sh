#!/usr/bin/env bash
# Makes an environment of Python in the cache with programs from PyPI that tests and labs run, and prints its folder of
# programs. Usage: tests/setup/pypi.sh NAME [VERSION]. Runs as often as you like; a second run only prints the path.
#   ansible    ansible-core, the collections ansible.netcommon and ansible.utils, and what they need for NETCONF
#   aws        moto's server (EBS direct API, EC2, metadata service), boto3, cfn-lint
#   cot        COT, the Common OVF Tool
#   heat       Heat's own code, which validates templates
#   ncclient   the NETCONF client that most programs use
#   openstack  Keystone, Glance and their client: the real services, on SQLite
#   sbom       what judges bills of materials: SPDX's own tools, CycloneDX's library with its schemas
# VERSION is that of the first package, in place of the one that is tested.
set -euo pipefail
export LC_ALL=C.UTF-8

say() { printf 'pypi: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
usage() { die "Usage: $0 ansible|aws|cot|heat|ncclient|openstack|sbom [VERSION]"; }

# The first package, what comes with it, and the modules that must load.
name=${1-}
more=()
case $name in
    ansible) package=ansible-core version=2.19.14 more=(ncclient==0.7.1 jxmlease==1.0.3 xmltodict==1.0.2) modules='ansible, jxmlease, ncclient, xmltodict' ;;
    aws) package='moto[server,ebs,ec2]' version=5.2.5 more=(boto3==1.44.8 cfn-lint==1.58.0) modules='moto.server, moto.ebs, boto3, cfnlint' ;;
    cot) package=cot version=2.2.1 modules=COT ;;
    heat) package=openstack-heat version=27.0.1 modules=heat.engine.template ;;
    ncclient) package=ncclient version=0.7.1 modules=ncclient.manager ;;
    openstack) package=glance version=33.0.0 more=(keystone==30.0.0 python-openstackclient==10.5.0) modules='keystone.server, glance.common.wsgi_app, openstackclient' ;;
    sbom) package=spdx-tools version=0.8.5 more=('cyclonedx-python-lib[json-validation]==11.12.0') modules='spdx_tools.spdx, cyclonedx.validation.json' ;;
    *) usage ;;
esac
[ $# -le 2 ] || usage
version=${2:-$version}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cache=${DAYBREAK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daybreak}/python
place=$cache/$name-$version

pip() { "$place/bin/pip" --quiet --disable-pip-version-check --no-input "$@" >&2; }
loads() { "$place/bin/python" -c "import $modules" 2>/dev/null; }
can_make() { /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null; }

# The registry of Ansible's collections may be out of reach, so they come from the bundle; of its hundred, two are needed.
collections() {
    pip download --no-deps --dest "$place/bundle" ansible==12.3.0
    "$place/bin/python" - "$place/bundle" <<'EOF'
import pathlib, sys, sysconfig, zipfile
wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
wanted = ("ansible_collections/ansible/netcommon/", "ansible_collections/ansible/utils/")
wheel.extractall(sysconfig.get_path("purelib"), [name for name in wheel.namelist() if name.startswith(wanted)])
EOF
    rm -r "$place/bundle"
    "$place/bin/ansible-doc" ansible.netcommon.netconf_config >/dev/null 2>&1 || die "the collections of Ansible do not load"
}

mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock -w 1200 9 || die "another setup holds $cache/$name.lock for more than 20 minutes"

# Loading takes seconds with some: the mark is made after it worked once. A new Python of the machine ends it.
made=$(/usr/bin/python3 --version)
if [ "$(cat "$place/works" 2>/dev/null)" != "$made" ]; then
    can_make || "$here/packages.sh" >&2 || die "python3-venv is missing; run once as root: make setup"
    rm -rf "$place"
    trap '[ -e "$place/works" ] || rm -rf "$place"' EXIT
    /usr/bin/python3 -m venv "$place"
    pip install "$package==$version" "${more[@]}"
    [ "$name" != ansible ] || collections
    loads || die "$package $version was installed but does not load: $("$place/bin/python" -c "import $modules" 2>&1 | tail -n 1)"
    printf '%s\n' "$made" >"$place/works"
    say "installed $package $version"
fi
printf '%s\n' "$place/bin"
