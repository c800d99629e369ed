"""A server on this machine that speaks the Hugging Face Hub's routes, as huggingface_hub asks them.

Model information, trees, and files: small ones straight from ``resolve``, large ones by a redirect
to a second server that stands for the Hub's storage, knows no login, and honours ranges. It can be
told to fail as the Hub and networks do.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

LARGE = 4096  # bytes from which a file is kept in storage (the Hub decides by type)

MAIN = "0123456789abcdef0123456789abcdef01234567"

# Statuses and headers of https://huggingface.co for who is not logged in.
REFUSALS: dict[str, tuple[int, dict[str, str]]] = {
    "missing": (401, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}),
    "gated": (401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}),
    "login": (401, {"X-Error-Message": "Invalid credentials in Authorization header"}),
    "revision": (404, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": "Invalid rev id"}),
    "entry": (404, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}),
    "broken": (500, {"X-Error-Message": "Internal Error"}),
}


@dataclass
class Hub:
    """What the server has, how it fails, and what it was asked."""

    # repository -> branch, tag or commit -> commit and folder
    models: dict[str, dict[str, tuple[str, Path]]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)  # repository -> REFUSALS, "silent", "page"
    # file -> of each answer in turn, the bytes that come before its "close" or "reset"
    cuts: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    address: str = ""
    storage: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def add(self, repository: str, folder: Path, commit: str = MAIN, *names: str) -> None:
        """A revision of a model, under its commit and the names of branches and tags."""
        revisions = self.models.setdefault(repository, {})
        revisions |= dict.fromkeys((commit, *(names or ("main",))), (commit, folder))

    def count(self, method: str, part: str) -> int:
        """Requests by that method whose path has that part."""
        return sum(m == method and part in path for m, path, _ in self.asked)


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        self._ask()

    def do_HEAD(self) -> None:
        self._ask()

    def _ask(self) -> None:
        path = self.path.partition("?")[0]
        self.hub.asked.append((self.command, path, dict(self.headers)))
        self._answer(path)

    def _answer(self, path: str) -> None:
        raise NotImplementedError

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Front(_Handler):
    """huggingface.co: ``/api/models/...`` and ``/<repository>/resolve/<revision>/<file>``."""

    def _answer(self, path: str) -> None:
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if not (match := api or file):
            self._refuse("entry")
            return
        repository = match[1]
        fault = self.hub.faults.get(repository, "")
        if fault == "silent":
            self.hub.closing.wait()
            self.close_connection = True
        elif fault == "page":
            self._send(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
        elif fault and not (fault == "gated" and api):  # who may not download may still look
            self._refuse(fault)
        elif repository not in self.hub.models:
            self._refuse("missing")
        else:
            self._serve(match, repository, "main" if api and not api[3] else match[3 if api else 2])

    def _serve(self, match: re.Match[str], repository: str, revision: str) -> None:
        found = self.hub.models[repository].get(revision)
        if not found:
            self._refuse("revision")
        elif "/resolve/" in match.string:
            self._resolve(*found, match[3])
        elif match[2] == "tree":
            self._json([_describe(found[1], name) for name in _list(found[1])])
        else:
            siblings = [{"rfilename": name} for name in _list(found[1])]
            info = {"id": repository, "modelId": repository, "sha": found[0], "private": False}
            self._json({**info, "tags": [], "downloads": 0, "siblings": siblings})

    def _resolve(self, commit: str, folder: Path, name: str) -> None:
        path = folder / name
        if not path.is_file():
            self._refuse("entry", {"X-Repo-Commit": commit})
            return
        content = path.read_bytes()
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if len(content) < LARGE:
            self._send(200, content, {**headers, "ETag": f'"{git_hash(content)}"'})
            return
        sha256 = hashlib.sha256(content).hexdigest()
        linked = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
        place = f"{self.hub.storage}/{folder.parent.name}/{folder.name}/{name}?Signature=s3cr3t"
        _STORED[f"/{folder.parent.name}/{folder.name}/{name}"] = path
        self._send(302, b"", {**headers, **linked, "Location": place})

    def _refuse(self, fault: str, more: Mapping[str, str] | None = None) -> None:
        status, headers = REFUSALS[fault]
        # As some services do, it says what it was sent: nobody may show that to the user.
        echo = {"error": f"you sent {self.headers.get('Authorization', 'nothing')}"}
        self._send(status, json.dumps(echo).encode(), {**headers, **(more or {})})

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


_STORED: dict[str, Path] = {}  # by the path that a redirect named


class _Storage(_Handler):
    """Where redirects lead: bytes, whole or by range, sometimes fewer than were promised."""

    def _answer(self, path: str) -> None:
        content = _STORED[path].read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        body = content[start:]
        headers = {"Content-Length": str(len(body)), "ETag": '"of-storage"'}
        if asked:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if self.command == "GET" and (cuts := self.hub.cuts.get(path.rpartition("/")[2])):
            size, end = cuts.pop(0)
            self._send(206 if asked else 200, body[:size], headers)
            self._break_off(end)
        else:
            self._send(206 if asked else 200, body, headers)

    def _break_off(self, end: str) -> None:
        self.wfile.flush()
        self.close_connection = True
        if end == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _list(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def _describe(folder: Path, name: str) -> dict[str, Any]:
    """An entry of a tree, as ``/api/models/<repository>/tree/<revision>`` lists it."""
    content = (folder / name).read_bytes()
    entry = {"type": "file", "path": name, "size": len(content), "oid": git_hash(content)}
    if len(content) >= LARGE:
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 134}
    return entry


@contextmanager
def serve() -> Iterator[Hub]:
    """A hub and its storage, on two ports of this machine."""
    hub = Hub()
    servers = []
    for base in (_Front, _Storage):
        handler = type(base.__name__, (base,), {"hub": hub})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
    hub.address, hub.storage = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield hub
    finally:
        hub.closing.set()
        for server in servers:
            server.shutdown()
            server.server_close()


def go_online(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let huggingface_hub, which reads its environment on import, ask the server at ``address``."""
    from huggingface_hub import close_session

    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)
    close_session()
