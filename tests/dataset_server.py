"""A server on this machine that speaks the Hub's routes for a dataset, as its clients ask them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

from hub_server import MAIN, git_hash

__all__ = ["git_hash", "serve_dataset"]


@contextmanager
def serve_dataset(repository: str, folder: Path) -> Iterator[str]:
    """Serve the files of ``folder`` as the one commit of a dataset; gives the server's address."""
    handler = type("Handler", (_Handler,), {"repository": repository, "folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """``/api/datasets/...`` (information, trees, paths) and ``/datasets/.../resolve/...``."""

    protocol_version = "HTTP/1.1"
    repository: str
    folder: Path

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlparse(self.path)
        match = re.fullmatch(
            rf"(/api)?/datasets/{self.repository}(?:/(\w[\w-]*)/([^/]+))?/?(.*)",
            unquote(address.path),
        )
        if not match:
            self._refuse("RepoNotFound", 401)
            return
        _, route, _, path = match.groups()
        if route == "resolve":
            self._resolve(self.folder / path)
        elif route == "paths-info":
            paths = (self.folder / name for name in parse_qs(body.decode())["paths"])
            self._json([self._describe(path) for path in paths if path.exists()])
        elif route == "tree":
            if not (self.folder / path).is_dir():
                self._refuse("EntryNotFound", 404)
                return
            deep = "recursive=true" in address.query.lower()
            found = sorted((self.folder / path).glob("**/*" if deep else "*"))
            self._json([self._describe(path) for path in found])
        else:
            files = [path for path in self.folder.rglob("*") if path.is_file()]
            names = [{"rfilename": path.relative_to(self.folder).as_posix()} for path in files]
            known = {"_id": "1", "id": self.repository, "sha": MAIN, "siblings": names}
            self._json({**known, "private": False, "gated": False, "tags": []})

    do_GET = do_HEAD = do_POST = _answer  # noqa: N815 (the names are the library's)

    def _describe(self, path: Path) -> dict[str, object]:
        name = path.relative_to(self.folder).as_posix()
        if path.is_dir():
            return {"type": "directory", "oid": MAIN, "size": 0, "path": name}
        content = path.read_bytes()
        return {"type": "file", "oid": git_hash(content), "size": len(content), "path": name}

    def _resolve(self, path: Path) -> None:
        if not path.is_file():
            self._refuse("EntryNotFound", 404)
            return
        content = path.read_bytes()
        headers = {"X-Repo-Commit": MAIN, "ETag": f'"{git_hash(content)}"'}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not wanted or self.command == "HEAD":
            self._send(200, content, headers)
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self._send(206, content[first : last + 1], headers)

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _refuse(self, code: str, status: int) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
