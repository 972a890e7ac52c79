#!/usr/bin/env bash
# Builds the image twice from nothing in every format, in two folders with two caches, and compares every artefact byte by
# byte. Takes two cold builds. $DAYBREAK_BIN is the program (default: target/lab/daybreak); arguments go to `daybreak image build`.
set -euo pipefail

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
daybreak=${DAYBREAK_BIN:-$top/target/lab/daybreak}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/daybreak-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

build() {
    "$daybreak" image build "$top/image/appliance.yaml" --cache-dir "$work/$1/cache" --build-dir "$work/$1/build" --format all "${@:2}"
}

build one "$@"
# The archive may publish between the builds: the second one uses the lists and packages of the first.
mkdir -p "$work/two/cache"
cp -a "$work/one/cache/lists" "$work/one/cache/debs" "$work/two/cache/"
build two --no-update "$@"

for sums in "$work"/one/build/*/SHA256SUMS; do
    other=${sums/\/one\//\/two\/}
    if ! diff -u "$sums" "$other"; then
        echo "not reproducible: the digests above differ" >&2
        exit 1
    fi
    (cd "$(dirname "$other")" && sha256sum --check --strict --quiet SHA256SUMS)
    echo "reproducible: $(wc -l <"$sums") artefacts are the same in both builds"
done
