"""AES-128 DUKPT against the vectors of ANSI X9.24-3 and a host's walk, and the end of the keys."""

import random

import pytest
from Crypto.Cipher import AES

from card_reader_fw.crypto import aes, dukpt
from schemas.envelope import derivation

BDK = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
KEY_ID = bytes.fromhex("1234567890123456")
INITIAL_KEY = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")

# transaction key, PIN key, MAC generation key, data key at counters 1..8
TABLE = """
4F21B565BAD9835E112B6465635EAE44 AF8CB133A78F8DC2D1359F18527593FB A2DC23DE6FDE0824A2BC321E08E4B8B7 A35C412EFD41FDB98B69797C02DCD08F
2F34D68DE10F68D38091A73B9E7C437C D30BDC73EC9714B000BEC66BDB7B6D09 484C3B06E8562704528CD5B46FB12FB6 D639514AA33AC43AD9229E433D6D4E5B
031504E530365CF81264238540518318 7D69F01F3B45449F62C7816ECE723268 A5DF7D9D800CA769766F0C77CA4E6E6C EF17F6AB45B4820C93A3DCB21BC491AD
0EEFC7ADA628BA68878DA9165A8A1887 91A0588318EC2673214271F70137896E E6E4679647D8A9057C1FC15537CB4C4E B3BD44C08BB6BA27C3BB4711D7D70387
C2A7AC328A5DA2D6002D62465BFC028B 35A43BC9EFEB09C756204B57E3FB7D4D 0588185FE1FF8C7E22FAD78C1C61F065 CA02DF6F30B39E14BD0B4A30E460920F
D30F7D9351DA58448A2F5E92B4EE3B7D 02DCC6CD1201A3A2CA7099559C862123 7B60F72A5639C0EE7EB2100FA80BB793 C9B8A7C4E486180B2229115164F0B293
A8253CEED9AC042C54F75D35C8352278 6ECF912F3B18CA11A7A27BB60705FD09 BAA08CA263C69525BC6B1BA8F4275D69 0FA8F1F0A2DD7B1005A862D77CDED698
718EE6CF0B27E53D5F7AF99C4D8146A2 4D9DF3FBEE3448FC3E676D04320A90F5 6FD572E5D59E618875F193484F9178FB 650F34204ABD4E57764D61AC3D266FB1
"""  # noqa: E501  as the standard prints them
ROWS = [[bytes.fromhex(word) for word in line.split()] for line in TABLE.split("\n") if line]

CORNERS = {
    0x0001FFFE: "E21E8C8D347F8561A2BE752DAA85A111",
    0x00020000: "F7AE9025468A25D37B7249CFFED224C8",
    0x00020001: "692C8EA4013645135B36497131DF9D2C",
    0xFFFE2000: "48E585B694EB0B18D5C35443E163C0BA",
    0xFFFE4000: "396C2C7CA1EA701C03B86B7D41F0C562",
    0xFFFE8000: "0387625F189B58AE03EF0E8CCA41105E",
    0xFFFF0000: "F6BA59389BD14A9855BE9727E7C52E3C",
}

USAGES_AT_1 = {
    0x0002: "36A724B7BEFA5A25F5E7B5782A4554A2",
    0x2001: "DBB463945B286C07CD3AD82EE96FD9C9",
    0x2002: "85675439D18D7F1158BD8E3EAA3D502B",
    0x3001: "16292C6EA8F64C5420A0584BFBC577BE",
    0x3002: "A308E080DD15A1B741F1721BF67DE11C",
}


def fast(key):
    return AES.new(key, AES.MODE_ECB).encrypt


def derive(key, counter):
    ident = KEY_ID[4:] + counter.to_bytes(4, "big")
    return fast(key)(derivation.data(derivation.KEY_DERIVATION, ident))


def walk(counter):
    """The host's side: from the initial key through the ones of the counter."""
    key, walked = INITIAL_KEY, 0
    for bit in reversed(range(32)):
        if counter >> bit & 1:
            walked |= 1 << bit
            key = derive(key, walked)
    return key


def keys_at(counter):
    """The registers of a reader whose next counter is this one."""
    keys = dukpt.load(fast, KEY_ID, INITIAL_KEY)
    lowest = counter & -counter
    for bit in range(32):
        above = counter >> bit + 1 << bit + 1
        usable = not counter >> bit & 1 or 1 << bit == lowest
        key = walk(above | 1 << bit) if usable else bytes(16)
        keys.registers[16 * bit : 16 * bit + 16] = key
    keys.counter = counter
    return keys


def test_initial_key():
    assert fast(BDK)(derivation.data(derivation.INITIAL, KEY_ID)) == INITIAL_KEY


@pytest.mark.parametrize("cipher", [fast, aes.own], ids=["library", "own"])
def test_the_standards_table(cipher):
    keys = dukpt.load(cipher, KEY_ID, INITIAL_KEY)
    for number, (key, pin, mac, data) in enumerate(ROWS, 1):
        keys, ksn, transaction_key = dukpt.advance(cipher, keys)
        assert ksn == KEY_ID + number.to_bytes(4, "big")
        assert transaction_key == key
        assert dukpt.working_key(cipher, transaction_key, derivation.PIN, ksn) == pin
        assert dukpt.working_key(cipher, transaction_key, 0x2000, ksn) == mac
        assert dukpt.working_key(cipher, transaction_key, derivation.SEAL_SALE, ksn) == data


@pytest.mark.parametrize("counter", CORNERS, ids=hex)
def test_corner_counters(counter):
    _, ksn, key = dukpt.advance(fast, keys_at(counter))
    assert ksn == KEY_ID + counter.to_bytes(4, "big")
    assert key.hex().upper() == CORNERS[counter]


@pytest.mark.parametrize("usage", USAGES_AT_1, ids=hex)
def test_key_usages(usage):
    ksn = KEY_ID + (1).to_bytes(4, "big")
    assert dukpt.working_key(fast, walk(1), usage, ksn).hex().upper() == USAGES_AT_1[usage]


def test_update_key_of_the_reserved_counter():
    ksn = KEY_ID + b"\xff\xff\xff\xff"
    key = dukpt.working_key(fast, walk(0xFFFFFFFF), derivation.UPDATE, ksn)
    assert key.hex().upper() == "9A9770AEE1ACD1B13473D0463A1883B9"


def test_a_run_of_transactions_agrees_with_the_host_and_never_repeats():
    keys = dukpt.load(fast, KEY_ID, INITIAL_KEY)
    seen = set()
    for _ in range(1500):
        keys, ksn, key = dukpt.advance(fast, keys)
        counter = int.from_bytes(ksn[8:], "big")
        assert key == walk(counter)
        seen.add(ksn)
    assert len(seen) == 1500


def test_from_any_counter_the_next_hundred_agree_with_the_host():
    chance = random.Random(24)
    for _ in range(20):
        counter = sum(1 << bit for bit in chance.sample(range(32), chance.randint(1, 16)))
        keys = keys_at(min(counter, 0xFFFE0000))
        for _ in range(100):
            keys, ksn, key = dukpt.advance(fast, keys)
            assert key == walk(int.from_bytes(ksn[8:], "big"))
            assert bin(int.from_bytes(ksn[8:], "big")).count("1") <= 16


def test_counters_of_more_than_sixteen_ones_are_skipped():
    assert dukpt.following(0x0000FFFF) == 0x00010000
    assert dukpt.following(0x0001FFFE) == 0x00020000
    assert dukpt.following(0xFFFE8000) == 0xFFFF0000


def test_after_the_last_counter_there_is_no_key():
    keys, ksn, _ = dukpt.advance(fast, keys_at(0xFFFF0000))
    assert ksn[8:] == bytes.fromhex("FFFF0000")
    assert keys.counter == 0
    assert dukpt.advance(fast, keys) is None


def test_a_used_key_cannot_be_found_in_the_state_after_it():
    keys = dukpt.load(fast, KEY_ID, INITIAL_KEY)
    for _ in range(40):
        keys, _, key = dukpt.advance(fast, keys)
        assert bytes(key) not in bytes(keys.registers)
        assert INITIAL_KEY not in bytes(keys.registers)


def test_advance_leaves_the_old_state_alone():
    keys = dukpt.load(fast, KEY_ID, INITIAL_KEY)
    before = bytes(keys.registers)
    dukpt.advance(fast, keys)
    assert (keys.counter, bytes(keys.registers)) == (1, before)


def test_erase_leaves_nothing():
    keys = dukpt.load(fast, KEY_ID, INITIAL_KEY)
    keys.erase()
    assert bytes(keys.registers) == bytes(512)
    assert dukpt.advance(fast, keys) is None


def test_keys_do_not_print():
    keys = dukpt.load(fast, KEY_ID, INITIAL_KEY)
    assert bytes(keys.registers)[:16].hex() not in repr(keys)
    assert repr(keys) == "<Keys 1234567890123456 next 00000001>"


@pytest.mark.parametrize("key_id, key", [(bytes(7), bytes(16)), (bytes(8), bytes(32))])
def test_load_refuses_other_lengths(key_id, key):
    with pytest.raises(ValueError, match="initial key"):
        dukpt.load(fast, key_id, key)
