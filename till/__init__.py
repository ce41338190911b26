"""A shop's own devices, clients of the shop API: a till with a scanner, and a vending machine."""
