#!/bin/sh
# SPDX-License-Identifier: ISC
# Run the cases of *.cli against an analyzer: run.sh PROGRAM [CASES...]
exec python3 "$(dirname "$0")/run.py" "$@"
