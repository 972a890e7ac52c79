#!/usr/bin/env bash
# Installs the Debian packages named in the lists given as arguments (default: packages.txt beside this script).
# Asks nothing and starts nothing; what is installed already is left alone, so a second run only looks.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
lists=("$@")
[ ${#lists[@]} -gt 0 ] || lists=("$here/packages.txt")

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Names of the lists, without comments.
wanted() { sed -e 's/#.*//' -- "${lists[@]}" | tr -s ' \t' '\n' | sed '/^$/d' | sort -u; }

# Of the names on stdin, those that dpkg does not hold installed.
absent() {
    local names
    mapfile -t names
    comm -23 <(printf '%s\n' "${names[@]}" | sort) \
        <(dpkg-query -W -f '${Package}|${db:Status-Status}\n' "${names[@]}" 2>/dev/null | sed -n 's/|installed$//p' | sort -u)
}

command -v apt-get >/dev/null || die "this machine has no apt-get; the labs need Debian 12. Needed packages:" "$(wanted | tr '\n' ' ')"
mapfile -t missing < <(wanted | absent)
if [ ${#missing[@]} -eq 0 ]; then
    say "all $(wanted | wc -l) packages are there"
    exit 0
fi
say "to install: ${missing[*]}"
[ "$(id -u)" -eq 0 ] || die "not root, so nothing was installed. Run this once as root: sudo make setup"

apt() {
    apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null >&2
}

# No package may start a daemon here: a DHCP or TFTP server on the machine's own network harms its neighbours.
# policy-rc.d stops the start at install time; taking the enabling links away stops it at the next boot.
policy=/usr/sbin/policy-rc.d
enabling_links() { find /etc/systemd/system /etc/rc?.d \( -path '*.wants/*' -o -name 'S[0-9]*' \) -type l 2>/dev/null | sort; }
before=$(mktemp)
made_policy=
finish() {
    [ -z "$made_policy" ] || rm -f "$policy"
    rm -f "$before"
}
trap finish EXIT
trap 'exit 130' INT TERM
enabling_links >"$before"
if [ ! -e "$policy" ]; then
    made_policy=yes
    printf '#!/bin/sh\n# Daybreak setup is installing packages and starts none of their services.\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

disable_new_services() {
    local link unit
    while read -r link; do
        unit=$(basename "$link")
        case "$link" in
            *.wants/*.service | *.wants/*.socket | *.wants/*.path) rm -f "$link" ;;
            */rc?.d/S*) mv -f "$link" "${link%/*}/K01${unit#S??}" ;;
            *) continue ;;
        esac
        say "left off: ${unit} (its package would start it at boot)"
    done < <(enabling_links | comm -13 "$before" -)
}

# shellcheck disable=SC2016  # the fields are for apt, not for the shell
# Where qemu-utils came from backports, the emulator must too: Debian's own one conflicts with it.
# The archive's address is taken from the suite that the machine already uses.
add_backports() {
    local codename base file=/etc/apt/sources.list.d/daybreak-backports.sources
    # shellcheck disable=SC1091  # the machine's own file
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    backports="$codename-backports"
    if apt-get indextargets --format '$(RELEASE)|$(CODENAME)' 2>/dev/null | grep -q "|$backports\$"; then
        return 0
    fi
    base=$(apt-get indextargets --format '$(BASE_URI)|$(CODENAME)|$(COMPONENT)|$(CREATED_BY)' 2>/dev/null |
        sed -n "s#/dists/$codename/|$codename|main|Packages\$##p" | head -n 1)
    [ -n "$base" ] || die "cannot tell from which archive $codename comes (apt-get indextargets); add $backports by hand"
    say "adding $backports from the archive that $codename comes from ($file)"
    {
        printf 'Types: deb\nURIs: %s/\nSuites: %s\nComponents: main\n' "$base" "$backports"
        [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
            printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
    } >"$file"
}

qemu=()
if printf '%s\n' "${missing[@]}" | grep -qx qemu-system-x86 &&
    dpkg-query -W -f '${Version}' qemu-utils 2>/dev/null | grep -q '~bpo'; then
    add_backports
    qemu=(qemu-system-x86 qemu-system-common qemu-system-data qemu-utils seabios)
fi

apt update || say "some package lists could not be fetched; going on with what is there"
if [ ${#qemu[@]} -gt 0 ]; then
    apt install -t "$backports" "${qemu[@]}"
    mapfile -t missing < <(wanted | absent)
fi
[ ${#missing[@]} -eq 0 ] || apt install "${missing[@]}"
disable_new_services

mapfile -t missing < <(wanted | absent)
[ ${#missing[@]} -eq 0 ] || die "apt-get ended well, yet these are not installed: ${missing[*]}"
say "done"
