"""The encoder's side of the glass: pictures with the time in them, in real time.

Writes raw yuv420p pictures to stdout, one each 1/30 s. The top strip holds 40
blocks, black or white: the milliseconds of the wall clock at the moment the
picture is handed over (32 bits, modulo 2^32) and a check sum of 8 bits, so a
reader knows a torn or blurred strip from a good one. Below it a pattern moves,
so that the encoder has work. Promise: a picture carries the time at which it is
handed over, never an earlier one: waiting for a slow encoder is not hidden.
"""

from __future__ import annotations

import os
import sys
import time

WIDTH, HEIGHT, FPS = 1280, 720, 30
BLOCKS = 40
BLOCK = WIDTH // BLOCKS  # also the strip's height


def strip(milliseconds: int) -> bytes:
    """The strip's luma for a time."""
    value = milliseconds & 0xFFFFFFFF
    check = sum(value.to_bytes(4, "big")) * 7 + 0x5A & 0xFF
    bits = f"{value:032b}{check:08b}"
    row = b"".join((b"\xeb" if bit == "1" else b"\x10") * BLOCK for bit in bits)
    return row * BLOCK


def ground() -> bytes:
    """A pattern longer than the picture: sliding the view over it makes motion."""
    rows = []
    for y in range(HEIGHT * 2):
        rows.append(bytes(40 + ((x * 3 ^ y * 5) + (x * y >> 7)) % 160 for x in range(WIDTH)))
    return b"".join(rows)


def main() -> None:
    pattern = memoryview(ground())
    chroma = b"\x80" * (WIDTH * HEIGHT // 2)
    rest = WIDTH * (HEIGHT - BLOCK)
    out = sys.stdout.fileno()
    start, number = time.monotonic(), 0
    while True:
        due = start + number / FPS
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
        offset = (number * 2 % HEIGHT) * WIDTH
        picture = b"".join((strip(time.time_ns() // 1_000_000), pattern[offset : offset + rest], chroma))
        view = memoryview(picture)
        while view:
            view = view[os.write(out, view) :]
        # A slow encoder holds us here; none is left out, or its clock would fall behind.
        number += 1


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        pass
