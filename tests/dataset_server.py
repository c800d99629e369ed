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

from hub_server import MAIN, REFUSALS, git_hash

__all__ = ["MAIN", "git_hash", "serve_dataset"]


@contextmanager
def serve_dataset(
    repository: str, folder: Path, fault: str = "", asked: list[str] | None = None
) -> Iterator[str]:
    """Serve the files of ``folder`` as the one commit of a dataset; gives the server's address.

    Args:
        fault: one of ``REFUSALS``, or "silent", in answer to everything; after "late ", only in
            answer to whoever wants the rows, when all else has been told.
        asked: where to note the paths that are asked for.
    """
    closing = threading.Event()
    known = {"repository": repository, "folder": folder, "fault": fault, "closing": closing}
    handler = type("Handler", (_Handler,), {**known, "asked": [] if asked is None else asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        closing.set()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """``/api/datasets/...`` (information, trees, paths) and ``/datasets/.../resolve/...``."""

    protocol_version = "HTTP/1.1"
    repository: str
    folder: Path
    fault: str
    asked: list[str]
    closing: threading.Event

    def _answer(self) -> None:
        self.asked.append(self.path)
        if self.fault == "silent":
            self.closing.wait(60)
            return
        rows = "/resolve/" in self.path and Path(self.path).suffix in (".parquet", ".csv")
        fault = self.fault.removeprefix("late ")
        if fault and (rows or fault == self.fault):
            status, headers = REFUSALS[fault]
            self._send(status, b"{}", headers)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlparse(self.path)
        match = re.fullmatch(
            rf"(/api)?/datasets/{self.repository}(?:/(\w[\w-]*)/([^/]+))?/?(.*)",
            unquote(address.path),
        )
        if not match:
            self._refuse("RepoNotFound", 401)
            return
        _, route, revision, path = match.groups()
        if revision not in (None, "main", MAIN):
            self._refuse("RevisionNotFound", 404)
        elif route == "resolve":
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
