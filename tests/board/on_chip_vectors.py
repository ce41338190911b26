"""Runs under MicroPython and CPython: what the vectors of the wires come to; [wire, headers, data] -> answer.

An answer is the slug of a refusal, or what was read, written again.
"""

from card_reader_fw.crypto import aes, ccm, cmac, tr31
from schemas.deal import layout as deals
from schemas.deal import ocra
from schemas.envelope import armour, cbor, checkcode, cose, derivation, payload
from schemas.errors import WireError
from schemas.keyblock import layout
from schemas.link import events, frames, table
from schemas.link.session import Session


def answer(wire, headers, data):
    """One vector."""
    try:
        return WIRES[wire](headers, data)
    except WireError as error:
        return error.slug


def _cbor(headers, data):
    return cbor.encode(cbor.decode(bytes.fromhex(data))).hex()


def _sale(headers, data):
    return payload.encode_sale(payload.decode_sale(bytes.fromhex(data))).hex()


def _result(headers, data):
    return payload.encode_result(payload.decode_result(bytes.fromhex(data))).hex()


def _cose(headers, data):
    return cose.pack(*cose.unpack(bytes.fromhex(data))).hex()


def _seal(headers, data):
    ksn, index, ciphertext = cose.unpack(bytes.fromhex(data))
    block = aes.own(bytes.fromhex(headers["key"]))
    aad = cose.enc_structure(headers["aad"].encode())
    text = ccm.open_sealed(block, cose.nonce(ksn, index), aad, ciphertext)
    plain = bytes(text).hex()
    ccm.seal(block, cose.nonce(ksn, index), aad, text)
    return [plain, cose.pack(ksn, index, bytes(text)).hex()]


def _derivation(headers, data):
    block = derivation.data(int(headers["usage"], 16), bytes.fromhex(headers["ident"]))
    return [block.hex(), aes.own(bytes.fromhex(headers["parent"]))(block).hex()]


def _checkcode(headers, data):
    numbers = [int(headers[name]) for name in ("outcome", "version", "amount_minor")]
    message = checkcode.message(bytes.fromhex(headers["ksn"]), *numbers)
    mac = cmac.cmac(aes.own(bytes.fromhex(headers["key"])), message)
    return [message.hex(), bytes(mac).hex(), checkcode.digits(mac)]


def _armour(headers, data):
    kind, body = armour.find(data, armour.SALE if headers["kind"] == "sale" else armour.RESULT)
    return [kind, body.hex()]


def _armourtext(headers, data):
    kind, body = armour.from_text(data)
    return [kind, body.hex(), armour.to_text(kind, body)]


def _block(headers, data):
    key = tr31.unwrap(aes.own, aes.own_decrypt, bytes.fromhex(headers["protection"]), layout.parse(data))
    return [bytes(key).hex(), tr31.check_value(aes.own, key)]


def _deal(headers, data):
    deal = deals.decode(bytes.fromhex(data))
    return [deals.encode(deal).hex(), deals.question(bytes.fromhex(data))]


def _ocra(headers, data):
    key, hashed = bytes.fromhex(headers["key"]), bytes.fromhex(headers["password hash"])
    return ocra.answer(key, hashed, headers["question"], int(headers["minute"]))


def _key(headers, data):
    return ocra.key_text(ocra.read_key(data))


def _frame(headers, data):
    found = frames.Decoder().feed(_line_bytes(data))[0]
    if isinstance(found, frames.Damaged):
        return found.slug
    return frames.encode(found.type, found.seq, found.body).hex()


def _body(headers, data):
    return events.encode(events.decode(table.MESSAGES[headers["type"]][1], data))


def _session(headers, data):
    """What a whole script makes one end say and tell."""
    session = Session(headers["role"])
    said = [session.outgoing().hex()]
    now_ms = 0
    for line in data.split("\n"):
        verb, _, rest = line.partition(" ")
        told = []
        if verb == "at":
            now_ms = int(rest)
        elif verb == "in":
            told = session.receive(_line_bytes(rest), now_ms)
        elif verb == "tick":
            told = session.tick(now_ms)
        elif verb == "say":
            said.append(_say(session, rest))
        said.extend([type(event).__name__ for event in told])
        said.append([session.outgoing().hex(), session.deadline_ms])
    return said


def _say(session, rest):
    words = rest.split(" ")
    number = {"hello": 0, "permission": 0, "keys_told": 1}.get(words[0])
    given = [int(word) if i == number else word for i, word in enumerate(words[1:])]
    try:
        getattr(session, words[0])(*given)
    except WireError as error:
        return error.slug
    return ""


def _line_bytes(text):
    """Printable ASCII as itself, <STX>, <ETX>, <HH> (schemas/link/SPEC.md section 1)."""
    data = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "<":
            data.append(ord(text[at]))
            at += 1
            continue
        end = text.find(">", at)
        name = text[at + 1 : end]
        data.append({"STX": 2, "ETX": 3}[name] if name in ("STX", "ETX") else int(name, 16))
        at = end + 1
    return bytes(data)


WIRES = {
    "cbor": _cbor,
    "sale": _sale,
    "result": _result,
    "cose": _cose,
    "seal": _seal,
    "derivation": _derivation,
    "checkcode": _checkcode,
    "armour": _armour,
    "armourtext": _armourtext,
    "block": _block,
    "deal": _deal,
    "ocra": _ocra,
    "key": _key,
    "frame": _frame,
    "body": _body,
    "session": _session,
}


def report(given):
    """-> an answer for each vector."""
    return [answer(*one) for one in given]
