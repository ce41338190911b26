"""The sealed sale and the sealed result: CBOR, COSE, payloads, check code, armour. See SPEC.md."""
