#!/bin/sh
# SPDX-License-Identifier: ISC
# What "./dev bench" runs: bench.py on the build that is packed.
cd "$(dirname "$0")/../.." || exit 2
exec python3 tests/bench/bench.py build/trained "$@"
