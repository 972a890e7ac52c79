#!/usr/bin/env bash
# Runs a set of labs: `test` are those of `make test`, `pairs` is every pair of medium, firmware and data source, `matrix` all
# with each other and what else takes hours. Two at a time with nextest, because one lab alone waits for half of its time, else
# one after another with `cargo test`. Further arguments are those of `cargo test`.
set -euo pipefail
set=${1:?test, pairs or matrix}
shift
case $set in
test) filter='kind(test) and not test(/^matrix_/)' plain=(--test '*' -- --ignored --skip matrix_) ;;
pairs) filter='binary(pairs)' plain=(--test pairs -- --ignored) ;;
matrix) filter='kind(test) and test(/^matrix_/) and not binary(pairs)' plain=(--test '*' -- --ignored matrix_) ;;
*) echo "labs.sh: no set $set; there are test, pairs and matrix" >&2 && exit 2 ;;
esac
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run "${@/#--profile/--cargo-profile}" --run-ignored only --test-threads 2 -E "$filter"
fi
exec cargo test "$@" "${plain[@]}" --test-threads=1
