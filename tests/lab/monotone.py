# SPDX-License-Identifier: ISC
"""monotone.py -- what a session may look like when less of it was captured.

RULES has a line for each column of v_sessions.  A rule is asked about the
value in the shorter capture (`got`), the value in the whole one (`full`) and
both sessions; it says whether `got` contradicts nothing.  The same rules
hold for a capture cut short and for one that missed a frame, but for those
in RULES_LOSS.
"""


def same(got, full, _):
    return got == full


def free(*_):
    """Counts of how it was captured, not of what was said."""
    return True


def unseen(*words):
    """As in the whole, or one of the words for "not seen (yet)"."""
    return lambda got, full, _: got == full or got in words


def null(got, full, _):
    return got is None or got == full


def fewer(got, full, _):
    return got is None or (full is not None and got <= full)


def begins(got, full, _):
    """A list that was still growing, or a line whose end is missing."""
    return got is None or (full is not None and got == full[:len(got)])


def some(got, full, _):
    return got is None or all(one in (full or []) for one in got)


def several(rule):
    """Of more than one EHLO the last counts, and it may not be there yet."""
    return lambda got, full, pair: (rule(got, full, pair) or
                                    len(pair[1]["hellos"]) > 1)


def by_mail(got, full, pair):
    """The sender of the last mail, which may not be there yet."""
    return null(got, full, pair) or pair[1]["mail_commands"] > 1


WITNESSES = (None, "banner", "dns", "mx", "sni")


def witness(got, full, _):
    return WITNESSES.index(got) <= WITNESSES.index(full)


def by_name(got, full, pair):
    """A name gives way to one from a better witness."""
    got_from, full_from = (one["server_name_from"] for one in pair)
    return null(got, full, pair) or (got_from != full_from and
                                     witness(got_from, full_from, pair))


def protocol(got, full, _):
    """The greeting of an LMTP server is like that of SMTP."""
    return got in (full, "none") or (got, full) == ("smtp", "lmtp")


def hello(got, full, pair):
    return got in (full, None) or any(
        one.startswith(got + ":") for one in pair[1]["hellos"])


def hellos(got, full, _):
    """The last one may lack its reply."""
    if len(got) > len(full):
        return False
    for n, (one, other) in enumerate(zip(got, full)):
        if one != other and not (n == len(got) - 1 and
                                 one == other.partition(":")[0] + ":0"):
            return False
    return True


def hellos_loss(got, full, _):
    """Any may be missing, and any may lack its reply."""
    left = iter(full)
    return all(any(one == other or one == other.partition(":")[0] + ":0"
                   for other in left) for one in got)


def gaps(got, full, _):
    """What is lacking may show in other words, and nothing else may."""
    return all(one in full or one.startswith("gap-in-") or
               one in ("truncated", "client-only", "server-only")
               for one in got)


def refused_first(pair):
    """MAIL was said, and refused until STARTTLS came: not sent so far."""
    got, full = pair
    return (got["end"] == "open" and got["mail_commands"] > 0 and
            got["mails_in_clear"] == 0 and got["starttls"] == "not-sent" and
            full["starttls"] == "sent")


def after_mail(rule):
    return lambda got, full, pair: rule(got, full, pair) or (
        got in ("not-sent", "none") and refused_first(pair))


# What is called otherwise once more was seen: an offer passed by after TLS
# failed is a retry as soon as a mail is given.
CALLED_LATER = {"starttls-unused": "cleartext-retry"}


def is_called(kind, other):
    return other in (kind, CALLED_LATER.get(kind))


def kinds(got, full, _):
    return all(any(is_called(one, other) for other in full or [])
               for one in got)


VERDICTS = ("undecided", "benign", "suspicious", "attack")
SEVERITIES = ("info", "low", "medium", "high", "critical")
CONFIDENCES = ("circumstantial", "strong", "certain")


def verdict(got, full, _):
    return VERDICTS.index(got) <= VERDICTS.index(full) or got == "undecided"


def end(got, full, _):
    """Closing goes on step by step."""
    return got in (full, "open") or (
        full.startswith("reset") and got == "fin") or (
        full == "reset-both" and got.startswith("reset"))


def end_loss(got, full, pair):
    """Without its FIN a connection ends by what came behind it."""
    return (end(got, full, pair) or got in ("idle", "replaced") or
            (full == "fin" and got.startswith("reset")))


COUNTS = ("missing_client", "missing_server", "resets_ignored",
          "unpaired_replies", "dialogue_dropped", "headers_unseen")


def mails(session):
    return (session["mails_in_clear"] +
            (session["more"] or {}).get("mails_unanswered", 0))


def more(got, full, pair):
    """Each rare fact is there in the whole as well, no count is greater;
    texts may lack their end.  A mail may lack its answer."""
    for key, value in (got or {}).items():
        other = (full or {}).get(key)
        if key in COUNTS or value == other:
            continue
        if key == "mails_unanswered" and mails(pair[0]) <= mails(pair[1]):
            continue
        if other is None or type(value) is not type(other):
            return False
        if isinstance(value, str) and not other.startswith(value):
            return False
        if isinstance(value, int) and value > other:
            return False
    return True


RULES = {
    # whose
    "id": free, "sensor": same, "source": free, "started_at": free,
    "ended_at": free, "community_id": same,
    "client_ip": same, "client_port": same,
    "server_ip": same, "server_port": same,
    "server_name": by_name, "server_name_from": witness,
    # SMTP
    "protocol": protocol, "hello": hello, "hello_name": several(begins),
    "hellos": hellos, "capabilities": several(null),
    "ehlo_reply": several(null), "offer": several(unseen("unseen")),
    "offer_token": several(null), "starttls": after_mail(unseen("unseen")),
    "starttls_command": null, "starttls_reply": null,
    "greeting_code": null, "banner": begins,
    # TLS
    "tls": after_mail(unseen("unseen")), "tls_failure": null, "tls_version": null,
    "tls_cipher": null, "tls_alert": null, "client_tls_version": null,
    "alpn": null, "sni": null, "ja3": null, "ja3s": null, "ja4": null,
    "resumed": fewer, "certificate": null, "certificate_sha256": null,
    "spki_sha256": null, "certificate_subject": null,
    "certificate_issuer": null, "certificate_san": null,
    "certificate_not_before": null, "certificate_not_after": null,
    "certificate_chain": null,
    # mail
    "protection": unseen("unknown"), "mails_in_clear": fewer,
    "mail_from_domain": by_mail, "rcpt_domains": begins,
    "auth_in_clear": null, "mail_commands": fewer, "rcpt_commands": fewer,
    "data_commands": fewer, "quit": fewer, "plain_after_220": fewer,
    # the capture
    "capture": unseen("partial"), "capture_gaps": gaps,
    "end": end, "handshake": unseen("syn-only"),
    "payload": unseen(None, "client-only", "server-only"),
    "missing_client": free, "missing_server": free,
    "conflict_octets": fewer, "octets_client": fewer,
    "octets_server": fewer, "packets": fewer, "vlan": null, "tunnel": some,
    "dialogue_dropped": free, "more": more,
    # the judgement
    "policy": same, "sts": same, "promise": same, "tlsa_matching": same,
    "confirmation": same, "unanswered": same,
    "tlsa_total": same, "verdict": verdict, "kinds": kinds,
}

RULES_LOSS = {**RULES,
              "hellos": hellos_loss, "rcpt_domains": some, "end": end_loss,
              "handshake": unseen("syn-only", "synack-only", "midstream"),
              "capture_gaps": lambda got, full, pair: gaps(
                  [one for one in got if one != "midstream"], full, pair),
              "banner": null, "offer": unseen("unseen"), "kinds": some,
              "starttls": unseen("unseen"), "tls": unseen("unseen")}


def contradictions(got, full, rules):
    """(field, got, full) for each that breaks its rule."""
    for field, value in got.items():
        rule = rules.get(field)
        if rule is None:
            yield field, "a column without a rule", "a line in monotone.py"
        elif not rule(value, full[field], (got, full)):
            yield field, value, full[field]


def finding_stands(got, all_full):
    """A finding of the shorter capture: in the whole one as well, there no
    less grave and no less sure."""
    return any(is_called(got["kind"], one["kind"]) and
               SEVERITIES.index(got["severity"]) <=
               SEVERITIES.index(one["severity"]) and
               CONFIDENCES.index(got["confidence"]) <=
               CONFIDENCES.index(one["confidence"]) for one in all_full)
