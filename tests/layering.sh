#!/bin/sh
# SPDX-License-Identifier: ISC
# layering.sh -- the rules of the road, enforced on includes.
#
# An include points left on the road, to sensor/base/ or to schema/; each
# library has one home.  Prints every breach; exits 1 if there is one.
set -u
cd "$(dirname "$0")/.." || exit 2
breaches=0
checked=0

# What files of a place may include, as an extended regular expression over
# the path between the quotes.
allowed() {
	case $1 in
	schema)		echo '^(schema/|schema_sql\.h$)' ;;
	sensor/base)	echo '^base/' ;;
	sensor/capture)	echo '^(base|capture)/' ;;
	sensor/decode)	echo '^(base|capture/capture\.h|decode/)' ;;
	sensor/dns)	echo '^(base/|decode/packet\.h$|dns/)' ;;
	sensor/flow)	echo '^(base|decode/packet\.h|flow/)' ;;
	sensor/smtp)	echo '^(base|smtp)/' ;;
	sensor/tls)	echo '^(base|tls)/' ;;
	sensor/session)	echo '^(base|schema|decode/packet\.h|dns/seen\.h|flow/flow\.h|smtp/smtp\.h|tls/|session/)' ;;
	sensor/policy)	echo '^(base|schema|policy)/' ;;
	sensor/baseline) echo '^((base|schema|session|baseline)/|tls/suite\.h$)' ;;
	sensor/detect)	echo '^(base|schema|session|baseline/past\.h|policy|detect)' ;;
	sensor/store)	echo '^(base|schema|session|baseline|policy|detect|flow|smtp|tls|store)' ;;
	sensor)		echo '.' ;;
	# policy/ judges what its live check gets; base/span.h is the type it
	# is given octets in, and base/log.h gives its messages our name
	analyzer)	echo '^([a-z_]+\.h$|analyzer/|schema/|policy/|base/(span|log)\.h$)' ;;
	esac
}

# Where a library may be used, by its header's name.
home_of() {
	case $1 in
	pcap*)		echo '^sensor/(capture/|store/evidence_file)' ;;
	openssl/evp.h)	echo '^sensor/(base/digest|tls/certificate|policy/)' ;;
	# policy/ knows no network: the handshake with a live server is
	# analyzer/starttls.c's
	openssl/ssl.h|openssl/err.h)
			echo '^(sensor/(tls/certificate|policy/)|analyzer/starttls\.c)' ;;
	openssl/*)	echo '^sensor/(tls/certificate|policy/)' ;;
	ldns/*|curl/*|seccomp.h)	echo '^sensor/policy/' ;;
	sqlite3.h)	echo '^(schema|sensor/store|sensor/baseline|analyzer)/' ;;
	cyaml/*)	echo '^sensor/config_file\.c' ;;
	maxminddb.h)	echo '^analyzer/geoip\.c' ;;
	libsmartcols*)	echo '^analyzer/' ;;
	cap-ng.h)	echo '^sensor/capture/privileges' ;;
	systemd/*)	echo '^sensor/[a-z_]+\.c' ;;
	*)		echo '.' ;;
	esac
}

for file in schema/*.[ch] sensor/*.[ch] sensor/*/*.[ch] analyzer/*.[ch]; do
	[ -f "$file" ] || continue
	place=$(dirname "$file")
	rule=$(allowed "$place")
	if [ -z "$rule" ]; then
		echo "$file: $place has no rule in tests/layering.sh"
		breaches=$((breaches + 1))
		continue
	fi
	for inc in $(sed -n 's/^#[ \t]*include "\([^"]*\)".*/\1/p' "$file"); do
		checked=$((checked + 1))
		echo "$inc" | grep -Eq "$rule" && continue
		echo "$file includes $inc: not left of $place on the road"
		breaches=$((breaches + 1))
	done
	for inc in $(sed -n 's/^#[ \t]*include <\([^>]*\)>.*/\1/p' "$file"); do
		checked=$((checked + 1))
		echo "$file" | grep -Eq "$(home_of "$inc")" && continue
		echo "$file includes <$inc>: not that library's home"
		breaches=$((breaches + 1))
	done
done

# Left of the queue nobody reads a clock.
clocks=$(grep -nE '\b(clock_(gettime|wall_us|steady_[a-z]+)|gettimeofday|time)\(' sensor/decode/*.c \
    sensor/dns/*.c \
    sensor/flow/*.c sensor/smtp/*.c sensor/tls/*.c sensor/session/*.c \
    2>/dev/null)
if [ -n "$clocks" ]; then
	echo "$clocks"
	echo "a clock is read left of the queue"
	breaches=$((breaches + 1))
fi

echo "layering: $checked includes checked, $breaches breaches"
[ "$checked" -gt 100 ] || { echo "too few includes: is this the tree?"; exit 1; }
[ "$breaches" -eq 0 ]
