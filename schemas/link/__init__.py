"""Reader and phone over a serial line: frames and the session above them. See SPEC.md."""
