"""The phone's side: between the reader's serial line and a mailbox. It carries sealed texts unopened."""
