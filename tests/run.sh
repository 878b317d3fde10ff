#!/usr/bin/env bash
# usage: tests/run.sh [OPTIONS OF CTEST...]
# Installs what is missing, builds the tests and the examples, and runs them all.
set -euo pipefail
# shellcheck source=../cmake/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cmake/setup.sh"

setup_machine
configure release
build release xgrad_tests
ctest --test-dir "$xgrad_root/build/release" --output-on-failure --no-label-summary -j"$(nproc)" "$@"
