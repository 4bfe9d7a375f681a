"""make_doubles.py: writes doubles.txt beside it: the bits of doubles in hex, and Python's repr of each.

python make_doubles.py
"""

import random
import struct
from pathlib import Path

SEED = 20260101


def doubles():
    rng = random.Random(SEED)
    # Beside a power of two the spacing changes: the hardest numbers to write in few digits.
    for exponent in range(-1074, 1024, 3):
        yield 2.0**exponent
    yield from (0.0, -0.0, 1e16, 1e15, 123456789.0, 9007199254740993.0, 0.1, 0.0001, 0.00001, 1e-7, 3.5, 1e300, 2e-3)
    yield from (2.0**-44, 2e23, 1e23, 8.41e21, 2.0e-322, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308)
    for _ in range(300):
        value = struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0]
        if value == value and abs(value) != float("inf"):
            yield value
        yield round(rng.uniform(-1e6, 1e6), rng.randrange(8))


lines = [f"{struct.unpack('<Q', struct.pack('<d', value))[0]:016x} {value!r}\n" for value in doubles()]
(Path(__file__).parent / "doubles.txt").write_text("".join(lines), "ascii")
