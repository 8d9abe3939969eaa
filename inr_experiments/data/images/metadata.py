"""Pictures without what is not pixels: EXIF, colour profiles, text, in PNG, JPEG and WebP."""

import struct

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
#: Ancillary chunks of PNG that decide over pixels.
KEPT_CHUNKS = (b"tRNS",)
#: Segments of JPEG that do, JFIF and Adobe tell the colour space, with their least length.
KEPT_SEGMENTS = {0xE0: 14, 0xEE: 14}
COMMENT, SCAN = 0xFE, 0xDA
#: Chunks of WebP, and the flags of its first one that announce them.
WEBP_FLAGS = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}


def without_metadata(content: bytes, *, exif: bool) -> bytes:
    """The bytes of a picture without its metadata; as they are where it has other forms.

    Args:
        exif: keep the EXIF, which says how the picture was held.
    """
    if content.startswith(PNG):
        return _png(content, exif)
    if content.startswith(JPEG):
        return _jpeg(content, exif)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content, exif)
    return content


def _png(content: bytes, exif: bool) -> bytes:
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        end, kind = at + 12 + length, content[at + 4 : at + 8]
        critical = not kind[:1].islower()
        if critical or kind in KEPT_CHUNKS or (exif and kind == b"eXIf"):
            kept.append(content[at:end])
        at = end
    return b"".join([*kept, content[at:]])


def _jpeg(content: bytes, exif: bool) -> bytes:
    kept, at = [JPEG], 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != SCAN:
        marker, (length,) = content[at + 1], struct.unpack_from(">H", content, at + 2)
        segment = content[at : at + 2 + length]
        whole = length >= KEPT_SEGMENTS.get(marker, 2**16)
        held = exif and marker == 0xE1 and segment[4:8] == b"Exif"
        if not (0xE0 <= marker <= 0xEF or marker == COMMENT) or whole or held:
            kept.append(segment)
        at += 2 + length
    return b"".join([*kept, content[at:]])


def _webp(content: bytes, exif: bool) -> bytes:
    kept, at = [], 12
    dropped = [name for name in WEBP_FLAGS if not (exif and name == b"EXIF")]
    flags = sum(WEBP_FLAGS[name] for name in dropped)
    while at + 8 <= len(content):
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length + length % 2
        chunk = content[at:end]
        if kind == b"VP8X" and len(chunk) > 8:
            chunk = chunk[:8] + bytes([chunk[8] & ~flags]) + chunk[9:]
        if kind not in dropped:
            kept.append(chunk)
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
