#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh [NAME ...] -- all tests, or those whose name contains a NAME.
#
# Each is one line here and one log in build/test/.  What needs something
# that is not there says so and counts as skipped, never as passed.
set -u
cd "$(dirname "$0")/.." || exit 2
logs=build/test
mkdir -p "$logs"
wanted="$*"
passed=0
failed=0
skipped=0
werror=-DSTRIPTLS_WERROR=ON

# check NAME COMMAND ...: status 0 passes, 77 was skipped.
check() {
	name=$1
	shift
	if [ -n "$wanted" ]; then
		hit=
		for w in $wanted; do
			case $name in *"$w"*) hit=1 ;; esac
		done
		[ -n "$hit" ] || return 0
	fi
	log=$logs/$name.log
	begin=$(date +%s)
	"$@" >"$log" 2>&1 </dev/null
	status=$?
	took=$(($(date +%s) - begin))
	case $status in
	0)	passed=$((passed + 1))
		echo "ok       $name (${took} s): $(tail -n 1 "$log")" ;;
	77)	skipped=$((skipped + 1))
		echo "skipped  $name: $(tail -n 1 "$log")" ;;
	*)	failed=$((failed + 1))
		tail -n 60 "$log"
		echo "FAILED   $name (${took} s), status $status; log: $log" ;;
	esac
	return 0
}

build() {
	preset=$1
	shift
	cmake --preset "$preset" $werror "$@" && cmake --build --preset "$preset"
}

unit() {
	ctest --test-dir "build/$1" --output-on-failure --no-tests=error -j 2
}

manuals() {
	# referenced manuals of ours need not be installed
	mandoc -Tlint -W warning sensor/striptls-sensor.8 \
	    analyzer/striptls-analyzer.1 && python3 tests/tools/grades.py &&
	    echo "manuals are clean"
}

# Nothing of this machine, and nothing half done, is in the tree.
tree() {
	bad=0
	if git grep -nE 'TODO|FIXME|XXX[^X]' -- '*.c' '*.h' '*.py' '*.sh' \
	    ':!tests/run.sh' | grep -vE 'XXXX'; then
		bad=1
	fi
	if git grep -nE '/(root|home)/[a-z]' -- ':!*.pcap' ':!tests/run.sh' |
	    grep -v 'ProtectHome'; then
		bad=1
	fi
	for f in $(git ls-files '*.c' '*.h' '*.sh' '*.py' '*.def' '*.sql'); do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: ISC' || {
			echo "$f: no SPDX line"
			bad=1
		}
	done
	for f in $(git ls-files '*.c' '*.h'); do
		n=$(wc -l <"$f")
		[ "$n" -le 600 ] || { echo "$f: $n lines"; bad=1; }
	done
	[ $bad -eq 0 ] && echo "the tree is in order"
}

asan=build/asan/striptls-sensor
release=build/release/striptls-sensor

check layering tests/layering.sh
check tree tree
check manuals manuals
check talks python3 tests/tools/talk_test.py
# "dev run" leaves the tests out of the same folder
check build-release build release -DSTRIPTLS_TESTS=ON
check unit-release unit release
check build-clang build release-clang
check build-asan build asan
check unit-asan unit asan
check golden python3 tests/golden/run.py --sensor $asan
check truth python3 tests/lab/truth.py --sensor $asan
check verdicts python3 tests/lab/verdicts.py --sensor $release
check policies python3 tests/lab/policies.py --sensor $release
check policies-live python3 tests/lab/policies.py --live --sensor $release
check promises python3 tests/lab/dane_sessions.py build/asan
check promises-live python3 tests/lab/dane_sessions.py --live build/asan
check dns python3 tests/lab/dns.py --sensor $asan
check dns python3 tests/lab/dns/run.py --ask build/asan/tests/policy_ask \
    --lab ../shared/pcaps/lab
check metamorphic python3 tests/lab/metamorphic.py --quick --sensor $release
check history python3 tests/lab/history.py --sensor $release
check generated python3 tests/bench/truth.py build/release --sessions 1000
check analyzer tests/cli/run.sh build/asan/striptls-analyzer
check life python3 tests/cli/life.py build/asan
check sensor python3 tests/cli/sensor.py build/asan
check tlsa python3 tests/cli/tlsa.py build/asan
check export python3 tests/cli/export.py build/asan
check tlsa-others python3 tests/lab/tlsa_cross.py build/asan
check dane-others python3 tests/lab/finger.py build/asan
check check python3 tests/lab/check.py build/asan
check live python3 tests/cli/live.py build/asan
check posture python3 tests/lab/posture.py --sensor $asan
check late python3 tests/lab/late.py build/asan
check confirm python3 tests/cli/confirm.py build/asan
check sts python3 tests/cli/sts.py build/asan
check early python3 tests/cli/early.py build/asan
check flood python3 tests/lab/flood.py build/release
check install python3 tests/cli/install.py build/release
check build-tsan build tsan
check threads python3 tests/cli/threads.py build/tsan
check build-fuzz build fuzz
check fuzz tests/fuzz/run.sh build/fuzz/tests "${FUZZ:-40000runs}"

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
