"""Every vector of the envelope behaves as its file says, and the generator writes exactly these files."""

from __future__ import annotations

from pathlib import Path

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import CMAC

import schemas.envelope
from schemas.envelope import armour, cbor, checkcode, cose, derivation, payload
from schemas.envelope.vectors import generate
from schemas.errors import WireError

FOLDER = Path(schemas.envelope.__file__).parent / "vectors"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.txt"))
KINDS = {"sale": armour.SALE, "result": armour.RESULT}


def read(name: str) -> tuple[dict[str, str], str]:
    """A vector -> its headers, its data."""
    head, _, data = (FOLDER / name).read_bytes().decode().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), data.removesuffix("\n")


def shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def check_cbor(headers: dict[str, str], data: str) -> None:
    value = cbor.decode(bytes.fromhex(data))
    assert cbor.encode(value).hex() == data


def check_cose(headers: dict[str, str], data: str) -> None:
    ksn, index, ciphertext = cose.unpack(bytes.fromhex(data))
    assert (ksn.hex(), str(index), ciphertext.hex()) == (
        headers["ksn"],
        headers["index"],
        headers["ciphertext"],
    )
    assert cose.pack(ksn, index, ciphertext).hex() == data


def check_sale(headers: dict[str, str], data: str) -> None:
    check_payload(headers, data, payload.decode_sale, payload.encode_sale)


def check_result(headers: dict[str, str], data: str) -> None:
    check_payload(headers, data, payload.decode_result, payload.encode_result)


def check_payload(headers, data, decode, encode) -> None:
    record = decode(bytes.fromhex(data))
    for row in record.FIELDS:
        assert shown(getattr(record, row[1])) == headers.get(row[1], shown(row[2]()))
    assert cbor.encode(record.others).hex() == headers.get("others", "a0")
    assert encode(record).hex() == data


def check_seal(headers: dict[str, str], data: str) -> None:
    ksn, index, ciphertext = cose.unpack(bytes.fromhex(data))
    assert (ksn.hex(), str(index)) == (headers["ksn"], headers["index"])
    key = bytes.fromhex(headers["key"])
    cipher = AES.new(key, AES.MODE_CCM, nonce=cose.nonce(ksn, index), mac_len=cose.TAG_LENGTH)
    cipher.update(cose.enc_structure(headers["aad"].encode()))
    plain = cipher.decrypt_and_verify(ciphertext[: -cose.TAG_LENGTH], ciphertext[-cose.TAG_LENGTH :])
    assert plain.hex() == headers["plaintext"]


def check_derivation(headers: dict[str, str], data: str) -> None:
    block = derivation.data(int(headers["usage"], 16), bytes.fromhex(headers["ident"]))
    assert block.hex() == data
    parent = AES.new(bytes.fromhex(headers["parent"]), AES.MODE_ECB)
    assert parent.encrypt(block).hex() == headers["key"]


def check_checkcode(headers: dict[str, str], data: str) -> None:
    numbers = [int(headers[name]) for name in ("outcome", "version", "amount_minor")]
    message = checkcode.message(bytes.fromhex(headers["ksn"]), *numbers)
    assert message.hex() == data
    mac = CMAC.new(bytes.fromhex(headers["key"]), message, ciphermod=AES).digest()
    assert (mac.hex(), checkcode.digits(mac)) == (headers["mac"], headers["digits"])


def check_armour(headers: dict[str, str], data: str) -> None:
    kind, body = armour.find(data, KINDS[headers["kind"]])
    assert (kind, body.hex()) == (KINDS[headers["kind"]], headers["body"])


def check_armourtext(headers: dict[str, str], data: str) -> None:
    kind, body = armour.from_text(data)
    assert (kind, body.hex()) == (KINDS[headers["kind"]], headers["body"])
    assert armour.to_text(kind, body) == "".join(data.split()).upper()


CHECKS = {
    name.removeprefix("check_"): value for name, value in globals().items() if name.startswith("check_")
}


@pytest.mark.parametrize("name", FILES)
def test_vector(name: str) -> None:
    headers, data = read(name)
    check = CHECKS[name.partition("/")[0]]
    if headers["expect"] == "ok":
        check(headers, data)
    else:
        with pytest.raises(WireError) as caught:
            check(headers, data)
        assert caught.value.slug == headers["expect"]


def test_the_generator_writes_exactly_these_files() -> None:
    written = {name: text.encode() for name, text in generate.files()}
    assert written == {name: (FOLDER / name).read_bytes() for name in FILES}


def test_every_slug_of_the_codec_has_a_vector() -> None:
    source = "".join(path.read_text("utf-8") for path in FOLDER.parent.glob("*.py"))
    said = {word.split('"')[1] for word in source.split("WireError(")[1:] if word.startswith('"')}
    assert said == {read(name)[0]["expect"] for name in FILES} - {"ok"}
