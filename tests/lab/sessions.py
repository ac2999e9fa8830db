# SPDX-License-Identifier: ISC
"""The cases of dane_sessions.py: dialogues, what the DNS says of where they
lead to, and what must come of them."""
import base64
import collections

ZONES = """$ORIGIN .
$TTL 600
;! zone dane.example: secure
dane.example. MX 10 mx.dane.example.
mx.dane.example. A 198.51.100.210
_25._tcp.mx.dane.example. TLSA 3 1 1 {d}
;! zone unusable.example: secure
unusable.example. MX 10 mx.unusable.example.
mx.unusable.example. A 198.51.100.211
_25._tcp.mx.unusable.example. TLSA 1 1 1 {d}
;! zone halfway.example: insecure
halfway.example. MX 10 mx.hosted.example.
;! zone hosted.example: secure
mx.hosted.example. A 198.51.100.212
_25._tcp.mx.hosted.example. TLSA 3 1 1 {d}
;! zone plain.example: secure
plain.example. MX 10 mx.plain.example.
mx.plain.example. A 198.51.100.213
;! zone open.example: insecure
open.example. MX 10 mx.open.example.
mx.open.example. A 198.51.100.214
;! zone bogus.example: bogus
bogus.example. MX 10 mx.bogus.example.
mx.bogus.example. A 198.51.100.215
;! zone expired.example: bogus
expired.example. MX 10 mx.expired.example.
mx.expired.example. A 198.51.100.216
;! zone onlytlsa.example: secure
;! zone _tcp.mx.onlytlsa.example: bogus
onlytlsa.example. MX 10 mx.onlytlsa.example.
mx.onlytlsa.example. A 198.51.100.217
_25._tcp.mx.onlytlsa.example. TLSA 3 1 1 {d}
""".replace("{d}", "07f0f300b72d799493f9a5a8d9ad81552b12a1cfcb00663236bbeba6e4f"
            "90076")

# domain, host, address, by what DNS promises
WHERE = {
    "dane-auth": ("dane.example", "mx.dane.example", "198.51.100.210"),
    "dane-tls": ("unusable.example", "mx.unusable.example",
                 "198.51.100.211"),
    "dane-half": ("halfway.example", "mx.hosted.example", "198.51.100.212"),
    "none-secure": ("plain.example", "mx.plain.example", "198.51.100.213"),
    "none-insecure": ("open.example", "mx.open.example", "198.51.100.214"),
    "must-not-deliver": ("bogus.example", "mx.bogus.example",
                         "198.51.100.215"),
}
BY_NAME = {"dane-half": "dane-auth", "must-not-deliver": "unknown"}
PROMISED = ("dane-auth", "dane-tls", "dane-half")

# want: by number of the connection (negative: from the last), what of it
Case = collections.namedtuple("Case", "name what source want policy secrets",
                              defaults=(True, ()))

MAIL = "mail a@sender.example b@{domain}\n"
BEGUN = """C MAIL FROM:<a@sender.example>
S 250 2.1.0 Ok
C RCPT TO:<b@{domain}>
"""
CLEAR = "greet {host} -\n"
OFFER = "greet {host}\n"
HEAD = "start 2026-03-01T10:00:00Z\n"


def connect(lines, n=0, where="dane-auth", at=None, port=25):
    """A connection of a client of its own."""
    domain, host, address = WHERE[where]
    when = "" if at is None else f"at {at}\n"
    return (f"client 192.0.{2 + n}.10:{41000 + n}\nserver {address}:{port}\n"
            f"{when}" + lines.replace("{domain}", domain).replace(
                "{host}", host))


def everywhere(name, what, lines, worst, of=(), **want):
    """The same with each destination; `worst` is the gravest severity.  By
    its name alone a host is known, and not which domain led there."""
    source, wants = HEAD, {}
    for n, where in enumerate(WHERE):
        source += connect(lines, n, where)
        wants[n] = {"policy": where, "worst": worst[where], **want}
        if "{domain}" not in lines:
            wants[n]["policy"] = BY_NAME.get(where, where)
        if where in PROMISED:
            wants[n]["of"] = {
                kind: (severity[where], because, words)
                for kind, severity, because, words in of}
    return Case(name, what, source, wants)


def grades(auth, half, none, failed, tls=None):
    """A row of the table: severities by policy."""
    return {"dane-auth": auth, "dane-tls": tls or auth, "dane-half": half,
            "none-secure": none, "none-insecure": none,
            "must-not-deliver": failed}


def one(name, what, lines, policy=True, secrets=(), **want):
    """With the destination that promises everything."""
    return Case(name, what, HEAD + connect(lines), {0: {
        "policy": "dane-auth" if policy else "unknown", **want}}, policy,
        secrets)


def offers():
    yield everywhere(
        "S01", "no STARTTLS, the client quits",
        CLEAR + "quit\n",
        grades("medium", "medium", "nothing", "nothing"),
        offer="absent", protection="no-mail", of=(
            ("starttls-absent", grades("medium", "medium", "", ""), "dane",
             "promises TLS in DNS (DANE, _25._tcp.mx."),))
    yield everywhere(
        "S02", "no STARTTLS, mail in clear",
        CLEAR + MAIL + "quit\n",
        grades("critical", "high", "info", "high"),
        offer="absent", protection="cleartext", of=(
            ("starttls-absent", grades("critical", "high", "", ""), "dane",
             "did not offer STARTTLS, and 1 mail went in clear"),
            ("mail-in-clear", grades("critical", "high", "", ""), "dane",
             "went in clear although an offer of TLS was due")))
    yield one(
        "S03", "no STARTTLS, all recipients refused",
        CLEAR + BEGUN + "S 550 5.1.1 no such user\nquit\n",
        verdict="attack", kinds="starttls-absent", protection="no-mail",
        of={"starttls-absent": ("high", "dane", "did not offer STARTTLS: ")})
    yield one(
        "S04", "STARTTLS only in the first line of the EHLO reply",
        "S 220 {host} ESMTP\nC EHLO client.example\n"
        "S 250-{host} STARTTLS\nS 250 SIZE\n" + MAIL + "quit\n",
        offer="absent", worst="critical",
        kinds="starttls-absent mail-in-clear")
    yield one(
        "S05", "starttls in lower case, as the last line",
        "S 220 {host} ESMTP\nC EHLO client.example\nS 250-{host}\n"
        "S 250 starttls\nstarttls tls13\n",
        offer="offered", tls="established", verdict="benign", kinds="")
    yield one(
        "S05 parameter", "STARTTLS x is an offer as well",
        "S 220 {host} ESMTP\nC EHLO client.example\nS 250-{host}\n"
        "S 250-STARTTLS x\nS 250 SIZE\nstarttls tls13\n",
        offer="offered", tls="established", verdict="benign", kinds="")
    yield everywhere(
        "S06", "the keyword overwritten, mail in clear",
        "greet {host} XXXXXXXA\n" + MAIL + "quit\n",
        {**grades("critical", "high", "high", "high")},
        offer="masked", verdict="attack", of=(
            ("starttls-masked", grades("critical", "high", "", ""), "dane",
             "was edited on the way"),))
    yield everywhere(
        "S07", "EHLO refused, HELO and mail in clear",
        "S 220 {host} ESMTP\nC EHLO client.example\n"
        "S 502 5.5.2 Error: command not recognized\nC HELO client.example\n"
        "S 250 {host}\n" + MAIL + "quit\n",
        grades("critical", "high", "medium", "high"),
        offer="ehlo-refused", kinds="ehlo-refused mail-in-clear", of=(
            ("ehlo-refused", grades("critical", "high", "", ""), "dane",
             "refused EHLO with 502"),))


REFUSED = grades("critical", "high", "medium", "high")
REFUSALS = (
    ("454", "S 454 4.7.0 TLS not available due to local problem\n", REFUSED),
    ("501", "S 501 5.5.4 Syntax error\n",
     grades("critical", "high", "high", "high")),
    ("502", "S 502 5.5.1 Error: command not implemented\n",
     grades("critical", "high", "high", "high")),
    ("250", "S 250 2.0.0 Ok\n",
     grades("critical", "critical", "critical", "critical")),
)


def refusals():
    for code, reply, worst in REFUSALS:
        extra = " tls-not-started" if code == "250" else ""
        yield everywhere(
            f"S08 {code}", f"STARTTLS answered with {code}, mail in clear",
            OFFER + "C STARTTLS\n" + reply + MAIL + "quit\n", worst,
            starttls="sent", kinds="starttls-refused mail-in-clear" + extra,
            of=(("mail-in-clear", grades("critical", "high", "", ""),
                 "dane", "went in clear "),))
    yield Case(
        "S08 silence", "STARTTLS never answered, then mail in clear",
        HEAD + connect(OFFER + "C STARTTLS\nwait 40\nfin C\n") +
        connect(CLEAR.replace("-", "STARTTLS") + MAIL + "quit\n", at=120)
        .replace("41000", "41001"),
        {1: {"worst": "critical", "of": {
            "cleartext-retry": ("critical", "dane", "in clear after TLS"),
            "mail-in-clear": ("critical", "dane", "after TLS had failed")}}})
    yield everywhere(
        "S09", "220, then plain commands without TLS",
        OFFER + "C STARTTLS\nS 220 2.0.0 Ready\n" + MAIL + "quit\n",
        grades("critical", "critical", "critical", "critical"),
        tls="failed", kinds="tls-not-started mail-in-clear")
    first, worst = "", grades("critical", "high", "medium", "high")
    want = {}
    for n, where in enumerate(WHERE):
        first += connect(OFFER + "starttls tls12-key 1\nalert S 2 40\n"
                         "fin S\n", n, where)
    for n, where in enumerate(WHERE):
        first += connect(OFFER + MAIL + "quit\n", n, where, 120 + n) \
            .replace(f":{41000 + n}", f":{42000 + n}")
        want[n + len(WHERE)] = {
            "policy": where, "worst": worst[where],
            "kinds": "cleartext-retry mail-in-clear" + (
                " starttls-unused" if where in PROMISED else "")}
    yield Case("S10", "a TLS alert, then a new connection in clear",
               HEAD + first, want)


def histories():
    day = "repeat 6 36000 client\n"
    yield Case(
        "S11", "offered at 10:00, not at 10:05, still offered to another",
        HEAD + connect(OFFER + "starttls tls13\n") +
        connect(OFFER + "starttls tls13\n", 7, at=200) +
        connect(CLEAR + MAIL + "quit\n", at=300).replace("41000", "41001") +
        connect(OFFER + "starttls tls13\n", 8, at=400),
        {2: {"verdict": "attack", "worst": "critical", "of": {
            "starttls-absent": ("critical", "dane history",
                                "it offered STARTTLS in 2 earlier ")}},
         3: {"verdict": "benign", "kinds": ""}})
    yield Case(
        "S12", "a server that promises it in DNS and never offers it",
        HEAD + connect(day + CLEAR + "quit\n") +
        connect(CLEAR + "quit\n", 9, at=400000) +
        connect(CLEAR + MAIL + "quit\n", 10, at=400100),
        {0: {"verdict": "attack"},
         -2: {"verdict": "suspicious", "of": {"starttls-absent": (
             "low", "dane", "may be a mistake of its publisher")}},
         -1: {"verdict": "suspicious", "of": {"starttls-absent": (
             "high", "dane", "may be a mistake of its publisher")}}})
    yield Case(
        "S12 these hours", "... which may be somebody's who takes it from all",
        HEAD + connect(day.replace("36000", "600") + CLEAR + "quit\n") +
        connect(CLEAR + "quit\n", 9, at=4000),
        {-1: {"verdict": "attack", "of": {"starttls-absent": (
            "medium", "dane", "none of its 6 earlier sessions")}}})
    yield everywhere(
        "S13", "offered, the client does not ask, mail in clear",
        OFFER + MAIL + "quit\n", grades("high", "medium", "info", "high"),
        offer="offered", starttls="not-sent", of=(
            ("starttls-unused", grades("high", "medium", "", ""), "dane",
             "it does not honour the promise, or did not see the offer"),))
    yield Case(
        "S22", "no promise, TLS before, clear now",
        HEAD + connect(day + OFFER + "starttls tls13\n", 0, "none-secure") +
        connect(CLEAR + MAIL + "quit\n", 0, "none-secure", 400000)
        .replace("41000", "45000"),
        {-1: {"policy": "none-secure", "verdict": "attack", "of": {
            "starttls-absent": ("high", "history", "it offered STARTTLS in 6"
                                " earlier sessions on ")}}})


def body(*lines):
    return (BEGUN + "S 250 2.1.5 Ok\nC DATA\nS 354 go\n" + "".join(
        f"C {line}\n" for line in lines) + "C .\nS 250 2.0.0 Ok\nquit\n")


NOT_REQUIRED = body("Subject: hello", "TLS-Required: No", "", "A mail.")
REPORT = body('Content-Type: multipart/report; report-type="tlsrpt"',
              "TLS-Report-Domain: dane.example", "", "A report.")


def exemptions():
    info = grades("info", "info", "info", "info")
    for name, lines, words in (
            ("S14", NOT_REQUIRED, "TLS-Required: No, RFC 8689"),
            ("S15", REPORT, "TLS-RPT, RFC 8460")):
        yield everywhere(
            name, words + ": no STARTTLS, mail in clear",
            CLEAR + lines, info, verdict="benign", of=(
                ("starttls-absent", info, "", words),
                ("mail-in-clear", info, "", words)))
    yield one(
        "S14 twin", "the same words in the text of the mail",
        CLEAR + body("Subject: hello", "", "TLS-Required: No"),
        verdict="attack", worst="critical")
    yield one(
        "S14 of two", "one mail says so, the other does not",
        CLEAR + NOT_REQUIRED.replace("quit\n", "") + MAIL + "quit\n",
        verdict="attack", worst="critical")
    yield one(
        "S15 twin", "a report of another type",
        CLEAR + body('Content-Type: multipart/report; report-type=dsn', "",
                     "TLS-Report-Domain: dane.example",
                     "TLS-Report-Submitter: sender.example"),
        verdict="attack", worst="critical")
    yield one(
        "S14 stripped", "the offer overwritten: that stands",
        "greet {host} XXXXXXXX\n" + NOT_REQUIRED, verdict="attack",
        of={"starttls-masked": ("high", "dane", "was edited on the way"),
            "mail-in-clear": ("info", "", "TLS-Required: No")})


def offences():
    yield everywhere(
        "S16", "MAIL with REQUIRETLS in clear",
        CLEAR + "C MAIL FROM:<a@sender.example> REQUIRETLS\nS 250 Ok\n"
        "C RCPT TO:<b@{domain}>\nS 250 Ok\nC DATA\nS 354 go\nC x\nC .\n"
        "S 250 Ok\nquit\n", grades("critical", "high", "high", "high"))
    yield one(
        "S17", "AUTH PLAIN before TLS",
        OFFER + "C AUTH PLAIN " + SECRET + "\nS 235 2.7.0 Ok\n" + MAIL +
        "quit\n", secrets=(SECRET.encode(), b"tellnobody"),
        of={"credentials-in-clear": ("high", "", "PLAIN")})
    yield one(
        "S18", "a command behind STARTTLS, before TLS",
        OFFER + "C STARTTLS\nC MAIL FROM:<x@evil.example>\n"
        "S 220 2.0.0 Ready\ntls tls13\n", kinds="command-injection",
        verdict="attack")
    yield one(
        "S18a", "X-ANONYMOUSTLS offered and used",
        "greet {host} X-ANONYMOUSTLS\nC X-ANONYMOUSTLS\nS 220 2.0.0 Go\n"
        "tls tls13\n", tls="established", verdict="benign", kinds="")
    yield one(
        "S19 vanishes", "a second EHLO is not offered it any more",
        OFFER + "C EHLO client.example\nS 250-{host}\nS 250 SIZE\n" + MAIL +
        "quit\n", offer="absent", verdict="attack", of={"starttls-absent": (
            "critical", "dane", "an earlier EHLO of this session was offered"
            " it")})
    yield one(
        "S19 appears", "a second EHLO is offered it",
        CLEAR + "C EHLO client.example\nS 250-{host}\nS 250-SIZE\n"
        "S 250 STARTTLS\nstarttls tls13\n", offer="offered",
        tls="established", verdict="benign", kinds="")


def unseen():
    usual = ("S 220 {host} ESMTP\nC EHLO client.example\nS 250-{host}\n"
             "S 250-STARTTLS\nS 250 SIZE\nstarttls tls13\n")
    for name, lines in (
            ("bare codes", usual.replace("S 250 SIZE", "S 250")),
            ("octet by octet", "segment 1\n" + usual),
            ("repeated", usual.replace(
                "S 250 SIZE\n", "S 250 SIZE\nflush\ncopy S before\n")),
            ("cut otherwise", usual.replace(
                "S 250-STARTTLS\n", "S+ 250-START\nflush\nS TLS\n"))):
        yield one("S20 " + name, "an offer, " + name, lines,
                  offer="offered", tls="established", verdict="benign",
                  kinds="")
    yield Case(
        "S20 client only", "the server's side is missing",
        HEAD + connect("only C\n" + CLEAR + MAIL + "quit\n"),
        {0: {"offer": "unseen", "capture": "partial",
             "gaps": ["client-only", "truncated"],
             "verdict": "suspicious", "kinds": "mail-in-clear"}})
    yield Case(
        "S20 server only", "the client's side is missing",
        HEAD + connect("only S\n" + OFFER + MAIL + "quit\n"),
        {0: {"capture": "partial", "gaps": ["server-only", "truncated"]}})
    yield one(
        "S21", "the line with STARTTLS was not captured",
        "S 220 {host} ESMTP\nC EHLO client.example\nS 250-{host}\nflush\n"
        "lost S 250-STARTTLS\nflush\nS 250 SIZE\nquit\n",
        offer="unseen", capture="partial", gaps=["gap-in-ehlo-reply"],
        verdict="undecided", kinds="")


def lookups():
    """Which answers are no promise: each once, with mail in clear."""
    for name, domain, address, why in (
            ("bogus", "bogus.example", "198.51.100.215", "mx-bogus"),
            ("expired", "expired.example", "198.51.100.216", "mx-bogus"),
            ("only TLSA bogus", "onlytlsa.example", "198.51.100.217",
             "tlsa-bogus")):
        lines = (CLEAR + MAIL + "quit\n").replace("{domain}", domain)
        yield Case(
            f"S02 {name}", f"mail to {domain}",
            HEAD + connect(lines).replace(WHERE["dane-auth"][2], address),
            {0: {"policy": "must-not-deliver", "worst": "high",
                 "verdict": "suspicious", "page": (why,), "of": {
                     "mail-in-clear": ("high", "dane", "DNS of its "
                                       "destination cannot be validated")}}})


SECRET = base64.b64encode(b"\0hidden.user\0tellnobody").decode()
LOCAL = ("reader.one", "orcpt.two", "auth.three", "vrfy.four", "expn.five",
         "sender.six", "reply.seven", "refused.eight", "header.nine",
         "body.ten", "hidden.user")


def privacy():
    lines = (CLEAR + f"C AUTH PLAIN {SECRET}\nS 535 5.7.8 no, reply.seven\n"
             "C VRFY vrfy.four@dane.example\nS 252 vrfy.four@dane.example\n"
             "C EXPN expn.five\nS 250 <expn.five@dane.example>\n"
             "C MAIL FROM:<sender.six@sender.example> AUTH=auth.three"
             "@sender.example\nS 250 2.1.0 sender.six@sender.example Ok\n"
             "C RCPT TO:<reader.one@dane.example> ORCPT=rfc822;orcpt.two"
             "@dane.example\nS 250 <reader.one@dane.example> Ok\n"
             "C RCPT TO:<refused.eight@dane.example>\n"
             "S 550 <refused.eight@dane.example>: no\nC DATA\nS 354 go\n"
             "C From: header.nine@sender.example\nC TLS-Required: Yes\nC\n"
             "C body.ten\nC .\nS 250 2.0.0 Ok\nquit\n")
    yield one("S24", "no DNS is asked: unknown, and evidence stands",
              "greet {host} XXXXXXXA\n" + MAIL + "quit\n", policy=False,
              verdict="attack", of={"starttls-masked": (
                  "high", "", "was edited on the way")})
    yield one("S25", "local parts and a password in every place", lines,
              verdict="attack", worst="critical", secrets=tuple(
                  s.encode() for s in LOCAL + (SECRET, "tellnobody")))


def live_cases():
    """Where nobody answers, or something else than a resolver that is trusted
    does: nothing is promised, and what the octets show stands."""
    lines = "greet {host} XXXXXXXA\n" + MAIL + "quit\n"
    for name, what, resolver, policy in (
            ("dead", "nobody answers", "127.0.0.9@53", "unknown"),
            ("no resolver", "the zones' own server does, unvalidated",
             "192.0.2.1@53", "none-insecure")):
        yield Case(
            f"S24 {name}", what, HEAD + connect(lines),
            {0: {"policy": policy, "verdict": "attack", "of": {
                "starttls-masked": ("high", "", "was edited on the way")}}},
            ["--policy", "live", "--resolver", resolver,
             "--trust-resolver"])


def cases():
    for group in (offers, refusals, histories, exemptions, offences, unseen,
                  lookups, privacy):
        yield from group()
