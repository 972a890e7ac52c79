#!/usr/bin/env bash
# Runs the labs that `make test` has: two at a time with nextest, because one lab alone waits for half of its time, else one
# after another with `cargo test`. Arguments are those of `cargo test`.
set -euo pipefail
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run "${@/#--profile/--cargo-profile}" --run-ignored only --test-threads 2 \
        -E 'kind(test) and not test(/^matrix_/)'
fi
exec cargo test "$@" --test '*' -- --ignored --skip matrix_ --test-threads=1
