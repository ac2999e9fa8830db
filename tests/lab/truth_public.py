# SPDX-License-Identifier: ISC
"""truth_public.py -- CONNECTIONS.tsv of the public captures, in v_sessions'
words; and which of those files may not be read to the end.

As truth_lab.py: (field, wanted values) for one row.
"""

CIPHER = {"0x0005": "TLS_RSA_WITH_RC4_128_SHA",
          "0xc02f": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "0x1302": "TLS_AES_256_GCM_SHA384"}
READ = {1, 0, 108, 101, 12, 14, 228, 229, 113, 276}	# link types we decode
# Where libpcap stops although the file is whole: to be read right, or
# refused with the reason.
LIMITS = ("pcap_loop: an interface has", "unsupported pcap",
          "the capture file has no Interface", "unknown data link type")
MAIL_PORTS = (25, 465, 587, 2525)


def key(row):
    return (row["client"], int(row["client_port"]), row["server"],
            int(row["server_port"]))


def words(text):
    return [] if text == "none" else text.split("+")


def hello(row):
    """Commands in order; a code for each EHLO, where one was seen."""
    codes, out = iter(words(row["ehlo_reply"])), []
    for command in words(row["hello"]):
        code = next(codes, None) if command == "EHLO" else None
        out.append((command, code))
    return "hellos", [out]


def offer(row):
    masked = bool(row["masked_keywords"])
    return "offer", {"yes": ["offered"],
                     "no": ["masked"] if masked else ["absent"],
                     "unknown": ["unseen", "ehlo-refused"],
                     "na": ["not-asked", "unseen"]}[row["starttls_offered"]]


def starttls(row):
    yield "starttls", [{"yes": "sent", "no": "not-sent",
                        "unknown": "unseen"}[row["starttls_sent"]]]
    reply = row["starttls_reply"]
    yield "starttls_reply", [None if reply == "none" else int(reply)]


def tls(row):
    if row["tls_version"]:
        yield "tls", ["established"]
        yield "tls_cipher", [CIPHER[row["tls_cipher"]]]
    elif row["tls_clienthello"] == "yes":
        yield "tls", ["failed", "unseen"]
        yield "tls_cipher", [None]
    elif row["starttls_reply"] == "220":
        yield "tls", ["failed", "unseen"]
    else:
        yield "tls", ["none"]
    version = row["tls_version"].replace("TLS", "TLSv") or None
    yield "tls_version", [version]
    version = row["tls_client_max"].replace("TLS", "TLSv") or None
    yield "client_tls_version", [version]
    yield "sni", [row["sni"] or None]
    yield "certificate_sha256", [row["leaf_sha256"] or None]
    yield "spki_sha256", [row["leaf_spki_sha256"] or None]
    if row["cert_visible"] == "yes":
        yield "certificate", ["visible"]
        yield "certificate_chain", [int(row["chain_len"])]


def mail(row):
    yield "mail_commands", [int(row["mail_plain"])]
    yield "rcpt_commands", [int(row["rcpt_plain"])]
    yield "data_commands", [int(row["data_plain"])]
    yield "mails_in_clear", [int(row["accepted_plain"])]
    mechanisms = row["auth_plain"].split("+")
    yield "auth_in_clear", [None] if mechanisms == ["no"] else mechanisms
    yield "quit", [int(row["quit"] == "yes")]
    yield "plain_after_220", [int(row["plain_after_220"] == "yes")]


def end(row):
    who = {"RST-C": "reset-client", "RST-S": "reset-server",
           "RST-CS": "reset-both"}
    marks = row["end"].split(",")
    want = [who[m] for m in marks if m in who]
    if "FIN" in marks:
        # "FIN" is said of one direction too
        want += ["fin"] if want else ["fin", "open"]
    return "end", want or ["open", "idle"]


def wanted(row):
    if row["kind"] == "not-smtp":
        yield "protocol", ["other", "none"]
        return
    yield "handshake", [row["handshake"]]
    yield "payload", [row["payload"]]
    code = row["greeting"]
    yield "greeting_code", [None if code == "none" else int(code)]
    yield hello(row)
    yield offer(row)
    for facts in (starttls, tls, mail):
        yield from facts(row)
    yield end(row)
    yield "missing_client", [int(row["gap_client"])]
    yield "missing_server", [int(row["gap_server"])]
    yield "conflict_octets", [int(row["conflict_bytes"])]


def statuses(index):
    """Exit statuses that fit a row of INDEX.tsv."""
    types = {int(t.rstrip(")").rpartition("(")[2])
             for t in index["link_types"].split(",") if t}
    if "file ends inside a record" in index["notes"]:
        return [1]
    if index["libpcap_error"].startswith(LIMITS) or not types <= READ:
        return [0, 1]
    return [1] if index["libpcap_error"] else [0]
