"""New keys over the serial line: a key block for this reader, opened once with what it was given for that.

A new reader has a transport key; one with keys has the update key of its initial key. Either opens one block,
and goes with it: the block's own update key opens the next. So no block can be loaded twice, no key used
twice, and who records the line learns nothing.
"""

from card_reader_fw import shelf, vault
from card_reader_fw.crypto import aes, dukpt, tr31
from card_reader_fw.crypto.ccm import same, wipe
from card_reader_fw.journal import Journal, JournalError
from schemas.errors import WireError
from schemas.keyblock import layout

LOADED, REFUSED = "loaded", "refused"
TRANSPORT, UPDATE, NOTHING = "transport", "update", "none"


def first_record(flash, serial, transport_key, language):
    """Make a reader of a flash, whatever was on it: its serial (4 bytes), what opens its first key block."""
    for bank in range(shelf.FIRST_BANK + shelf.CELLS):
        flash.erase(bank)
    return vault.create(Journal(flash), dukpt.blank(serial, transport_key), language)


def opens_with(keys):
    """dukpt.Keys -> what the next key block has to be wrapped under: transport, update or none."""
    if not any(keys.loading):
        return NOTHING
    return UPDATE if any(keys.key_id[:4]) else TRANSPORT


def take(cipher, kept, text, decipher=None):
    """Key block -> (LOADED, check value) once the keys are durable, or (REFUSED, slug) and nothing changed.

    kept: vault.Vault. decipher: AES backwards, None for the firmware's own. The block that
    was loaded last is answered as it was: its answer was lost.
    """
    try:
        parts = layout.parse(text)
        if kept.keys.receipt and same(parts.mac, kept.keys.receipt[: layout.MAC_LENGTH]):
            return LOADED, kept.keys.receipt[layout.MAC_LENGTH :].hex().upper()
        slug = _objection(kept.keys, parts)
        if slug:
            return REFUSED, slug
        return _load(cipher, decipher, kept, parts)
    except (WireError, JournalError) as error:
        return REFUSED, error.slug


def _objection(keys, parts):
    if opens_with(keys) == NOTHING:
        return "no-loading-key"
    if parts.key_id[4:] != keys.key_id[4:]:
        return "other-reader"
    return "same-key" if parts.key_id == keys.key_id else ""  # its counter would begin again


def _load(cipher, decipher, kept, parts):
    initial = tr31.unwrap(cipher, decipher or aes.decipher, kept.keys.loading, parts)
    value = tr31.check_value(cipher, initial)
    keys = dukpt.load(cipher, parts.key_id, initial, parts.mac + bytes.fromhex(value))
    wipe(initial)
    kept.take_keys(keys)
    return LOADED, value
