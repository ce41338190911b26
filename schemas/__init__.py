"""The wires: one folder per wire, each with SPEC.md, a codec and vectors."""
