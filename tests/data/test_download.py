"""Downloads from a server that breaks off, lies, or has not got the file."""

import fcntl
import hashlib
import re
import threading
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from inr_experiments.checks import InputError
from inr_experiments.data.download import fetch as module
from inr_experiments.data.download.fetch import Source, download

CONTENT = np.random.default_rng(0).bytes(1_000_000)
Usage = namedtuple("Usage", "total used free")


class Handler(BaseHTTPRequestHandler):
    """Sends `server.content`, with the faults that `server` asks for; notes every Range."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server, content = self.server, self.server.content
        server.asked.append(self.headers.get("Range"))
        if server.codes:
            code = server.codes.pop(0)
            if code:
                self.send_response(code)
                self.send_header("Content-Length", "0")
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                return
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(match[1]) if match and server.ranges else 0
        if match and server.ranges and start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if match and server.ranges:
            start += server.shift
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        for name, value in server.headers.items():
            self.send_header(name, value)
        rest = content[start:]
        if server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(rest), 65536):
                piece = rest[i : i + 65536]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: server.breaks.pop(0)] if server.breaks else rest)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """Says nothing of clients that hang up, which is what some are meant to do."""

    def handle_error(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server(("127.0.0.1", 0), Handler) as server:
        server.content, server.ranges, server.chunked, server.shift = CONTENT, True, False, 0
        server.asked, server.breaks, server.codes = [], [], []
        server.headers = {}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def source(server):
    return Source(
        name="file.zip",
        url=f"http://127.0.0.1:{server.server_port}/file.zip",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refusal(source, folder, **options) -> str:
    with pytest.raises(InputError) as refused:
        download(source, folder, **{"pause": 0, **options})
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_comes_whole_and_is_not_asked_for_twice(server, source, tmp_path, chunked):
    server.chunked = chunked
    path = download(source, tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT and names(path.parent) == ["file.zip"]
    assert download(source, path.parent) == path
    assert server.asked == [None]


def test_a_broken_connection_goes_on_where_it_stopped(server, source, tmp_path):
    server.breaks = [300_000, 200_000]
    assert download(source, tmp_path, pause=0).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", "bytes=500000-"]


def test_a_broken_command_goes_on_where_it_stopped(server, source, tmp_path):
    server.breaks = [300_000]
    text = refusal(source, tmp_path, tries=0)
    assert "300000 of 1000000 bytes are here" in text and source.url in text
    assert names(tmp_path) == ["file.zip.part"]
    assert download(source, tmp_path, tries=1).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_a_server_without_ranges_starts_anew(server, source, tmp_path):
    server.ranges, server.breaks = False, [300_000]
    assert download(source, tmp_path, pause=0).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-"]


def test_a_server_that_always_breaks_off_is_given_up(server, source, tmp_path):
    server.breaks = [1000] + [0] * 10
    assert "the same command goes on from there" in refusal(source, tmp_path, tries=3)
    assert len(server.asked) == 4


def test_a_server_that_sends_another_part_starts_anew(server, source, tmp_path):
    server.breaks, server.shift = [300_000], 7
    assert download(source, tmp_path, pause=0).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=300000-", None]


def test_a_complete_part_needs_no_byte_more(server, source, tmp_path):
    (tmp_path / "file.zip.part").write_bytes(CONTENT)
    assert download(source, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000000-"]


def test_a_part_longer_than_the_file_starts_anew(server, source, tmp_path):
    (tmp_path / "file.zip.part").write_bytes(CONTENT + b"more")
    assert download(source, tmp_path, pause=0).read_bytes() == CONTENT


@pytest.mark.parametrize("before", ["file.zip", "file.zip.part"])
def test_a_wrong_hash_is_said_and_the_file_kept_aside(server, source, tmp_path, before):
    (tmp_path / before).write_bytes(b"x" * 1000)
    server.content = CONTENT[:-1] + b"?"
    text = refusal(source, tmp_path)
    assert source.sha256 in text and "file.zip.wrong" in text
    assert (tmp_path / "file.zip.wrong").is_file() and not (tmp_path / "file.zip.part").exists()
    server.content = CONTENT
    assert download(source, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_file_that_is_not_there(server, source, tmp_path, code):
    server.codes = [code]
    assert f"{source.url}: {code}" in refusal(source, tmp_path)
    assert len(server.asked) == 1


def test_a_server_out_of_order_is_asked_again(server, source, tmp_path):
    server.codes = [503, 429, 0]
    assert download(source, tmp_path, pause=0).read_bytes() == CONTENT
    server.codes = [503] * 9
    (tmp_path / "file.zip").unlink()
    assert "503" in refusal(source, tmp_path, tries=3)


def test_a_server_that_says_when_is_waited_for(server, source, tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(module.time, "sleep", waited.append)
    for said, expected in (("7", 7), ("9999", 120), ("Fri, 01 Jan 2100 00:00:00 GMT", 2)):
        server.codes, server.headers = [429, 0], {"Retry-After": said}
        assert download(source, tmp_path).read_bytes() == CONTENT
        (tmp_path / "file.zip").unlink()
        assert waited.pop() == expected


def test_a_redirect_is_followed_with_the_part_that_is_asked_for(server, source, tmp_path):
    (tmp_path / "file.zip.part").write_bytes(CONTENT[:1000])
    server.codes = [302, 0]
    server.headers = {"Location": f"http://127.0.0.1:{server.server_port}/elsewhere"}
    assert download(source, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"] * 2


def test_a_redirect_without_end_is_said(server, source, tmp_path):
    server.codes = [302] * 50
    server.headers = {"Location": f"http://127.0.0.1:{server.server_port}/again"}
    assert "302" in refusal(source, tmp_path, tries=2)
    server.codes, server.headers = [302] * 9, {"Location": "http://[bad"}
    assert "Invalid IPv6 URL" in refusal(source, tmp_path, tries=2)


def test_a_file_that_is_called_packed_is_kept_as_it_comes(server, source, tmp_path):
    server.headers = {"Content-Encoding": "x-gzip"}  # as some servers say of every .gz
    assert download(source, tmp_path).read_bytes() == CONTENT


def test_a_length_that_is_too_short_is_no_file(server, source, tmp_path):
    server.content = CONTENT[:1234]
    text = refusal(source, tmp_path)
    assert "sha256" in text and "file.zip.wrong" in text


def test_no_server(server, source, tmp_path):
    nowhere = Source("file.zip", "http://127.0.0.1:9/file.zip", 1, source.sha256)
    assert "refused" in refusal(nowhere, tmp_path, tries=2)


@pytest.mark.parametrize("chunked", [False, True])
def test_more_than_expected_is_not_written(server, source, tmp_path, chunked):
    server.chunked, server.content = chunked, CONTENT * 3
    assert "1000000" in refusal(source, tmp_path)
    assert (tmp_path / "file.zip.part").stat().st_size < 2 * len(CONTENT)


def test_a_full_disk_is_seen_before_the_first_byte(server, source, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(10**9, 10**9 - 999_999, 999_999))
    text = refusal(source, tmp_path)
    assert str(tmp_path) in text and "free" in text
    assert server.asked == [] and names(tmp_path) == []


def test_room_for_what_is_made_of_it_is_asked_for(server, source, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(10**9, 0, 1_500_000))
    refusal(source, tmp_path, room=500_001)
    (tmp_path / "file.zip.part").write_bytes(CONTENT[:2])
    download(source, tmp_path, room=500_001)


def test_a_disk_that_fills_up_keeps_the_part(server, source, tmp_path, monkeypatch):
    def copy(source, answer, out, progress):
        out.write(answer.read(1000))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_copy", copy)
    assert "cannot be written (No space left on device)" in refusal(source, tmp_path)
    assert (tmp_path / "file.zip.part").read_bytes() == CONTENT[:1000]
    monkeypatch.undo()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert download(source, tmp_path).read_bytes() == CONTENT


def test_a_folder_that_is_a_file(server, source, tmp_path):
    (tmp_path / "data").touch()
    assert "cannot be written" in refusal(source, tmp_path / "data")


def test_two_at_once(server, source, tmp_path):
    with (tmp_path / "file.zip.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another process" in refusal(source, tmp_path)
    assert download(source, tmp_path).read_bytes() == CONTENT
