#!/usr/bin/env bash
# Runs cargo's tests with nextest where it is installed (a process per test, in parallel), else with `cargo test`.
# Arguments are those of `cargo test`.
set -euo pipefail
if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run "${@/#--profile/--cargo-profile}"
fi
exec cargo test "$@"
