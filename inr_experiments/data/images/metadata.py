"""Pictures without what is not pixels: EXIF, colour profiles, text, in PNG, JPEG and WebP."""

import struct

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
#: Ancillary chunks of PNG that decide over pixels.
KEPT_CHUNKS = (b"tRNS",)
#: Segments of JPEG that do: JFIF and Adobe tell the colour space.
KEPT_SEGMENTS = (0xE0, 0xEE)
COMMENT, SCAN = 0xFE, 0xDA
WEBP_DROPPED = (b"ICCP", b"EXIF", b"XMP ")
#: Of a WebP's first chunk, the flags that announce them.
WEBP_FLAGS = 0x20 | 0x08 | 0x04


def without_metadata(content: bytes) -> bytes:
    """The bytes of a picture whose metadata are left out; as they are where it has other forms."""
    if content.startswith(PNG):
        return _png(content)
    if content.startswith(JPEG):
        return _jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    return content


def _png(content: bytes) -> bytes:
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        end, kind = at + 12 + length, content[at + 4 : at + 8]
        critical = not kind[:1].islower()
        if critical or kind in KEPT_CHUNKS:
            kept.append(content[at:end])
        at = end
    return b"".join([*kept, content[at:]])


def _jpeg(content: bytes) -> bytes:
    kept, at = [JPEG], 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != SCAN:
        marker, (length,) = content[at + 1], struct.unpack_from(">H", content, at + 2)
        if not (0xE0 <= marker <= 0xEF or marker == COMMENT) or marker in KEPT_SEGMENTS:
            kept.append(content[at : at + 2 + length])
        at += 2 + length
    return b"".join([*kept, content[at:]])


def _webp(content: bytes) -> bytes:
    kept, at = [], 12
    while at + 8 <= len(content):
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length + length % 2
        chunk = content[at:end]
        if kind == b"VP8X" and len(chunk) > 8:
            chunk = chunk[:8] + bytes([chunk[8] & ~WEBP_FLAGS]) + chunk[9:]
        if kind not in WEBP_DROPPED:
            kept.append(chunk)
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
