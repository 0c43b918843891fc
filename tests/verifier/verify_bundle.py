#!/usr/bin/env python3
"""Verifies a bundle of trueup, written from docs/audit-format.md alone.

Standard library only; Ed25519 as RFC 8032 has it. Exit 0 when everything holds, 1 when not.
"""

import argparse
import datetime
import hashlib
import hmac
import json
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


class Wrong(Exception):
    """Something does not hold."""


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return same(times(s, BASE), add(r, times(h, a)))


def sha256(data):
    return hashlib.sha256(data).digest()


def digest(text):
    if len(text) != 64 or text != text.lower():
        raise Wrong(f"{text!r} is no hash")
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Wrong(f"{text!r} is no hash") from error


def text_bytes(text):
    data = text.encode()
    return len(data).to_bytes(8, "big") + data


def fields_bytes(fields):
    parts = [len(fields).to_bytes(8, "big")]
    for name, value in fields:
        parts += [text_bytes(name), text_bytes(value)]
    return b"".join(parts)


def statement(tag, fields):
    return text_bytes(tag) + fields_bytes(fields)


def leaf(tag, fields):
    return sha256(b"\x00" + statement(tag, fields))


def node(left, right):
    return sha256(b"\x01" + left + right)


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node(root(leaves[:middle]), root(leaves[middle:]))


def proven(hashed, proof, expected, count):
    at, last, reached = proof["index"], proof["size"] - 1, hashed
    if at > last or proof["size"] != count:
        return False
    for beside in map(digest, proof["path"]):
        if last == 0:
            return False
        if at % 2 or at == last:
            reached = node(beside, reached)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            reached = node(reached, beside)
        at, last = at // 2, last // 2
    return last == 0 and reached == expected


def nanoseconds(at):
    if not at.endswith("Z"):
        raise Wrong(f"{at!r} is no time")
    whole, _, part = at[:-1].partition(".")
    try:
        moment = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
        part = int(part.ljust(9, "0"))
    except ValueError as error:
        raise Wrong(f"{at!r} is no time") from error
    since = moment - datetime.datetime(1970, 1, 1)
    return (since.days * 86400 + since.seconds) * 10**9 + part


def entry_hash(stream, entry):
    return sha256(
        text_bytes("trueup.audit.v1")
        + text_bytes(stream)
        + entry["sequence"].to_bytes(8, "big")
        + digest(entry["previous"])
        + nanoseconds(entry["at"]).to_bytes(16, "big", signed=True)
        + text_bytes(entry["actor"])
        + text_bytes(entry["event"])
        + fields_bytes(entry["fields"])
    )


def check_checkpoint(checkpoint, keys):
    names = ["number", "previous", "at", "root", "count", "key"]
    signed_bytes = statement("trueup.checkpoint.v1", [(n, str(checkpoint[n])) for n in names])
    key = keys.get(checkpoint["key"])
    try:
        signature = bytes.fromhex(checkpoint["signature"])
    except ValueError:
        signature = b""
    if key is None or not signed(key, signed_bytes, signature):
        raise Wrong(f"checkpoint {checkpoint['number']} is not signed by a trusted key")
    return checkpoint["number"], (digest(checkpoint["root"]), checkpoint["count"])


def check_stream(stream, roots):
    name, previous, hashes = stream["stream"], bytes(32), []
    for at, entry in enumerate(stream["entries"]):
        if entry["sequence"] != at or digest(entry["previous"]) != previous:
            raise Wrong(f"{name}: entry {at} does not follow the one before")
        previous = entry_hash(name, entry)
        hashes.append(previous)
    if not hashes:
        raise Wrong(f"{name} has no entries")
    pin = stream.get("pin")
    if pin:
        fields = [("stream", name), ("length", str(pin["length"])), ("hash", pin["hash"])]
        over = roots.get(pin["checkpoint"])
        if over is None or not proven(leaf("trueup.head.v1", fields), pin["proof"], *over):
            raise Wrong(f"{name}: the checkpoint is not over this end of it")
        if not 0 < pin["length"] <= len(hashes):
            raise Wrong(f"{name} was cut")
        if hashes[pin["length"] - 1] != digest(pin["hash"]):
            raise Wrong(f"{name} was rewritten")


def check_sealed(sealed, streams):
    names = {
        "trueup.match.v1": ("matches_root", "matches_count"),
        "trueup.discrepancy.v1": ("discrepancies_root", "discrepancies"),
    }
    entries = streams.get(sealed["run"], [])
    if sealed["tag"] not in names or sealed["sequence"] >= len(entries):
        raise Wrong(f"{sealed['run']} has sealed nothing of the kind")
    entry = entries[sealed["sequence"]]
    said, count = map(dict(map(tuple, entry["fields"])).get, names[sealed["tag"]])
    if entry["event"] != "compared" or said is None or count is None:
        raise Wrong(f"{sealed['run']} has no root there")
    over, leaves = digest(said), [leaf(sealed["tag"], it["fields"]) for it in sealed["leaves"]]
    if all(it.get("proof") is None for it in sealed["leaves"]):
        if root(leaves) != over:
            raise Wrong(f"{sealed['run']}: these are not the leaves that were sealed")
    elif not all(
        it.get("proof") and proven(hashed, it["proof"], over, int(count))
        for it, hashed in zip(sealed["leaves"], leaves)
    ):
        raise Wrong(f"{sealed['run']}: a leaf is not what was sealed")
    for it in sealed["leaves"]:
        fields = dict(map(tuple, it["fields"]))
        for name, text in it.get("texts", {}).items():
            committed = hmac.new(digest(it["key"]), text.encode(), hashlib.sha256).hexdigest()
            if text.startswith("erased:"):
                committed = text[len("erased:") :]
            if fields.get(name) != committed:
                raise Wrong(f"{name} is not the text that was sealed")


def is_sealed(name, file_hash, entries, side=None):
    wanted = {("name", name), ("sha256", file_hash)}
    if side is not None:
        wanted.add(("side", side))
    return any(
        entry["event"] == "input_sealed" and wanted <= set(map(tuple, entry["fields"]))
        for entry in entries
    )


def check_figure(figure, leaves, streams):
    for it in leaves:
        fields = dict(map(tuple, it["fields"]))
        if fields["id"] != figure["discrepancy"]:
            continue
        record = figure["figure"].removesuffix(".amount")
        said = [
            f"{fields.get(record + '.amount', '')} {fields.get(record + '.currency', '')}",
            fields.get(record + ".file"),
            fields.get(record + ".line"),
            it["texts"].get(record + ".raw"),
        ]
        if said != [figure["value"], figure["file"], str(figure["line"]), figure["raw"]]:
            raise Wrong(f"{figure['figure']}: the leaf says something else")
        entries, side = streams.get(figure["run"], []), fields.get(record + ".side", "")
        if not is_sealed(figure["file"], figure["sha256"], entries, side):
            raise Wrong(f"{figure['figure']}: no run sealed its input")
        return
    raise Wrong(f"{figure['figure']}: there is no such leaf")


def check_input(item, lineage, streams):
    try:
        content = bytes.fromhex(item["content"])
    except ValueError as error:
        raise Wrong(f"{item['file']} is no hexadecimal") from error
    if sha256(content) != digest(item["sha256"]):
        raise Wrong(f"{item['file']} is not what was sealed")
    if not any(is_sealed(item["file"], item["sha256"], it) for it in streams.values()):
        raise Wrong(f"no run sealed {item['file']}")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    for figure in lineage:
        is_here = figure["sha256"] == item["sha256"]
        if is_here and not figure["raw"].startswith("erased:") and figure["raw"] not in text:
            raise Wrong(f"{figure['figure']}: its text does not stand in {item['file']}")


def check(bundle, trusted):
    if bundle["format"] != "trueup.bundle.v1":
        raise Wrong("this is no bundle")
    keys = trusted or list(bundle["public_keys"].values())
    keys = {sha256(digest(key)).hex()[:16]: digest(key) for key in keys}
    roots = dict(check_checkpoint(it, keys) for it in bundle["checkpoints"])
    for stream in bundle["streams"]:
        check_stream(stream, roots)
    streams = {it["stream"]: it["entries"] for it in bundle["streams"]}
    for sealed in bundle["sealed"]:
        check_sealed(sealed, streams)
    found = [it for it in bundle["sealed"] if it["tag"] == "trueup.discrepancy.v1"]
    leaves = [leaf_json for it in found for leaf_json in it["leaves"]]
    for figure in bundle["lineage"]:
        check_figure(figure, leaves, streams)
    for item in bundle.get("inputs", []):
        check_input(item, bundle["lineage"], streams)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle")
    parser.add_argument("--public-key", action="append", default=[])
    arguments = parser.parse_args()
    with open(arguments.bundle, encoding="utf-8") as file:
        bundle = json.load(file)
    try:
        check(bundle, arguments.public_key)
    except (Wrong, KeyError, OverflowError) as wrong:
        print(f"BROKEN  {wrong}")
        return 1
    print("everything in it holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
