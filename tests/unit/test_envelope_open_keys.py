"""DUKPT, the key ring, opening and sealing, against published vectors and a bit flipped everywhere."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import CMAC

from mail_gateway.domain.errors import GatewayError
from mail_gateway.envelope import dukpt
from mail_gateway.envelope.dukpt import Usage
from mail_gateway.envelope.keys import KeyRing, Purpose, kcv
from mail_gateway.envelope.open import Opened, Refused, open_envelope
from mail_gateway.envelope.root import fetch_root, make_root
from mail_gateway.envelope.seal import check_code, seal_result
from schemas.envelope import checkcode, cose, derivation, payload

BDK = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
KEY_ID = bytes.fromhex("1234567890123456")
CARD = "4111111111111111=27122010000012345678"


def ksn(counter: int) -> bytes:
    return KEY_ID + counter.to_bytes(4, "big")


def ring(*, with_bdk: bool = True, root: bytes = bytes(32)) -> KeyRing:
    keys = KeyRing(root, lambda count: bytes(count))
    if with_bdk:
        keys.add_bdk(KEY_ID[:4], keys.wrap(Purpose.BDK, KEY_ID[:4], BDK))
    return keys


def sealed_sale(counter: int = 1, *, index: int = 0, plain: bytes | None = None) -> bytes:
    sale = payload.Sale(kind=1, amount_minor=1200, currency=392, track2=CARD, slip=1)
    key = dukpt.Tree(BDK).working_key(ksn(counter), Usage.DATA_ENCRYPTION)
    cipher = AES.new(key, AES.MODE_CCM, nonce=cose.nonce(ksn(counter), index), mac_len=16)
    cipher.update(cose.enc_structure(cose.AAD_SALE))
    body, tag = cipher.encrypt_and_digest(payload.encode_sale(sale) if plain is None else plain)
    return bytes(cose.pack(ksn(counter), index, body + tag))


# X9.24-3 supplement: counter -> transaction key, PIN, MAC generation, data encryption
VECTORS = """
1 4F21B565BAD9835E112B6465635EAE44 AF8CB133A78F8DC2D1359F18527593FB A2DC23DE6FDE0824A2BC321E08E4B8B7 A35C412EFD41FDB98B69797C02DCD08F
2 2F34D68DE10F68D38091A73B9E7C437C D30BDC73EC9714B000BEC66BDB7B6D09 484C3B06E8562704528CD5B46FB12FB6 D639514AA33AC43AD9229E433D6D4E5B
3 031504E530365CF81264238540518318 7D69F01F3B45449F62C7816ECE723268 A5DF7D9D800CA769766F0C77CA4E6E6C EF17F6AB45B4820C93A3DCB21BC491AD
4 0EEFC7ADA628BA68878DA9165A8A1887 91A0588318EC2673214271F70137896E E6E4679647D8A9057C1FC15537CB4C4E B3BD44C08BB6BA27C3BB4711D7D70387
5 C2A7AC328A5DA2D6002D62465BFC028B 35A43BC9EFEB09C756204B57E3FB7D4D 0588185FE1FF8C7E22FAD78C1C61F065 CA02DF6F30B39E14BD0B4A30E460920F
6 D30F7D9351DA58448A2F5E92B4EE3B7D 02DCC6CD1201A3A2CA7099559C862123 7B60F72A5639C0EE7EB2100FA80BB793 C9B8A7C4E486180B2229115164F0B293
7 A8253CEED9AC042C54F75D35C8352278 6ECF912F3B18CA11A7A27BB60705FD09 BAA08CA263C69525BC6B1BA8F4275D69 0FA8F1F0A2DD7B1005A862D77CDED698
8 718EE6CF0B27E53D5F7AF99C4D8146A2 4D9DF3FBEE3448FC3E676D04320A90F5 6FD572E5D59E618875F193484F9178FB 650F34204ABD4E57764D61AC3D266FB1
"""  # noqa: E501
CORNERS = {
    0x0001FFFE: "E21E8C8D347F8561A2BE752DAA85A111",
    0x00020000: "F7AE9025468A25D37B7249CFFED224C8",
    0x00020001: "692C8EA4013645135B36497131DF9D2C",
    0xFFFE2000: "48E585B694EB0B18D5C35443E163C0BA",
    0xFFFE4000: "396C2C7CA1EA701C03B86B7D41F0C562",
    0xFFFE8000: "0387625F189B58AE03EF0E8CCA41105E",
    0xFFFF0000: "F6BA59389BD14A9855BE9727E7C52E3C",
}
OTHER_USAGES = {
    Usage.KEY_ENCRYPTION: "36A724B7BEFA5A25F5E7B5782A4554A2",
    Usage.MAC_VERIFICATION: "DBB463945B286C07CD3AD82EE96FD9C9",
    Usage.MAC_BOTH: "85675439D18D7F1158BD8E3EAA3D502B",
    Usage.DATA_DECRYPTION: "16292C6EA8F64C5420A0584BFBC577BE",
    Usage.DATA_BOTH: "A308E080DD15A1B741F1721BF67DE11C",
}


@pytest.mark.parametrize("line", VECTORS.strip().splitlines())
def test_the_published_vectors(line: str) -> None:
    number, *keys = line.split()
    at = ksn(int(number))
    found = [dukpt.Tree(BDK).transaction_key(at)]
    found += [
        dukpt.Tree(BDK).working_key(at, one)
        for one in (Usage.PIN, Usage.MAC_GENERATION, Usage.DATA_ENCRYPTION)
    ]
    assert [key.hex().upper() for key in found] == keys


@pytest.mark.parametrize("counter", CORNERS)
def test_the_corner_counters(counter: int) -> None:
    assert dukpt.Tree(BDK).transaction_key(ksn(counter)).hex().upper() == CORNERS[counter]


@pytest.mark.parametrize("usage", OTHER_USAGES)
def test_the_other_usages(usage: Usage) -> None:
    assert dukpt.Tree(BDK).working_key(ksn(1), usage).hex().upper() == OTHER_USAGES[usage]


def test_the_update_key() -> None:
    key = dukpt.Tree(BDK).working_key(ksn(0xFFFFFFFF), Usage.KEY_ENCRYPTION)
    assert key.hex().upper() == "9A9770AEE1ACD1B13473D0463A1883B9"


def test_aes_256() -> None:
    long = BDK + BDK
    initial = "CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F"
    first = "54AC2B32B145EA4A554CB8BC44B17467063A799856B1CCC2A138D36E8DBF78B3"
    data = "71EB36C9A6B7F801D1D1700C29741FC5A5C4E9B45D742DA7AF6992B8AA29AF58"
    assert dukpt.initial_key(long, KEY_ID).hex().upper() == initial
    assert dukpt.Tree(long).transaction_key(ksn(1)).hex().upper() == first
    assert dukpt.Tree(long).working_key(ksn(1), Usage.PIN).hex().upper() == "09C9C432966811D6B2C3336BAC1B1202"
    short = dukpt.Tree(long).working_key(ksn(1), Usage.DATA_ENCRYPTION)
    assert short.hex().upper() == "616D59AE91F8CC7016F89FDA29605FA4"
    assert dukpt.Tree(long).working_key(ksn(1), Usage.DATA_ENCRYPTION, length=32).hex().upper() == data


def test_the_order_in_which_sales_come_changes_no_key() -> None:
    tree, order = dukpt.Tree(BDK), random.Random(7)
    counters = [order.getrandbits(order.choice((3, 16, 32))) or 1 for _ in range(300)]
    for counter in [*counters, *counters]:
        assert tree.transaction_key(ksn(counter)) == dukpt.Tree(BDK).transaction_key(ksn(counter))


def test_only_so_many_inner_keys_are_kept() -> None:
    tree = dukpt.Tree(BDK)
    for counter in range(1, dukpt.KEPT_MAX + 100):
        tree.transaction_key(ksn(counter))
    assert tree.transaction_key.cache_info().currsize == dukpt.KEPT_MAX


def test_a_tree_is_never_printed_or_serialised() -> None:
    assert BDK.hex() not in repr(dukpt.Tree(BDK)) and repr(BDK) not in repr(dukpt.Tree(BDK))
    with pytest.raises(TypeError):
        pickle.dumps(dukpt.Tree(BDK))


def test_a_working_key_is_never_stronger_than_its_base() -> None:
    with pytest.raises(ValueError, match="never stronger"):
        dukpt.Tree(BDK).working_key(ksn(1), Usage.DATA_ENCRYPTION, length=32)


def test_a_key_for_hmac_is_not_the_key_for_aes() -> None:
    key = dukpt.Tree(BDK).working_key(ksn(1), Usage.MAC_GENERATION, hmac=True)
    assert key.hex().upper() == "27D99DA9C091C20DEC0D1C56244ADF8C"


@pytest.mark.parametrize("usage", Usage)
def test_the_derivation_data_is_the_readers(usage: Usage) -> None:
    ident = KEY_ID if usage is Usage.INITIAL_KEY else ksn(5)[4:]
    assert dukpt.derivation_data(usage, ident) == derivation.data(usage.value, ident)


def test_the_published_cose_vector() -> None:
    """RFC 9052 frame as an independent library makes it, no external AAD."""
    frame = (
        "d08344a101181ea2044c123456789012345600000001054d1234567890123456000000010058373bae5274ebe1fecb47e74d7590"
        "dd4ca8532cec4d182df83451a23cacf48add89021154b94040b5264c20cfaaa10d7018784c26bb61b4f6"
    )
    found, index, body = cose.unpack(bytes.fromhex(frame))
    assert (found, index) == (ksn(1), 0)
    key = dukpt.Tree(BDK).working_key(ksn(1), Usage.DATA_ENCRYPTION)
    cipher = AES.new(key, AES.MODE_CCM, nonce=cose.nonce(found, index), mac_len=16)
    cipher.update(cose.enc_structure(b""))
    assert cipher.decrypt_and_verify(body[:-16], body[-16:]) == f";{CARD[:17]}27122010000012345678?".encode()


def test_open_gives_the_sale_and_its_key() -> None:
    opened = open_envelope(sealed_sale(7), ring())
    assert isinstance(opened, Opened)
    assert (opened.counter, opened.sale.amount_minor, opened.sale.track2) == (7, 1200, CARD)
    assert CARD[:16] not in repr(opened)


@pytest.mark.parametrize(
    ("envelope", "slug"),
    [
        (sealed_sale(index=1), "sale-index"),
        (cose.pack(ksn(2), 0, sealed_sale()[-80:]), "seal-broken"),
        (sealed_sale(plain=b"\xa0"), None),
        (b"", None),
        (b"\xd0", None),
    ],
)
def test_what_does_not_open_is_a_slug_not_an_exception(envelope: bytes, slug: str | None) -> None:
    refused = open_envelope(envelope, ring())
    assert isinstance(refused, Refused)
    assert refused.slug
    assert slug in (None, refused.slug)


def test_every_flipped_bit_is_refused() -> None:
    envelope, keys = sealed_sale(), ring()
    for position in range(len(envelope) * 8):
        bad = bytearray(envelope)
        bad[position // 8] ^= 1 << position % 8
        assert isinstance(open_envelope(bytes(bad), keys), Refused), f"bit {position}"


def test_every_prefix_is_refused() -> None:
    envelope, keys = sealed_sale(), ring()
    for length in range(len(envelope)):
        assert isinstance(open_envelope(envelope[:length], keys), Refused)


def test_a_key_that_is_not_there() -> None:
    assert open_envelope(sealed_sale(), ring(with_bdk=False)) == Refused("key-unknown")


def test_a_sale_never_opens_as_a_result_nor_under_another_counter() -> None:
    result = payload.Result(outcome=1, version=1, amount_minor=1200, currency=392)
    assert isinstance(open_envelope(seal_result(ksn(1), result, ring()), ring()), Refused)


def test_a_result_opens_at_the_reader_with_its_version_as_nonce() -> None:
    result = payload.Result(outcome=2, version=3, amount_minor=1200, currency=392, reason="51", time_s=1)
    found, index, body = cose.unpack(seal_result(ksn(1), result, ring()))
    assert (found, index) == (ksn(1), 3)
    key = dukpt.Tree(BDK).working_key(ksn(1), Usage.DATA_DECRYPTION)
    cipher = AES.new(key, AES.MODE_CCM, nonce=ksn(1) + b"\3", mac_len=16)
    cipher.update(cose.enc_structure(cose.AAD_RESULT))
    assert payload.decode_result(cipher.decrypt_and_verify(body[:-16], body[-16:])) == result


def test_the_check_code_is_the_readers() -> None:
    result = payload.Result(outcome=1, version=2, amount_minor=1200, currency=392)
    mac = CMAC.new(dukpt.Tree(BDK).working_key(ksn(1), Usage.MAC_VERIFICATION), ciphermod=AES)
    mac.update(checkcode.message(ksn(1), 1, 2, 1200))
    code = check_code(ksn(1), result, ring())
    assert code == checkcode.digits(mac.digest())
    assert len(code) == 8
    assert code.isdecimal()


def test_the_ring_cannot_be_printed_or_pickled() -> None:
    keys = ring()
    assert BDK.hex() not in repr(keys) + str(keys)
    with pytest.raises(TypeError):
        pickle.dumps(keys)
    with pytest.raises(TypeError):
        vars(keys)


@pytest.mark.parametrize(
    ("purpose", "ident"),
    [(Purpose.REVERSAL, KEY_ID[:4]), (Purpose.BDK, b"0000"), (Purpose.REPLY_TOKEN, KEY_ID[:4])],
)
def test_what_is_wrapped_for_one_use_opens_for_no_other(purpose: Purpose, ident: bytes) -> None:
    wrapped = ring().wrap(Purpose.BDK, KEY_ID[:4], BDK)
    assert ring().unwrap(Purpose.BDK, KEY_ID[:4], wrapped) == BDK
    with pytest.raises(GatewayError, match="root-key-wrong"):
        ring().unwrap(purpose, ident, wrapped)


def test_another_root_opens_nothing() -> None:
    wrapped = ring().wrap(Purpose.BDK, KEY_ID[:4], BDK)
    with pytest.raises(GatewayError, match="root-key-wrong"):
        ring(root=bytes(31) + b"\1").add_bdk(b"\0\0\0\0", wrapped)


def test_every_purpose_has_a_key_of_its_own() -> None:
    assert len({ring().token_key(purpose) for purpose in Purpose}) == len(Purpose)


def test_the_check_value_is_cmac_over_zeros() -> None:
    assert kcv(BDK) == CMAC.new(BDK, bytes(16), AES).hexdigest()[:6].upper()
    assert BDK.hex().upper().startswith(kcv(BDK)) is False


def test_the_root_key_is_made_once(tmp_path: Path) -> None:
    reference = f"file:{tmp_path}/keys/root.key"
    make_root(reference)
    root = fetch_root(reference)
    make_root(reference)
    assert fetch_root(reference) == root
    assert len(root) == 32


@pytest.mark.parametrize(
    ("reference", "slug"),
    [("file:/nowhere/root.key", "missing"), ("env:HAGAKI_NO_SUCH", "damaged"), ("00ff", "reference")],
)
def test_a_root_key_that_cannot_be_had_is_one_sentence(reference: str, slug: str) -> None:
    with pytest.raises(GatewayError, match=f"root-key-{slug}"):
        fetch_root(reference)


def test_the_root_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAGAKI_ROOT", "0f" * 32)
    assert fetch_root("env:HAGAKI_ROOT") == b"\x0f" * 32
    monkeypatch.setenv("HAGAKI_ROOT", "secret")
    with pytest.raises(GatewayError) as caught:
        fetch_root("env:HAGAKI_ROOT")
    assert "secret" not in str(caught.value)
