"""Runs under MicroPython and CPython: a reader without keys is loaded, sells, and is renewed."""

from parts import Flash

from card_reader_fw import keyload, vault
from card_reader_fw.crypto import aes, dukpt
from card_reader_fw.journal import Journal


def report(given):
    flash = Flash()
    kept = vault.create(
        Journal(flash), dukpt.blank(bytes.fromhex(given["serial"]), bytes.fromhex(given["transport"])), "en"
    )
    said = [keyload.opens_with(kept.keys)]
    for block in given["blocks"]:
        said.append(keyload.take(aes.cipher, kept, block))
        ksn, key = kept.next_key(aes.cipher)
        said.append(
            [ksn.hex(), bytes(key).hex(), keyload.opens_with(kept.keys), bytes(kept.keys.loading).hex()]
        )
    kept = vault.load(Journal(flash))
    said.extend([kept.keys.key_id.hex(), kept.keys.counter, bytes(kept.keys.registers).hex()])
    return said
