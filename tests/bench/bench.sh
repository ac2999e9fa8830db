#!/bin/sh
# SPDX-License-Identifier: ISC
# What "./dev bench" runs: bench.py on the Release build.
cd "$(dirname "$0")/../.." || exit 2
exec python3 tests/bench/bench.py build/release "$@"
