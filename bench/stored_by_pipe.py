"""The script that a user would write first: one mail from standard input into SQLite. Postfix pipes to it."""

import sqlite3
import sys

if __name__ == "__main__":
    db = sqlite3.connect(sys.argv[1], timeout=60)
    db.execute("CREATE TABLE IF NOT EXISTS mails (id INTEGER PRIMARY KEY, raw BLOB NOT NULL)")
    db.execute("INSERT INTO mails (raw) VALUES (?)", (sys.stdin.buffer.read(),))
    db.commit()
