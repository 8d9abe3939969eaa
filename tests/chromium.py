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
  const at = (what, key) => page.defaultView.getComputedStyle(what)[key];
  document.title = JSON.stringify({{
    width: root.clientWidth, content: root.scrollWidth,
    images: all('img').length,
    broken: all('img').filter(i => !i.complete || !i.naturalWidth).map(i => i.alt),
    links: all('a').map(a => a.getAttribute('href')),
    ids: all('[id]').map(e => e.id), text: root.innerText,
    headings: all('h1,h2,h3,h4').map(h => Number(h.tagName[1])),
    tabs: all('a[href],summary,[tabindex]').map(e => e.getAttribute('href') || e.tagName),
    shut: all('*').filter(e => ['auto', 'scroll'].includes(at(e, 'overflowX')) && e.tabIndex < 0)
      .map(e => e.outerHTML.slice(0, 80)),
    unnamed: all('img,svg,[role=region]').filter(e => !e.closest('svg svg')
      && !(e.alt || e.getAttribute('aria-label'))).map(e => e.outerHTML.slice(0, 80)),
    colours: [at(page.body, 'color'), at(page.body, 'backgroundColor')],
  }});
}};</script></body>"""


@dataclass(frozen=True)
class Seen:
    """What the browser made of a page.

    Attributes:
        width, content: pixels of the screen and of what is laid out on it.
        broken: names of images without pixels.
        console: whatever the page wrote to the console.
        headings: the levels of headings, in order.
        tabs: links and elements at which the tabulator stops, in order.
        shut: what scrolls and cannot be reached by the keyboard.
        unnamed: pictures and regions without a name for those who do not see them.
        colours: of text and background.
    """

    width: int
    content: int
    images: int
    broken: list[str]
    links: list[str]
    ids: list[str]
    text: str
    headings: list[int]
    tabs: list[str]
    shut: list[str]
    unnamed: list[str]
    colours: list[str]
    console: list[str]


def look(page: Path, *, width: int, scratch: Path, dark: bool = False) -> Seen:
    """Open a page and say what is to be seen."""
    wrapper = scratch / f"at-{width}.html"
    wrapper.write_text(WRAPPER.format(url=page.resolve().as_uri(), width=width))
    assert BROWSER is not None
    done = subprocess.run(
        [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
         "--allow-file-access-from-files", f"--user-data-dir={scratch / 'profile'}",
         f"--blink-settings=preferredColorScheme={0 if dark else 1}",
         "--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom", wrapper.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title, done.stderr
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Seen(**json.loads(unescape(title[1])), console=console)
