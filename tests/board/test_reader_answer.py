"""Promise 5: a forged result never shows on the reader. And what a genuine one changes."""

import random

import pytest
from reader_centre import INITIAL_KEY, KEY_ID, Memory, check_code, keep, seal_bytes, seal_result

from card_reader_fw import answer, vault
from card_reader_fw.board.desk.device import cipher
from card_reader_fw.crypto import dukpt
from card_reader_fw.journal import Journal
from card_reader_fw.seal import derive, seal
from schemas.envelope import cbor, cose, outcome, payload

AMOUNT = 1200


def new_vault(sales=1):
    store = vault.create(Journal(Memory()), dukpt.load(cipher, KEY_ID, INITIAL_KEY), "en")
    for number in range(sales):
        ksn, key = store.next_key(cipher)
        _, result_key, code_key = derive(cipher, ksn, key)
        keep(store, ksn, AMOUNT + number, result_key, code_key)
    return store


@pytest.fixture
def store():
    return new_vault()


def opened(store, sealed):
    return answer.open_result(cipher, store, sealed)


@pytest.mark.parametrize("number", outcome.NAMES)
def test_a_genuine_result_shows(store, number):
    sale = store.sales[0]
    verdict, shown = opened(store, seal_result(sale.ksn, number, AMOUNT, reason="BECAUSE"))
    assert (verdict, shown) == ("genuine", sale)
    assert (sale.outcome, sale.version, sale.note) == (number, 1, "BECAUSE")


def test_the_approval_number_is_shown(store):
    opened(store, seal_result(store.sales[0].ksn, 1, AMOUNT, approval_number="A12345", reason="X"))
    assert store.sales[0].note == "A12345"


def test_the_same_again_shows_again_even_after_the_keys_are_gone(store):
    sale = store.sales[0]
    sealed = seal_result(sale.ksn, outcome.DECLINED, AMOUNT)
    opened(store, sealed)
    assert not sale.result_key
    assert opened(store, sealed) == ("genuine", sale)


def test_a_higher_version_replaces(store):
    sale = store.sales[0]
    opened(store, seal_result(sale.ksn, outcome.IN_DOUBT, AMOUNT))
    verdict, shown = opened(store, seal_result(sale.ksn, outcome.CANCELLED, AMOUNT, version=2))
    assert (verdict, shown, sale.outcome) == ("genuine", sale, outcome.CANCELLED)


def test_a_lower_version_shows_nothing(store):
    sale = store.sales[0]
    first = seal_result(sale.ksn, outcome.IN_DOUBT, AMOUNT)
    opened(store, seal_result(sale.ksn, outcome.APPROVED, AMOUNT, version=3))
    assert opened(store, first) == ("genuine", None)
    assert (sale.outcome, sale.version) == (outcome.APPROVED, 3)


def test_another_text_under_a_version_already_shown_shows_nothing(store):
    sale = store.sales[0]
    opened(store, seal_result(sale.ksn, outcome.IN_DOUBT, AMOUNT))
    assert opened(store, seal_result(sale.ksn, outcome.APPROVED, AMOUNT)) == ("genuine", None)
    assert sale.outcome == outcome.IN_DOUBT


@pytest.mark.parametrize(
    "bent",
    [
        {"version": 2, "index": 1},
        {"version": 1, "index": 2},
        {"currency": 840},
        {"amount_minor": AMOUNT + 1},
        {"amount_minor": 0},
    ],
    ids=str,
)
def test_a_sealed_result_that_speaks_of_something_else_shows_nothing(store, bent):
    facts = {"outcome": outcome.APPROVED, "amount_minor": AMOUNT, **bent}
    sealed = seal_result(store.sales[0].ksn, **facts)
    assert opened(store, sealed) == ("not-genuine", None)
    assert store.sales[0].version == 0


@pytest.mark.parametrize("text", [b"", b"\x00", cbor.encode({0: 9, 2: 1}), cbor.encode({0: 1, 2: 1, 98: 1})])
def test_a_sealed_text_that_is_no_result_shows_nothing(store, text):
    sealed = seal_bytes(store.sales[0].ksn, 1, text) if text else b"\xd0"
    assert opened(store, sealed) == ("not-genuine", None)


def test_a_result_for_nobodys_sale(store):
    assert opened(store, seal_result(KEY_ID + bytes(4), 1, AMOUNT)) == ("unknown-sale", None)


def test_a_power_cycle_later_the_result_is_still_checked():
    flash = Memory()
    store = vault.create(Journal(flash), dukpt.load(cipher, KEY_ID, INITIAL_KEY), "en")
    ksn, key = store.next_key(cipher)
    _, result_key, code_key = derive(cipher, ksn, key)
    keep(store, ksn, AMOUNT, result_key, code_key)
    later = vault.load(Journal(flash))
    assert opened(later, seal_result(ksn, 1, AMOUNT))[0] == "genuine"
    assert vault.load(Journal(flash)).sales[0].version == 1


def test_the_eleventh_sale_pushes_the_first_out():
    store = new_vault(11)
    first = KEY_ID + (1).to_bytes(4, "big")
    assert opened(store, seal_result(first, 1, AMOUNT)) == ("unknown-sale", None)


# ---- forgeries

FORGERIES = 100_000


def bit_flips(chance, sealed):
    forged = bytearray(sealed)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        forged[chance.randrange(len(forged))] ^= 1 << chance.randrange(8)
    return bytes(forged)


def truncated(chance, sealed):
    return sealed[: chance.randrange(len(sealed))] + b"\x00" * chance.choice((0, 0, 1))


def random_ciphertext(chance, sealed):
    ksn, _, ciphertext = cose.unpack(sealed)
    return cose.pack(ksn, chance.randint(1, 255), chance.randbytes(len(ciphertext)))


def another_version(chance, sealed):
    ksn, index, ciphertext = cose.unpack(sealed)
    return cose.pack(ksn, chance.choice([n for n in range(256) if n != index]), ciphertext)


def another_ksn(chance, sealed, sales):
    ksn, index, ciphertext = cose.unpack(sealed)
    other = chance.choice([sale.ksn for sale in sales if sale.ksn != ksn])
    return cose.pack(other, index, ciphertext)


def own_sales_as_result(chance, sales):
    """What this reader itself sealed, reflected to it under its own KSN."""
    ksn = chance.choice(sales).ksn
    key = bytearray(cipher(bytes(INITIAL_KEY))(bytes(16)))
    sale = payload.Sale(kind=1, amount_minor=AMOUNT, currency=392)
    _, _, ciphertext = cose.unpack(seal(cipher, key, ksn, sale))
    return cose.pack(ksn, chance.randint(0, 9), ciphertext)


def forgery(chance, sealed, sales):
    way = chance.randrange(100)
    if way < 70:
        return bit_flips(chance, sealed)
    if way < 85:
        return truncated(chance, sealed)
    if way < 90:
        return random_ciphertext(chance, sealed)
    if way < 94:
        return another_version(chance, sealed)
    if way < 98:
        return another_ksn(chance, sealed, sales)
    return own_sales_as_result(chance, sales)


def test_a_hundred_thousand_forgeries_show_nothing():
    chance = random.Random(5)
    store = new_vault(10)
    genuine = [
        seal_result(sale.ksn, chance.randint(1, 8), sale.amount_minor, version=version)
        for sale in store.sales
        for version in (1, 2, 3)
    ]
    rows = [sale.row() for sale in store.sales]
    for number in range(FORGERIES):
        sealed = genuine[number % len(genuine)]
        forged = forgery(chance, sealed, store.sales)
        if forged not in genuine:
            verdict, shown = opened(store, forged)
            assert verdict != "genuine", (number, forged.hex())
            assert shown is None
    assert [sale.row() for sale in store.sales] == rows


def test_forgeries_after_a_result_was_shown_show_nothing():
    chance = random.Random(6)
    store = new_vault(2)
    sale = store.sales[0]
    sealed = seal_result(sale.ksn, outcome.DECLINED, AMOUNT)
    opened(store, sealed)
    row = sale.row()
    for _ in range(5000):
        forged = forgery(chance, sealed, store.sales)
        if forged != sealed:
            assert opened(store, forged)[1] is None
    assert sale.row() == row


# ---- check codes


@pytest.mark.parametrize("version", answer.CODE_VERSIONS)
@pytest.mark.parametrize("number", outcome.NAMES)
def test_every_code_is_found(store, number, version):
    sale = store.sales[0]
    digits = check_code(sale.ksn, number, version, AMOUNT)
    assert answer.try_code(cipher, store, sale, digits) == ("genuine", sale)
    assert (sale.outcome, sale.version) == (number, version)


def test_three_wrong_codes_lock_that_sale_and_no_other():
    store = new_vault(2)
    sale, other = store.sales
    for _ in range(3):
        assert answer.try_code(cipher, store, sale, "00000000") == ("not-genuine", None)
    right = check_code(sale.ksn, 1, 1, AMOUNT)
    assert answer.try_code(cipher, store, sale, right) == ("unknown-sale", None)
    right = check_code(other.ksn, 1, 1, AMOUNT + 1)
    assert answer.try_code(cipher, store, other, right) == ("genuine", other)


def test_a_locked_sale_still_takes_its_sealed_result(store):
    sale = store.sales[0]
    for _ in range(3):
        answer.try_code(cipher, store, sale, "00000000")
    assert opened(store, seal_result(sale.ksn, 1, AMOUNT)) == ("genuine", sale)


def test_wrong_codes_are_counted_over_a_power_cycle():
    flash = Memory()
    store = vault.create(Journal(flash), dukpt.load(cipher, KEY_ID, INITIAL_KEY), "en")
    keep(store, KEY_ID + bytes(4), AMOUNT, bytearray(16), bytearray(16))
    for _ in range(3):
        store = vault.load(Journal(flash))
        answer.try_code(cipher, store, store.sales[0], "00000000")
    assert not vault.load(Journal(flash)).sales[0].takes_code()


@pytest.mark.parametrize("bent", ["amount", "ksn", "version"])
def test_a_code_for_something_else_does_not_fit(bent):
    store = new_vault(2)
    sale, other = store.sales
    digits = {
        "amount": check_code(sale.ksn, 1, 1, AMOUNT + 5),
        "ksn": check_code(other.ksn, 1, 1, AMOUNT),
        "version": check_code(sale.ksn, 1, 9, AMOUNT),
    }[bent]
    assert answer.try_code(cipher, store, sale, digits) == ("not-genuine", None)


def test_an_older_code_shows_nothing(store):
    sale = store.sales[0]
    opened(store, seal_result(sale.ksn, outcome.APPROVED, AMOUNT, version=2))
    old = check_code(sale.ksn, outcome.IN_DOUBT, 1, AMOUNT)
    assert answer.try_code(cipher, store, sale, old) == ("genuine", None)
    assert sale.outcome == outcome.APPROVED


def test_the_code_of_what_is_shown_shows_it_again(store):
    sale = store.sales[0]
    opened(store, seal_result(sale.ksn, outcome.APPROVED, AMOUNT, approval_number="123456"))
    same = check_code(sale.ksn, outcome.APPROVED, 1, AMOUNT)
    assert answer.try_code(cipher, store, sale, same) == ("genuine", sale)
    assert sale.note == "123456"


def test_the_sealed_result_after_its_code_adds_the_approval_number(store):
    sale = store.sales[0]
    answer.try_code(cipher, store, sale, check_code(sale.ksn, outcome.APPROVED, 1, AMOUNT))
    sealed = seal_result(sale.ksn, outcome.APPROVED, AMOUNT, approval_number="123456")
    assert opened(store, sealed) == ("genuine", sale)
    assert sale.note == "123456"


def test_what_is_remembered_does_not_print_keys(store):
    sale = store.sales[0]
    assert sale.result_key.hex() not in repr(sale)
    assert repr(sale) == "<OpenSale 123456789012345600000001 slip 1 version 0>"
