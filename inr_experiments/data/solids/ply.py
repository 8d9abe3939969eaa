"""Meshes as PLY, text or binary, of polygons of any kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...checks import InputError
from .polygons import Polygons

#: PLY's types as numpy's.
TYPES = {
    **{"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1"},
    **{"short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2"},
    **{"int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4"},
    **{"float": "f4", "float32": "f4", "double": "f8", "float64": "f8"},
}
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
#: Lines end in a line feed, behind a carriage return or not, or in carriage returns alone.
HEADER = re.compile(
    rb"(?:\xef\xbb\xbf)?ply[ \t]*"
    rb"(?:\r(?!\n).*?\rend_header[ \t]*\r|\s.*?\nend_header[ \t]*\r?\n)",
    re.DOTALL,
)
#: Names of the list of a face's corners.
CORNERS = ("vertex_indices", "vertex_index")


@dataclass
class Element:
    """Rows of one kind.

    Attributes:
        name, count: as `face`, and how many.
        properties: their name, type, and for a list the type of its length.
    """

    name: str
    count: int
    properties: list[tuple[str, str, str | None]] = field(default_factory=list)


#: Columns of an element by name, of a list its lengths and its values.
Columns = dict[str, npt.NDArray | tuple[npt.NDArray, npt.NDArray]]


def read_ply(path: Path, content: bytes) -> Polygons:
    """Vertices and polygons; other elements are passed over, and so is what follows them.

    Raises:
        InputError: if the header cannot be understood, or announces more than the file holds.
    """
    order, elements, body = header(path, content)
    found: dict[str, Columns] = {}
    lines = iter(body.splitlines()) if order == "" else None
    at = 0
    for element in elements:
        try:
            if lines is not None:
                columns = from_text(element, lines)
            else:
                columns, at = from_bytes(element, body, at, order)
        except (ValueError, OverflowError, StopIteration, IndexError) as error:
            told = " and ".join(f"{e.count} {e.name}" for e in elements)
            raise InputError(
                f"{path}: announces {told}, but ends or errs among those of {element.name}; "
                "expected a complete file"
            ) from error
        found[element.name] = columns
    vertex, face = found.get("vertex", {}), found.get("face", {})
    if not all(isinstance(vertex.get(axis), np.ndarray) for axis in "xyz"):
        raise InputError(f"{path}: holds no vertices with x, y and z; expected a mesh")
    vertices = np.stack([np.asarray(vertex[axis], dtype=np.float64) for axis in "xyz"], axis=1)
    named = [face[name] for name in CORNERS if isinstance(face.get(name), tuple)]
    if not named and "tristrips" in found:
        raise InputError(f"{path}: holds triangle strips, which are not read; expected faces")
    counts, corners = named[0] if named else (np.empty(0), np.empty(0))
    if not ((np.abs(corners) < 2.0**53).all() and (corners == np.floor(corners)).all()):
        raise InputError(f"{path}: a face names a vertex by no whole number; expected whole ones")
    return Polygons(vertices, np.asarray(counts, np.int64), np.asarray(corners, np.int64))


def header(path: Path, content: bytes) -> tuple[str, list[Element], bytes]:
    """The order of bytes, empty for text; the elements; and what follows the header."""
    head = HEADER.match(content)
    if head is None:
        raise InputError(f"{path}: no PLY header; expected `ply` … `end_header`")
    order: str | None = None
    elements: list[Element] = []
    for words in (line.split() for line in head.group().decode("latin-1").splitlines()):
        if words[:1] == ["format"]:
            order = ORDERS.get(words[1] if len(words) > 1 else "")
        elif words[:1] == ["element"] and len(words) == 3 and words[2].isdigit():
            elements.append(Element(words[1], int(words[2])))
        elif words[:1] == ["property"] and elements:
            *types, name = words[1:] or [""]
            known = [TYPES.get(t) for t in types if t != "list"]
            if None in known or len(known) != (2 if types[:1] == ["list"] else 1):
                raise InputError(f"{path}: property {' '.join(words[1:])}: expected a type of PLY")
            length = known[0] if len(known) == 2 else None
            elements[-1].properties.append((name, str(known[-1]), length))
    if order is None:
        raise InputError(f"{path}: no format of PLY; expected {', '.join(ORDERS)}")
    return order, elements, content[head.end() :]


def from_text(element: Element, lines: Iterator[bytes]) -> Columns:
    """The columns of an element whose rows are lines of words."""
    rows = [next_row(lines) for _ in range(element.count if element.properties else 0)]
    scalars: dict[str, list[float]] = {n: [] for n, _, length in element.properties if not length}
    lists: dict[str, tuple[list[int], list[float]]] = {
        n: ([], []) for n, _, length in element.properties if length
    }
    for row in rows:
        at = 0
        for name, _, length in element.properties:
            if length is None:
                scalars[name].append(float(row[at]))
                at += 1
                continue
            count = int(row[at])
            values = [float(word) for word in row[at + 1 : at + 1 + count]]
            if len(values) != count:
                raise ValueError("a list is cut off")
            lists[name][0].append(count)
            lists[name][1].extend(values)
            at += 1 + count
    columns: Columns = {name: np.array(values) for name, values in scalars.items()}
    return columns | {n: (np.array(c, int), np.array(v)) for n, (c, v) in lists.items()}


def next_row(lines: Iterator[bytes]) -> list[bytes]:
    """The words of the next line that has some."""
    while True:
        if words := next(lines).split():
            return words


def from_bytes(element: Element, body: bytes, at: int, order: str) -> tuple[Columns, int]:
    """The columns of an element that begins at a byte, and the byte after it.

    Lists are taken to be as long as those of the first row; where one is not, row by row.
    """
    if element.count == 0 or not element.properties:
        return {}, at
    lengths = [
        None if length is None else count
        for (_, _, length), (count, _) in zip(
            element.properties, one_row(element, body, at, order)[0], strict=True
        )
    ]
    parts: list[tuple] = []
    for (name, kind, length), count in zip(element.properties, lengths, strict=True):
        if length is not None:
            parts.append((f"{name} length", order + length))
        parts.append((name, order + kind) if length is None else (name, order + kind, (count,)))
    dtype = np.dtype(parts)
    if len(body) - at >= element.count * dtype.itemsize:
        rows = np.frombuffer(body, dtype, element.count, at)
        alike = all(
            (rows[f"{name} length"] == count).all()
            for (name, _, length), count in zip(element.properties, lengths, strict=True)
            if length is not None
        )
        if alike:
            columns: Columns = {
                name: rows[name] if length is None else (rows[f"{name} length"], rows[name].ravel())
                for name, _, length in element.properties
            }
            return columns, at + element.count * dtype.itemsize
    if all(length is None for length in lengths):
        raise ValueError("cut off")
    taken: dict[str, tuple[list, list]] = {name: ([], []) for name, _, _ in element.properties}
    for _ in range(element.count):
        values, at = one_row(element, body, at, order)
        for (name, _, _), (count, found) in zip(element.properties, values, strict=True):
            taken[name][0].append(count)
            taken[name][1].append(found)
    joined = {name: (np.array(counts), np.concatenate(v)) for name, (counts, v) in taken.items()}
    plain = {name for name, _, length in element.properties if length is None}
    return {n: pair[1] if n in plain else pair for n, pair in joined.items()}, at


def one_row(
    element: Element, body: bytes, at: int, order: str
) -> tuple[list[tuple[int, npt.NDArray]], int]:
    """The values of the row that begins at a byte, of each property as many as it has."""
    found = []
    for _, kind, length in element.properties:
        count = 1
        if length is not None:
            count = int(np.frombuffer(body, order + length, 1, at)[0])
            at += np.dtype(length).itemsize
        if count < 0:
            raise ValueError("a list of negative length")
        values = np.frombuffer(body, order + kind, count, at) if count else np.empty(0)
        at += count * np.dtype(kind).itemsize
        found.append((count, values))
    return found, at
