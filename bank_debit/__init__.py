"""Debits of bank accounts by file (口座振替), in the format of the Japanese bankers' association."""
