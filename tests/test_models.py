"""Models by name: found, refused, converted; the Hub spoken to over its own routes."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mt.errors import ModelError
from mt.translate.conversion import convert
from mt.translate.models import ModelFiles, find_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_builtin_and_folders_are_found(tiny_model: Path) -> None:
    assert find_model("builtin").citation.startswith("builtin@")
    files = find_model(str(tiny_model))
    assert files.target_token("vi") == ">>vi<<"
    assert files.max_tokens == 512
    assert len(files.digest) == 64


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bultin", "unknown model 'bultin': there is no such folder"),
        ("./nowhere/model", "unknown model"),
        ("/nowhere", "unknown model"),
    ],
)
def test_names_that_mean_nothing(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        find_model(name)


@pytest.mark.parametrize(
    "missing", ["vocab.json", "source.spm", "config.json", "model.safetensors"]
)
def test_an_incomplete_folder_says_what_it_lacks(
    tiny_model: Path, tmp_path: Path, missing: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"lacks {missing}"):
        find_model(str(folder))


def test_the_digest_changes_with_the_weights(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    before = ModelFiles("m", folder).digest
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert ModelFiles("m", folder).digest != before


def _with_vocabulary(tiny_model: Path, folder: Path, tokens: dict[str, str | None]) -> ModelFiles:
    shutil.copytree(tiny_model, folder)
    path = folder / "vocab.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    for old, new in tokens.items():
        index = table.pop(old)
        if new:
            table[new] = index
    path.write_text(json.dumps(table), encoding="utf-8")
    return ModelFiles("m", folder)


def test_target_tokens_may_have_three_letters(tiny_model: Path, tmp_path: Path) -> None:
    files = _with_vocabulary(tiny_model, tmp_path / "m", {">>vi<<": ">>vie<<"})
    assert files.target_token("vi") == ">>vie<<"


def test_a_model_without_target_tokens_needs_none(tiny_model: Path, tmp_path: Path) -> None:
    files = _with_vocabulary(tiny_model, tmp_path / "m", {">>vi<<": None, ">>en<<": None})
    assert files.target_token("vi") is None


def test_a_target_the_model_does_not_know_fails_loudly(tiny_model: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot translate into French; .* >>en<< >>vi<<"):
        find_model(str(tiny_model)).target_token("fr")


def test_conversion_happens_once_and_leaves_no_half_made_folder(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    stamp = (folder / "model.bin").stat().st_mtime_ns
    assert convert(files, "int8") == folder
    assert (folder / "model.bin").stat().st_mtime_ns == stamp
    assert {p.suffix for p in folder.parent.iterdir()} <= {"", ".lock"} | {folder.suffix}


def test_two_conversions_at_once_share_one_result(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    folders: list[Path] = []
    workers = [
        threading.Thread(
            target=lambda: folders.append(convert(find_model(str(tiny_model)), "int8"))
        )
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(folders)) == 1
    assert (folders[0] / "model.bin").exists()


def test_damaged_weights_are_one_clear_message(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot be converted"):
        convert(find_model(str(folder)), "int8")
    assert not list((tmp_path / "cache" / "ctranslate2").glob("*/model.bin"))


# The Hub


class _Hub(BaseHTTPRequestHandler):
    """The routes that a download takes: model info, HEAD and GET of resolved files."""

    models: dict[str, Path] = {}
    answers: dict[str, int] = {}  # repository -> status instead of a model

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._info("/".join(parts[2:4]), body, tree="tree" in parts[4:])
        else:
            self._file("/".join(parts[:2]), parts[-1], body)

    def _refuse(self, status: int) -> None:
        code = {401: "GatedRepo", 404: "RepoNotFound"}.get(status, "")
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", "refused")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _info(self, repository: str, body: bool, *, tree: bool) -> None:
        if repository in self.answers or repository not in self.models:
            self._refuse(self.answers.get(repository, 404))
            return
        paths = sorted(self.models[repository].iterdir())
        if tree:
            entries = [
                {"type": "file", "path": p.name, "size": p.stat().st_size, "oid": "0" * 40}
                for p in paths
            ]
            self._send(json.dumps(entries).encode(), body, "application/json")
            return
        info = {
            "id": repository,
            "modelId": repository,
            "sha": COMMIT,
            "private": False,
            "tags": [],
            "downloads": 0,
            "siblings": [{"rfilename": path.name} for path in paths],
        }
        self._send(json.dumps(info).encode(), body, "application/json")

    def _file(self, repository: str, name: str, body: bool) -> None:
        path = self.models.get(repository, Path("/nowhere")) / name
        if not path.is_file():
            self._refuse(404)
            return
        self._send(path.read_bytes(), body, "application/octet-stream")

    def _send(self, data: bytes, body: bool, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Hub]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        address + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    _Hub.models = {"team/tiny": tiny_model}
    _Hub.answers = {"team/gated": 401, "team/none": 404}
    yield _Hub
    server.shutdown()
    server.server_close()


def test_a_hub_model_is_downloaded_once(hub: type[_Hub]) -> None:
    files = find_model("team/tiny")
    assert files.citation == f"team/tiny@{COMMIT[:12]}"
    hub.models = {}  # from here on, only the cache has it
    assert find_model("team/tiny").digest == files.digest


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("team/none", "the Hub does not know it"),
        ("team/gated", "terms to be accepted"),
    ],
)
def test_what_the_hub_refuses(hub: type[_Hub], name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        find_model(name)


def test_without_a_network_the_error_comes_in_seconds_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ModelError) as caught:
        find_model("Helsinki-NLP/opus-mt-ar-en")
    assert time.monotonic() - start < 15
    for word in ("Helsinki-NLP/opus-mt-ar-en", str(tmp_path / "hub"), "hf download"):
        assert word in str(caught.value)
