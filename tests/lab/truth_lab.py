# SPDX-License-Identifier: ISC
"""truth_lab.py -- what TRUTH.tsv of the lab says, in v_sessions' words.

Each function gives, for one row, (field, wanted values): any of them will
do.  A value None is null.
"""

BANNER_KEPT = 90
OFFER = {"yes": "offered", "no": "absent", "mangled": "masked"}


def key(row):
    return (row["client"], int(row["client_port"]), row["server"],
            int(row["server_port"]))


def known(text):
    return None if text == "-" else text


def hellos(row):
    greeting = known(row["greeting"])
    return "hellos", [greeting.split("+") if greeting else []]


def offer(row):
    if row["starttls_offered"] in OFFER:
        return "offer", [OFFER[row["starttls_offered"]]]
    if row["greeting"].startswith(("EHLO:4", "EHLO:5")):
        return "offer", ["ehlo-refused"]
    return "offer", ["not-asked"]


def starttls(row):
    command = known(row["starttls_command"])
    yield "starttls_command", [command]
    if command is None:
        yield "starttls", ["not-sent"]
    elif command.upper() == "STARTTLS":
        yield "starttls", ["sent"]
    else:
        yield "starttls", ["masked"]
    reply = known(row["starttls_reply"])
    yield "starttls_reply", [int(reply[:3]) if reply else None]


def tls(row):
    """How far TLS came; where it failed, by whose doing."""
    result, failure, alert = row["tls_result"], [None], None
    if row["tls_started"] == "-":
        # accepted, and then no ClientHello: that failed too
        accepted = row["starttls_reply"].startswith("2")
        yield "tls", ["failed" if accepted else "none"]
        failure = ["no-hello", "plaintext"] if accepted else [None]
    elif result.startswith("complete"):
        yield "tls", ["established"]
    else:
        yield "tls", ["failed"]
        why = result.removeprefix("failed: ")
        if why.startswith("alert from "):
            alert = why.split()[-1]
        failure = {"alert": ["alert"], "not TLS": ["garbage", "plaintext"],
                   "no answe": ["reset", "closed", "timeout"],
                   "aborted": ["alert", "reset", "closed"]}[
                       "alert" if alert else
                       "aborted" if why == "aborted" else
                       why[:8] if why[:8] == "no answe" else "not TLS"]
    yield "tls_failure", failure
    if alert is not None:
        yield "tls_alert", [alert]
    yield "tls_version", [known(row["tls_version"])]
    yield "sni", [known(row["sni"])]


def certificate(row):
    digest = known(row["cert_sha256"])
    if digest == "encrypted":
        yield "certificate", ["hidden"]
        digest = None
    elif digest is not None:
        yield "certificate", ["visible"]
    elif row["tls_version"] != "-":
        yield "certificate", ["hidden", "none"]	# resumed, or anonymous
    else:
        yield "certificate", [None]
    yield "certificate_sha256", [digest]


def mails(row):
    accepted = int(row["plain_mails_accepted"])
    yield "mails_in_clear", [accepted]
    domains = known(row["plain_rcpt_domains"])
    yield "rcpt_domains", [sorted(domains.split(",")) if domains else []]
    if accepted:
        yield "protection", ["cleartext"]


def greeting(row):
    """The table keeps the beginning of a long banner."""
    first = row["banner"].split(" / ")[0]
    yield "greeting_code", [int(first[:3]) if first else None]
    if len(first) < BANNER_KEPT:
        yield "banner", [first[4:] if first else None]


def end(row, closed):
    """`closed`: both FINs came before the first RST; then a RST says
    nothing more about the conversation."""
    who = [note.split(":")[1] for note in row["notes"].split(",")
           if note.startswith("rst:")]
    if not who:
        return "end", ["fin"] if closed else ["open", "fin"]
    words = ["reset-" + one for one in who[0].split("+")]
    if len(words) > 1:		# the table has every RST, fitting or not
        words.append("reset-both")
    return "end", words + ["fin"] if closed else words


def conflicts(row):
    for note in row["notes"].split(","):
        if note.startswith("server-conflicting-bytes:"):
            return "conflict_octets", [int(note.split(":")[1])]
    return "conflict_octets", [0]


def wanted(row, closed):
    """Everything the row says."""
    yield hellos(row)
    yield offer(row)
    yield "offer_token", [known(row["offer_token"])]
    for facts in (starttls, tls, certificate, mails, greeting):
        yield from facts(row)
    yield end(row, closed)
    yield conflicts(row)
    if "no-SYN-in-capture" not in row["notes"]:
        yield "handshake", ["syn+synack"]
