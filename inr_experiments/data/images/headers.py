"""Headers of mesh files: what they announce, held against the size of the file.

A loader that believes a header may allocate gigabytes, or return half an object without a word.
"""

import re
import struct
from pathlib import Path

from ...checks import InputError

#: Bytes of PLY's types in binary files; text needs two a value, a digit and a gap.
PLY_BYTES = {
    **dict.fromkeys(("char", "uchar", "int8", "uint8"), 1),
    **dict.fromkeys(("short", "ushort", "int16", "uint16"), 2),
    **dict.fromkeys(("int", "uint", "float", "int32", "uint32", "float32"), 4),
    **dict.fromkeys(("double", "float64"), 8),
}
#: The least that a vertex and a triangle take in a text file: `0 0 0` and `3 0 1 2`, with the end.
TEXT_VERTEX, TEXT_FACE = 6, 8


def announced(path: Path, kind: str, content: bytes) -> tuple[int, int]:
    """Vertices and faces that the header announces; zeros where the format has no such header.

    Raises:
        InputError: if the file cannot be what it announces.
    """
    check = {".ply": _ply, ".off": _off, ".stl": _stl, ".glb": _glb, ".obj": _obj}.get(kind)
    return check(path, content) if check else (0, 0)


def _short(path: Path, what: str, needed: int, held: int) -> InputError:
    return InputError(
        f"{path}: announces {what}, which take at least {needed} bytes, but holds {held}; "
        "expected a complete file"
    )


def _ply(path: Path, content: bytes) -> tuple[int, int]:
    head = re.match(rb"ply\r?\n.*?end_header\r?\n", content[: 2**16], re.DOTALL)
    if head is None:
        raise InputError(f"{path}: no PLY header; expected `ply` … `end_header`")
    text = b"format ascii" in head.group()
    counts: dict[str, int] = {}
    needed, count = 0, 0
    for words in (line.split() for line in head.group().decode("latin-1").splitlines()):
        if words[:1] == ["element"] and len(words) == 3 and words[2].isdigit():
            count = counts[words[1]] = int(words[2])
        elif words[:1] == ["property"] and len(words) >= 3:
            # Of a list, whose length is not known yet, only the count must be there.
            kind = words[2] if words[1] == "list" else words[1]
            needed += count * (2 if text else PLY_BYTES.get(kind, 1))
    held = len(content) - head.end() + 1  # the last value of a text file may lack its gap
    if needed > held:
        raise _short(path, " and ".join(f"{n} {name}" for name, n in counts.items()), needed, held)
    return counts.get("vertex", 0), counts.get("face", 0)


def _off(path: Path, content: bytes) -> tuple[int, int]:
    lines = (line.split(b"#")[0] for line in content[: 2**16].splitlines())
    words = b" ".join(lines).split(maxsplit=4)
    if len(words) < 4 or words[0].upper() != b"OFF" or not all(w.isdigit() for w in words[1:3]):
        raise InputError(f"{path}: no OFF header; expected `OFF`, then vertices, faces, edges")
    vertices, faces = int(words[1]), int(words[2])
    needed = vertices * TEXT_VERTEX + faces * TEXT_FACE
    if needed > len(content) + 1:
        raise _short(path, f"{vertices} vertices and {faces} faces", needed, len(content))
    return vertices, faces


def _stl(path: Path, content: bytes) -> tuple[int, int]:
    if len(content) >= 84:
        (faces,) = struct.unpack_from("<I", content, 80)
        needed = 84 + 50 * faces
        if needed == len(content):
            return 3 * faces, faces
    if content[:512].lstrip()[:5].lower() == b"solid":  # text, which announces nothing but its end
        if b"endsolid" not in content[-512:].lower():
            raise InputError(f"{path}: does not end in `endsolid`; expected a complete file")
        return 0, 0
    if len(content) < 84:
        raise InputError(f"{path}: {len(content)} bytes; expected an STL header of 84")
    if needed > len(content):
        raise _short(path, f"{faces} faces", needed, len(content))
    raise InputError(
        f"{path}: announces {faces} faces, which take {needed} bytes, but holds {len(content)}; "
        "expected no more than it announces"
    )


def _glb(path: Path, content: bytes) -> tuple[int, int]:
    if len(content) < 12 or content[:4] != b"glTF":
        raise InputError(f"{path}: no glTF header; expected a binary .glb")
    (length,) = struct.unpack_from("<I", content, 8)
    if length > len(content):
        raise _short(path, "a scene and its buffers", length, len(content))
    return 0, 0


def _obj(path: Path, content: bytes) -> tuple[int, int]:
    # The loader would take 0 − 1 for the last vertex.
    if re.search(rb"^f[ \t](?:.*[ \t])?0+(?=[/\s]|$)", content, re.MULTILINE):
        raise InputError(f"{path}: a face names vertex 0; expected numbers from 1")
    return 0, 0
