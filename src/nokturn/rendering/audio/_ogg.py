"""Ogg: pages with a stream number that is the same each time.

    numbered(data)        # the same sound gives the same bytes

libsndfile numbers the stream of an OGG file by chance. A page holds its stream's number and a
checksum over itself: both are written anew. Files of one stream only.

Source: RFC 3533, section 6.
"""

from __future__ import annotations

import zlib

NUMBER = (1).to_bytes(4, "little")
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def numbered(data: bytes) -> bytes:
    """Return an Ogg file whose stream has the number 1."""
    whole = bytearray(data)
    at = 0
    while whole[at : at + 4] == b"OggS":
        lengths = whole[at + 27 : at + 27 + whole[at + 26]]
        end = at + 27 + len(lengths) + sum(lengths)
        whole[at + 14 : at + 18] = NUMBER
        whole[at + 22 : at + 26] = bytes(4)  # the checksum counts itself as zeros
        whole[at + 22 : at + 26] = checksum(bytes(whole[at:end])).to_bytes(4, "little")
        at = end
    return bytes(whole)


def checksum(page: bytes) -> int:
    """Return the CRC of a page, whose checksum is zeros: that of zlib with all bits mirrored.

    >>> hex(checksum(b"OggS"))
    '0x5fb0a94f'
    """
    crc = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
