"""The mail wire: which part of a mail is ours, reply tokens, headers. See SPEC.md."""
