"""Meshes as OFF text, with what the field's files have: glued headers, colours, normals."""

import re
from pathlib import Path

import numpy as np

from ...checks import InputError
from .polygons import Polygons

#: The keyword, and the counts of vertices and faces; ModelNet glues them. Edges may be left out, or
#: stand on a line of their own.
HEADER = re.compile(
    rb"\s*(\w*?OFF)\s*(BINARY)?\s*(\d+)\s+(\d+)(?:\s+\d+[ \t]*(?=[\r\n]))?", re.IGNORECASE
)
#: Keywords whose rows of vertices begin with x, y, z.
PLAIN = re.compile(rb"(ST)?C?N?OFF", re.IGNORECASE)


def read_off(path: Path, content: bytes) -> Polygons:
    """Vertices and polygons; what follows them is left alone.

    Raises:
        InputError: if there is no header of text in 3D, or there are fewer rows than it announces.
    """
    content = re.sub(rb"#[^\r\n]*", b"", content.removeprefix(b"\xef\xbb\xbf"))
    head = HEADER.match(content)
    if head is None:
        raise InputError(f"{path}: no OFF header; expected `OFF`, then vertices, faces, edges")
    if head[2] or not PLAIN.fullmatch(head[1]):
        kind = b" ".join(filter(None, head.groups()[:2])).decode()
        raise InputError(f"{path}: {kind} is not read; expected OFF, COFF, NOFF or STOFF as text")
    count, faces = int(head[3]), int(head[4])
    # What is left of the header's line, the number of edges, is no row.
    _, *rest = content[head.end() :].splitlines() or [b""]
    rows = [line.split() for line in rest]
    rows = [row for row in rows if row][: count + faces]
    short = f"{path}: announces {count} vertices and {faces} faces, but holds"
    if len(rows) < count + faces:
        raise InputError(f"{short} {len(rows)} rows; expected a complete file")
    try:
        vertices = np.array([row[:3] for row in rows[:count]], dtype=np.float64).reshape(count, 3)
        corners = [
            [int(word) for word in row] for row in (r[: 1 + int(r[0])] for r in rows[count:])
        ]
    except ValueError as error:
        raise InputError(
            f"{path}: a row is none of numbers ({error}); expected OFF text"
        ) from error
    if not all(row and row[0] >= 0 for row in corners):
        raise InputError(f"{path}: a face of fewer than no corners; expected 0 or more")
    cut = [row for row in corners if len(row) != 1 + row[0]]
    if cut:
        raise InputError(f"{short} a face of {cut[0][0]} corners with {len(cut[0]) - 1} of them")
    flat = [corner for row in corners for corner in row[1:]]
    counts = np.array([row[0] for row in corners], dtype=np.int64)
    return Polygons(vertices, counts, np.array(flat, dtype=np.int64))
