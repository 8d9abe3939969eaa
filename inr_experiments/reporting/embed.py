"""Figures and clips as parts of a page."""

import base64
import io
import os
import re
from pathlib import Path

from markupsafe import Markup
from PIL import Image

#: Pixels of width of a figure that is too large as it is, and its quality then.
WIDTH, QUALITY = 1000, 80


def figure(svg: Path, told: str, most: int) -> Markup:
    """A figure as inline SVG, or smaller as a WebP where that has more than `most` characters.

    Args:
        told: what it shows, for those who do not see it.
    """
    text = svg.read_text(encoding="utf-8")
    if len(text) > most:
        return _image(_smaller(svg.with_suffix(".png")), "webp", told)
    text = text[text.index("<svg") :]
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1, flags=re.DOTALL)
    # One page holds many figures, whose names for their parts are the same.
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{svg.stem}-", text)
    role = Markup('<svg role="img" aria-label="{}"').format(told)
    return Markup(text.replace("<svg", role, 1))


def clip(gif: Path, told: str, most: int, page_folder: Path) -> Markup:
    """A clip as an image, or as a link to its file where that has more than `most` bytes."""
    if gif.stat().st_size > most:
        place = Path(os.path.relpath(gif, page_folder)).as_posix()
        return Markup('<a href="{}">{}</a>').format(place, gif.name)
    return _image(gif.read_bytes(), "gif", told)


def _smaller(png: Path) -> bytes:
    with Image.open(png) as image:
        picture = image.convert("RGB")
    picture.thumbnail((WIDTH, picture.height))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY)
    return buffer.getvalue()


def _image(data: bytes, kind: str, told: str) -> Markup:
    source = base64.b64encode(data).decode()
    return Markup('<img alt="{}" src="data:image/{};base64,{}">').format(told, kind, source)
