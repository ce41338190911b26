"""The deal: what a customer agrees to, as bytes, and the answer that only the customer can compute."""
