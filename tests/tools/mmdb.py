# SPDX-License-Identifier: ISC
"""A small MaxMind DB file (format 2.0), for tests of what reads them.

    write(path, "Test-Country", {"198.51.100.0/24": {"country":
          {"iso_code": "NZ"}}})

A search tree of 24-bit records over IPv6, with IPv4 at ::/96, then the data,
then the metadata behind their marker:
https://maxmind.github.io/MaxMind-DB/
"""
import ipaddress
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    """The control octet: type and size; extended types have one more."""
    more = b""
    if size >= 29:
        more = bytes([size - 29])
        size = 29
    if kind <= 7:
        return bytes([kind << 5 | size]) + more
    return bytes([size, kind - 7]) + more


def encode(value):
    if isinstance(value, str):
        octets = value.encode()
        return control(2, len(octets)) + octets
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(
            encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    if value >= 1 << 32:
        return control(9, len(octets)) + octets
    return control(6, len(octets)) + octets


def encode_u16(value):
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(5, len(octets)) + octets


def bits_of(network):
    net = ipaddress.ip_network(network)
    number = int(net.network_address)
    length = net.prefixlen + (96 if net.version == 4 else 0)
    return [number >> (127 - i) & 1 for i in range(length)]


def build_tree(networks):
    """Nodes as [left, right], each None, a node's number or ("data", at)."""
    nodes, data, at = [[None, None]], b"", {}
    for network, value in networks.items():
        octets = encode(value)
        if octets not in at:
            at[octets] = len(data)
            data += octets
        node = 0
        *path, last = bits_of(network)
        for bit in path:
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][last] = ("data", at[octets])
    return nodes, data


def record(value, count):
    if value is None:
        value = count
    elif isinstance(value, tuple):
        value = count + 16 + value[1]
    return struct.pack("!I", value)[1:]


def write(path, kind, networks):
    nodes, data = build_tree(networks)
    count = len(nodes)
    facts = {"binary_format_major_version": encode_u16(2),
             "binary_format_minor_version": encode_u16(0),
             "build_epoch": encode(1 << 33),
             "database_type": encode(kind),
             "description": encode({"en": "for tests"}),
             "ip_version": encode_u16(6),
             "languages": encode(["en"]),
             "node_count": encode(count),
             "record_size": encode_u16(24)}
    with open(path, "wb") as f:
        for node in nodes:
            f.write(b"".join(record(side, count) for side in node))
        f.write(bytes(16) + data + MARKER)
        f.write(control(7, len(facts)))
        for name, value in facts.items():
            f.write(encode(name) + value)
