"""Fills a database with channels faster than the API would: copies of one that the API made.

Promise: each copy is a row as the server writes it, with a name, an ARN and a stream
key of its own; whatever columns the tables have, text in them that names the first
channel or its key names the copy instead.
"""

from __future__ import annotations

import pathlib
import sqlite3

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def ids(count: int, prefix: str) -> list[str]:
    """So many different resource ids of twelve characters, spread as random ones are."""
    made = []
    for number in range(count):
        # A multiplier prime to the modulus: no two are alike, neighbours are far apart.
        mixed, digits = number * 2_654_435_761 % 36**8, ""
        for _ in range(8):
            mixed, digit = divmod(mixed, 36)
            digits += ALPHABET[digit]
        made.append((prefix + digits + "0000")[:12])
    return made


def sqlite(database: pathlib.Path, channel_arn: str, stream_key: dict, channels: int) -> list[str]:
    """Brings the file to `channels` channels; the ARNs in the order of a list."""
    base, first = channel_arn.rsplit("/", 1)
    key_first = stream_key["arn"].rsplit("/", 1)[1]
    new, new_keys = ids(channels - 1, "b"), ids(channels - 1, "k")
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table in ("channels", "stream_keys"):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            columns.remove("position")
            template = connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchone()
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"

            def rows(template=template):
                for number, (channel, key) in enumerate(zip(new, new_keys), start=1):
                    changes = (
                        (stream_key["value"], stream_key["value"].replace(key_first, key)[:-12] + key),
                        (first, channel),
                        (key_first, key),
                        ("bench-0", f"bench-{number}"),
                    )
                    yield tuple(_changed(cell, changes) for cell in template)

            connection.executemany(statement, rows())
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'usage'").fetchone():
            # What quotas are held against; its only channels are those of this tenant.
            connection.execute("UPDATE usage SET used = used + ? WHERE kind = 'channel'", (channels - 1,))
    connection.close()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return [f"{base}/{each}" for each in [first, *new]]


def _changed(cell, changes):
    if isinstance(cell, str):
        for old, now in changes:
            cell = cell.replace(old, now)
    return cell
