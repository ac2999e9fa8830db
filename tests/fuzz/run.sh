#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh FOLDER SECONDS|Nruns -- every fuzz target of FOLDER for SECONDS each,
# from the seeds in the tree; "20000runs": that many inputs from a fixed seed
# and an empty corpus, the same in every run, as a test must be.
# New inputs go to a folder of their own under FOLDER; a report stops the
# target and its input is kept there.
set -u
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0
case $2 in
*runs)	corpora=$folder/corpus-fixed
	bound="-seed=1 -runs=${2%runs}"
	rm -rf "$corpora" ;;
*)	corpora=$folder/corpus
	bound=-max_total_time=$2 ;;
esac
for target in "$folder"/*_fuzz; do
	[ -x "$target" ] || continue
	name=$(basename "$target" _fuzz)
	corpus=$corpora/$name
	mkdir -p "$corpus"
	seeds=$here/seeds/$name
	[ -d "$seeds" ] || { echo "$name: no seeds"; failed=$((failed + 1)); continue; }
	begin=$(date +%s)
	# $bound is two words on purpose
	# shellcheck disable=SC2086
	if "$target" $bound -timeout=5 -rss_limit_mb=2048 \
	    -max_len=65536 -artifact_prefix="$corpus/report-" -print_final_stats=1 \
	    "$corpus" "$seeds" >"$folder/$name.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$name.log")
		echo "$name: $runs inputs in $(($(date +%s) - begin)) s, no report"
		passed=$((passed + 1))
	else
		tail -30 "$folder/$name.log"
		echo "$name: FAILED, see $folder/$name.log"
		failed=$((failed + 1))
	fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
