"""Headers of mesh files that the library reads: what they announce, held against the file.

A loader that believes a header may allocate gigabytes, or return half an object without a word.
"""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from ...checks import InputError

#: Extensions of glTF that change no surface; of the others that a file requires none is applied.
HARMLESS = re.compile(r"KHR_(materials_|texture_|lights_)|EXT_(texture_|lights_)|MSFT_texture_")
#: Extensions that a file may have without requiring them, and that put more into its scene.
MORE_PARTS = ("EXT_mesh_gpu_instancing",)
JSON_CHUNK = 0x4E4F534A
#: Of glTF, the mode of a primitive and the type of an accessor.
FAN, FLOAT = 6, 5126
BOM = b"\xef\xbb\xbf"


def checked(path: Path, kind: str, content: bytes) -> tuple[bytes, int]:
    """The bytes that belong to the format, and the faces that its header announces, or 0.

    Raises:
        InputError: if the file cannot be what it announces, or needs what is not read.
    """
    check = {".stl": _stl, ".glb": _glb, ".obj": _obj}[kind]
    return check(path, content)


def _lines(text: bytes) -> bytes:
    """Text with line feeds where carriage returns alone end lines, of which the loader sees one."""
    return text if b"\n" in text else text.replace(b"\r", b"\n")


def _short(path: Path, what: str, needed: int, held: int) -> InputError:
    return InputError(
        f"{path}: announces {what}, which take at least {needed} bytes, but holds {held}; "
        "expected a complete file"
    )


def _stl(path: Path, content: bytes) -> tuple[bytes, int]:
    text = content.removeprefix(BOM).lstrip()
    # Binary files may begin with `solid` too, but have a zero byte among their numbers.
    if text[:5].lower() == b"solid" and (b"facet" in text[:1024].lower() or b"\0" not in text):
        if b"endsolid" not in text.lower():
            raise InputError(f"{path}: does not hold `endsolid`; expected a complete file")
        return _lines(text), 0
    if len(content) < 84:
        raise InputError(f"{path}: {len(content)} bytes; expected an STL header of 84")
    (faces,) = struct.unpack_from("<I", content, 80)
    needed = 84 + 50 * faces
    if needed > len(content):
        raise _short(path, f"{faces} faces", needed, len(content))
    if needed < len(content) and (len(content) - needed) % 50 == 0:  # as whole faces take
        raise InputError(
            f"{path}: announces {faces} faces, which take {needed} bytes, but holds "
            f"{len(content)}; expected no more than it announces"
        )
    return content[:needed], faces


def _glb(path: Path, content: bytes) -> tuple[bytes, int]:
    if len(content) < 20 or content[:4] != b"glTF":
        raise InputError(f"{path}: no glTF header; expected a binary .glb")
    length, size, chunk = struct.unpack_from("<III", content, 8)
    if length > len(content):
        raise _short(path, "a scene and its buffers", length, len(content))
    if chunk != JSON_CHUNK or size > length - 20:
        raise InputError(f"{path}: its first chunk is no JSON; expected a binary .glb")
    try:
        scene = json.loads(content[20 : 20 + size])
        required, used = (list(scene.get(f"extensions{w}", [])) for w in ("Required", "Used"))
        unread = sorted(set(_unread(scene)))
    except (ValueError, AttributeError, TypeError, LookupError) as error:
        raise InputError(f"{path}: its scene cannot be read ({error}); expected glTF") from error
    needed = [name for name in required if not HARMLESS.match(str(name))]
    needed += [name for name in used if name in MORE_PARTS and name not in needed]
    if needed:
        raise InputError(
            f"{path}: needs the glTF extension {', '.join(map(str, needed))}, which is not read; "
            "expected a .glb exported without it"
        )
    if unread:
        raise InputError(f"{path}: has {', '.join(unread)}, which is not read; expected triangles")
    return content[:length], 0


def _unread(scene: dict) -> Iterator[str]:
    """Parts of a glTF scene that the library passes over or puts elsewhere."""
    accessors = scene.get("accessors", [])
    if any("uri" in buffer for buffer in scene.get("buffers", [])):
        yield "buffers in other files"
    for mesh in scene.get("meshes", []):
        for part in mesh["primitives"]:
            position = accessors[part["attributes"]["POSITION"]]
            used = [position, *([accessors[part["indices"]]] if "indices" in part else [])]
            if part.get("mode", 4) == FAN:
                yield "triangle fans"
            if any("sparse" in accessor for accessor in used):
                yield "sparse accessors"
            if position["componentType"] != FLOAT:
                yield "quantised positions"
            if "targets" in part and any(mesh.get("weights", [])):
                yield "morph targets"


def _obj(path: Path, content: bytes) -> tuple[bytes, int]:
    content = _lines(content.removeprefix(BOM))
    if re.search(rb"^f[ \t].*-\d", content, re.MULTILINE):
        content = _absolute(content)
    # The loader would take 0 − 1 for the last vertex, and what is left below that for others.
    if re.search(rb"^f[ \t](?:.*[ \t])?(?:0+|-\d+)(?=[/\s]|$)", content, re.MULTILINE):
        raise InputError(f"{path}: a face names a vertex before the first; expected numbers from 1")
    last = content.rstrip()[-256:].rpartition(b"\n")[2].split()
    if last[:1] == [b"f"] and len(last) < 4:  # the loader would leave it out
        raise InputError(
            f"{path}: ends in a face of {len(last) - 1} corners; expected a whole file"
        )
    return content, 0


def _absolute(content: bytes) -> bytes:
    """An OBJ whose faces count vertices from the first, where they count back from themselves.

    The loader would count back from the end of the file. Only vertices and faces are kept.
    """
    found, seen = [], 0
    for line in content.splitlines():
        words = line.split()
        if words[:1] == [b"v"]:
            seen += 1
            found.append(line)
        elif words[:1] == [b"f"]:
            corners = (word.partition(b"/")[0] for word in words[1:])
            numbers = (
                b"%d" % (seen + 1 + int(c)) if re.fullmatch(rb"-\d+", c) else c for c in corners
            )
            found.append(b" ".join([b"f", *numbers]))
    return b"\n".join(found) + b"\n"
