#!/bin/sh
# SPDX-License-Identifier: ISC
# check.sh -- smtpgen judged by others: the same seed gives the same octets,
# and tshark and openssl find in them what the truth says.
#
# usage: check.sh SMTPGEN
set -eu
[ $# -eq 1 ] || { echo "usage: check.sh SMTPGEN" >&2; exit 2; }
gen=$1
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

"$gen" -n 400 --seed 7 --size small --badcert 20 --ipv6 30 --noise 30 \
    -w "$d/a.pcap" -t "$d/a.tsv" 2>/dev/null
"$gen" -n 400 --seed 7 --size small --badcert 20 --ipv6 30 --noise 30 \
    -w "$d/b.pcap" -t "$d/b.tsv" 2>/dev/null
cmp "$d/a.pcap" "$d/b.pcap" || fail "two runs differ"
cmp "$d/a.tsv" "$d/b.tsv" || fail "two truths differ"
[ "$(wc -l <"$d/a.tsv")" -eq 401 ] || fail "not 400 lines of truth"
echo "ok: the same octets twice"

command -v tshark >/dev/null || {
	echo "skipped: no tshark, the contents were not checked"
	exit 0
}

dissect() {
	tshark -n -r "$d/$1.pcap" -o tcp.check_checksum:TRUE \
	    -o ip.check_checksum:TRUE -Y "$2" -T fields -e ip.dst -e ipv6.dst \
	    -e tcp.dstport -e ip.src -e ipv6.src ${3:+-e} ${3:+"$3"} 2>/dev/null
}

"$gen" -n 400 --seed 7 --size small --badcert 20 --ipv6 30 --reorder 0 \
    --retrans 0 -w "$d/a.pcap" -t "$d/a.tsv" 2>/dev/null
bad=$(dissect a 'tcp.checksum.status == 0 || ip.checksum.status == 0 ||
    tcp.analysis.lost_segment || tcp.analysis.retransmission ||
    tcp.analysis.out_of_order || _ws.malformed' | wc -l)
[ "$bad" -eq 0 ] ||
    fail "$bad packets malformed, or with a wrong checksum or sequence number"
echo "ok: checksums, sequence numbers, no malformed packet"

awk -F'\t' 'NR > 1 && $11 == "yes" { print $5 ":" $6 ">" $7 }' "$d/a.tsv" |
    sort >"$d/want"
dissect a 'smtp.rsp.parameter == "STARTTLS"' |
    awk -F'\t' '{ print $1 $2 ":" $3 ">" $4 $5 }' | sort >"$d/got"
[ -s "$d/want" ] && cmp "$d/want" "$d/got" || fail "offers of STARTTLS"
echo "ok: $(wc -l <"$d/got") offers of STARTTLS as in the truth"

awk -F'\t' 'NR > 1 && $2 == "tls12" { print $5 ":" $6 ">" $7, $17 }' \
    "$d/a.tsv" | sort >"$d/want"
dissect a 'tls.handshake.type == 11' tls.handshake.certificate |
    python3 -c '
import hashlib, sys
for line in sys.stdin:
    f = line.rstrip("\n").split("\t")
    leaf = bytes.fromhex(f[5].split(",")[0].replace(":", ""))
    print(f"{f[0]}{f[1]}:{f[2]}>{f[3]}{f[4]}",
          hashlib.sha256(leaf).hexdigest())' | sort >"$d/got"
[ -s "$d/want" ] && cmp "$d/want" "$d/got" || fail "certificates"
echo "ok: $(wc -l <"$d/got") leaf certificates as in the truth"

command -v openssl >/dev/null || {
	echo "skipped: no openssl, the chain was not verified"
	exit 0
}
"$gen" -n 60 --seed 9 --size small --mix tls12=1 -w "$d/c.pcap" \
    --ca "$d/root.pem" 2>/dev/null
dissect c 'tls.handshake.type == 11' tls.handshake.certificate | head -1 |
    python3 -c '
import ssl, sys
ders = sys.stdin.read().rstrip("\n").split("\t")[5].split(",")
for name, der in zip(sys.argv[1:], ders):
    with open(name, "w") as f:
        f.write(ssl.DER_cert_to_PEM_cert(
            bytes.fromhex(der.replace(":", ""))))' "$d/leaf.pem" "$d/mid.pem"
openssl verify -attime 1700000000 -CAfile "$d/root.pem" \
    -untrusted "$d/mid.pem" "$d/leaf.pem" >/dev/null ||
    fail "the chain does not verify"
echo "ok: the chain verifies"
