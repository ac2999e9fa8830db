#!/bin/sh
# SPDX-License-Identifier: ISC
# What "./dev bench" runs: bench.py on the Release build.
exec python3 "$(dirname "$0")/bench.py" build/release "$@"
