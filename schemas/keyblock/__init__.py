"""The key block: an initial key on its way into a reader (TR-31, X9.143 version D)."""
