# SPDX-License-Identifier: ISC
"""The zones of a snapshot, served for real: what its lines call secure is
signed, what they call insecure is not, and what they call bogus is signed
with a key that its parent does not know, or so that it is over."""
import os
import re
import shutil
import subprocess
import sys

import servers
import zones

STATE = re.compile(r"^;! zone (\S+): (secure|insecure|bogus)$")
TOOLS = ("nsd", "unbound", "ldns-signzone", "ldns-keygen", "unshare", "ip")
RESOLVER = "127.0.0.1"
PARENT = "example."


def parse(path):
    """{zone: state} and the records, absolute, of each zone; what no line
    covers is insecure."""
    states, records = {}, []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if match := STATE.match(line):
                states[match[1] + "."] = match[2]
            elif line.strip() and line[0] not in ";$":
                records.append(line)
    held = {z: [] for z in states if z.count(".") == 2}
    for line in records:
        zone = ".".join(line.split()[0].rsplit(".", 3)[-3:])
        states.setdefault(zone, "insecure")
        held.setdefault(zone, []).append(line)
    return states, held


def signed(signer, zone, state, text):
    """The file of a signed zone, and the DS that its parent has of it."""
    key = signer.key(zone)
    over = state == "bogus" and zone.startswith("expired.")
    path = signer.sign(zone, text, key, (-60, -30) if over else None)
    wrong = state == "bogus" and not over
    return path, signer.ds(signer.key(zone) if wrong else key)


def build(folder, snapshot, more=""):
    """All zone files: {zone: path}, and the trust anchor's text.  `more` are
    records besides: a dict of zone and text, secure each."""
    states, held = parse(snapshot)
    for zone, text in (more or {}).items():
        states.setdefault(zone, "secure")
        held.setdefault(zone, []).append(text)
    signer = zones.Signer(folder)
    files, delegations = {}, ""
    for zone, lines in held.items():
        text = "$ORIGIN %s\n$TTL 600\n%s@ NS ns.%s\n%s" % (
            zone, zones.SOA, PARENT, "".join(lines))
        delegations += "%s NS ns.%s\n" % (zone, PARENT)
        if states[zone] == "insecure":
            files[zone] = os.path.join(folder, zone + "zone")
            with open(files[zone], "w", encoding="ascii") as out:
                out.write(text)
            continue
        files[zone], ds = signed(signer, zone, states[zone], text)
        delegations += ds + "\n"
    for name, state in states.items():
        if name not in held and state == "bogus":	# one name of a zone
            zones.tamper(files[".".join(name.rsplit(".", 3)[-3:])],
                         "_25." + name, "TLSA")
    text = "$ORIGIN %s\n$TTL 600\n%s@ NS ns\nns A %s\n%s" % (
        PARENT, zones.SOA, zones.AUTH, delegations)
    key = signer.key(PARENT)
    files[PARENT] = signer.sign(PARENT, text, key)
    text = "$ORIGIN .\n$TTL 600\n%s@ NS ns.%s\n%s NS ns.%s\nns.%s A %s\n%s\n" \
        % (zones.SOA, PARENT, PARENT, PARENT, PARENT, zones.AUTH,
           signer.ds(key))
    key = signer.key(".")
    files["."] = signer.sign("root", text, key)
    return files, signer.ds(key)


def lacking():
    """What is needed here and not there, in words; None: nothing."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            return "%s is not installed" % tool
    flags = "-n" if os.geteuid() == 0 else "-rn"
    if subprocess.run(["unshare", flags, "true"],
                      capture_output=True).returncode != 0:
        return "no network namespaces here"
    return None


def enter_namespace():
    """Again, where all ports are ours and the internet is not."""
    if os.environ.get("SNAPSHOT_INSIDE"):
        zones.run("ip", "link", "set", "lo", "up")
        zones.run("ip", "address", "add", zones.AUTH + "/32", "dev", "lo")
        return
    os.environ["SNAPSHOT_INSIDE"] = "1"
    flags = "-n" if os.geteuid() == 0 else "-rn"
    os.execvp("unshare", ["unshare", flags, "--", sys.executable] + sys.argv)


class Served:
    """NSD and Unbound, until they are closed."""

    def __init__(self, folder, snapshot, more=None):
        files, anchor = build(folder, snapshot, more)
        self.folder, self.anchor = folder, anchor
        self.running = [servers.nsd(folder, zones.AUTH, files)]
        self.unbound = None
        self.resolve()
        servers.wait_for(zones.AUTH, PARENT)
        servers.wait_for(RESOLVER, PARENT)

    def resolve(self):
        self.unbound = servers.unbound(
            self.folder, [RESOLVER], ". NS ns.%s\nns.%s A %s\n" % (
                PARENT, PARENT, zones.AUTH), self.anchor)

    def close(self):
        for server in [self.unbound, *self.running]:
            server.close()
