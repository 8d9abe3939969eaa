"""A page as headless Chromium sees it on a screen of a given width."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path

#: Debian's name first.
NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)

#: The page in a frame as wide as the screen asked for: a window cannot be that narrow.
WRAPPER = """<!doctype html><body>
<iframe id=f src="{url}" style="width:{width}px;height:900px;border:0"></iframe>
<script>
document.getElementById('f').onload = function () {{
  const page = this.contentDocument, root = page.documentElement;
  const all = (what) => [...page.querySelectorAll(what)];
  document.title = JSON.stringify({{
    width: root.clientWidth, content: root.scrollWidth,
    images: all('img').length,
    broken: all('img').filter(i => !i.complete || !i.naturalWidth).map(i => i.alt),
    links: all('a').map(a => a.getAttribute('href')),
    ids: all('[id]').map(e => e.id), text: root.innerText,
  }});
}};</script></body>"""


@dataclass(frozen=True)
class Seen:
    """What the browser made of a page.

    Attributes:
        width, content: pixels of the screen and of what is laid out on it.
        broken: names of images without pixels.
        console: whatever the page wrote to the console.
    """

    width: int
    content: int
    images: int
    broken: list[str]
    links: list[str]
    ids: list[str]
    text: str
    console: list[str]


def look(page: Path, *, width: int, scratch: Path) -> Seen:
    """Open a page and say what is to be seen."""
    wrapper = scratch / f"at-{width}.html"
    wrapper.write_text(WRAPPER.format(url=page.resolve().as_uri(), width=width))
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
         "--allow-file-access-from-files", f"--user-data-dir={scratch / 'profile'}",
         "--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", wrapper.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title, done.stderr
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(**json.loads(unescape(title[1])), console=console)
