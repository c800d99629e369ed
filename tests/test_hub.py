"""Models from the Hub: its cache, and its routes as a server on this machine speaks them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from hub_server import MAIN, Hub, git_hash, go_online, serve

from mt.errors import ModelError
from mt.translate.models import find_model, list_hub_models

OTHER = "fedcba9876543210fedcba9876543210fedcba98"


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve() as server:
        go_online(monkeypatch, server.address)
        server.add("team/tiny", tiny_model)
        yield server


def _with_bin(folder: Path, target: Path) -> Path:
    """The model as old ones of the Hub are: with ``pytorch_model.bin`` only."""
    import torch
    from safetensors.torch import load_file

    shutil.copytree(folder, target)
    torch.save(load_file(target / "model.safetensors"), target / "pytorch_model.bin")
    (target / "model.safetensors").unlink()
    return target


# What comes


def test_a_model_is_downloaded_once(hub: Hub, tiny_model: Path) -> None:
    files = find_model("team/tiny")
    assert files.citation == f"team/tiny@{MAIN[:12]}"
    assert files.revision == MAIN
    assert files.hashes == find_model(str(tiny_model)).hashes
    hub.asked.clear()
    assert find_model("team/tiny").digest == files.digest
    assert hub.asked == []


def test_nothing_but_the_files_of_a_marian_model_is_fetched(
    hub: Hub, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "rich" / "model"
    shutil.copytree(tiny_model, folder)
    for name in ("rust_model.ot", "tf_model.h5", "pytorch_model.bin", "modeling_evil.py"):
        (folder / name).write_bytes(b"x" * 9000)
    hub.add("team/rich", folder)
    fetched = {path.name for path in find_model("team/rich").folder.iterdir()}
    assert fetched == {path.name for path in tiny_model.iterdir()}


def test_an_old_model_comes_with_its_bin(hub: Hub, tiny_model: Path, tmp_path: Path) -> None:
    hub.add("team/old", _with_bin(tiny_model, tmp_path / "old" / "model"))
    files = find_model("team/old")
    assert files.weights.name == "pytorch_model.bin"
    hub.asked.clear()
    assert find_model("team/old").digest == files.digest
    assert hub.asked == []


def test_separate_vocabularies_both_come(hub: Hub, separate_model: Path) -> None:
    hub.add("team/separate", separate_model)
    files = find_model("team/separate")
    assert files.separate_vocabulary
    assert files.digest == find_model(str(separate_model)).digest


def test_revisions_by_branch_tag_and_commit(
    hub: Hub, tiny_model: Path, separate_model: Path
) -> None:
    hub.add("team/tiny", separate_model, OTHER, "v2", "refs%2Fpr%2F1")
    for name in ("v2", "refs/pr/1", OTHER):
        assert find_model(f"team/tiny@{name}").revision == OTHER
    assert find_model("team/tiny").revision == MAIN
    hub.asked.clear()
    assert find_model(f"team/tiny@{OTHER[:12]}").revision == OTHER  # as reports cite it
    assert hub.asked == []


def test_a_branch_moves_only_when_asked_to(
    hub: Hub, tiny_model: Path, separate_model: Path
) -> None:
    assert find_model("team/tiny").revision == MAIN
    hub.add("team/tiny", separate_model, OTHER)
    assert find_model("team/tiny").revision == MAIN
    assert find_model("team/tiny", refresh=True).revision == OTHER
    assert find_model("team/tiny").revision == OTHER
    assert {files.revision for files in list_hub_models()} == {MAIN, OTHER}


# What breaks


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_cut_connection_is_taken_up(
    hub: Hub, tiny_model: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)  # it is 10 MB
    hub.cuts["model.safetensors"] = [(5000, end), (3000, end)]
    assert find_model("team/tiny").digest == find_model(str(tiny_model)).digest
    assert hub.cuts["model.safetensors"] == []
    ranges = [headers.get("Range") for _, path, headers in hub.asked if "safetensors" in path]
    if end == "close":  # huggingface_hub goes on from the byte; after a reset it begins anew
        assert "bytes=5000-" in ranges
        assert "bytes=8000-" in ranges


def test_what_came_whole_is_kept_when_the_rest_fails(hub: Hub, tiny_model: Path) -> None:
    hub.cuts["model.safetensors"] = [(100, "reset")] * 20
    with pytest.raises(ModelError, match="the Hub cannot be reached"):
        find_model("team/tiny")
    hub.cuts.clear()
    hub.asked.clear()
    assert find_model("team/tiny").digest == find_model(str(tiny_model)).digest
    fetched = {path.rpartition("/")[2] for method, path, _ in hub.asked if method == "GET"}
    assert fetched - {"main", "tiny"} <= {"model.safetensors"}, "all others came whole before"


def test_a_download_that_never_ended_is_no_model(hub: Hub, tmp_path: Path) -> None:
    """A snapshot with some of its files, as a killed process leaves it, is completed."""
    files = find_model("team/tiny")
    (files.folder / "vocab.json").unlink()
    (files.folder / "target.spm").unlink()
    assert find_model("team/tiny").digest == files.digest


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("missing", "the Hub does not know it"),
        ("gated", "terms to be accepted"),
        ("login", "refuses it to this login"),
        ("broken", "it answers 500"),
        ("silent", "no answer in time"),
        ("page", "what answers is not the Hub"),
    ],
)
def test_what_the_hub_refuses(
    hub: Hub,
    fault: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("mt.translate.hub.PATIENCE", 0.3 if fault == "silent" else 10)
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    hub.faults["team/tiny"] = fault
    start = time.monotonic()
    with pytest.raises(ModelError, match=message) as caught:
        find_model("team/tiny")
    assert time.monotonic() - start < 5
    assert caught.value.exit_code == 2
    printed = "".join(capfd.readouterr())
    for secret in ("hf_verysecret", "s3cr3t"):
        assert secret not in str(caught.value)
        assert secret not in printed
    assert any(h.get("authorization") == "Bearer hf_verysecret" for _, _, h in hub.asked)


def test_an_unknown_revision(hub: Hub) -> None:
    with pytest.raises(ModelError, match="no revision 'v9' of it"):
        find_model("team/tiny@v9")


def test_the_login_goes_to_the_hub_and_not_to_its_storage(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    find_model("team/tiny")
    sent = {headers.get("Host"): headers.get("authorization") for _, _, headers in hub.asked}
    assert sent[hub.address.removeprefix("http://")] == "Bearer hf_verysecret"
    assert sent[hub.storage.removeprefix("http://")] is None


def test_a_refusal_does_not_matter_where_the_cache_has_it(hub: Hub) -> None:
    files = find_model("team/tiny")
    hub.faults["team/tiny"] = "broken"
    assert find_model("team/tiny", refresh=True).digest == files.digest


def test_without_a_network_the_error_comes_in_seconds_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    go_online(monkeypatch, "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(ModelError) as caught:
        find_model("Helsinki-NLP/opus-mt-ar-en")
    assert time.monotonic() - start < 15
    for word in ("Helsinki-NLP/opus-mt-ar-en", str(tmp_path / "hub"), "hf download"):
        assert word in str(caught.value)


def test_offline_by_choice_is_said() -> None:
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):  # as all tests set it
        find_model("team/tiny")


# The cache


def test_a_cache_filled_by_other_tools(tiny_model: Path, tmp_path: Path) -> None:
    """Folders and links as huggingface_hub documents them, with no listing of the repository."""
    base = tmp_path / "hub" / "models--team--tiny"
    snapshot = base / "snapshots" / MAIN
    for folder in (base / "blobs", base / "refs", snapshot):
        folder.mkdir(parents=True)
    (base / "refs" / "main").write_text(MAIN)
    for path in tiny_model.iterdir():
        content = path.read_bytes()
        (base / "blobs" / git_hash(content)).write_bytes(content)
        (snapshot / path.name).symlink_to(Path("../../blobs") / git_hash(content))
    files = find_model("team/tiny")
    assert files.revision == MAIN
    assert files.digest == find_model(str(tiny_model)).digest
    assert find_model(f"team/tiny@{MAIN[:12]}").folder == files.folder
    assert [each.title for each in list_hub_models()] == [f"team/tiny@{MAIN[:12]}"]
    with pytest.raises(ModelError, match="not in the cache"):
        find_model("team/tiny@v2")


def test_damage_is_found_by_the_names_that_the_hub_gave(hub: Hub) -> None:
    from mt.translate.hub import discard, find_damage

    files = find_model("team/tiny")
    assert find_damage(files.paths) == []
    for name in ("model.safetensors", "config.json"):  # by SHA-256, and by Git's SHA-1
        blob = (files.folder / name).resolve()
        content = bytearray(blob.read_bytes())
        content[-2] ^= 1
        blob.write_bytes(content)
    damaged = find_damage(files.paths)
    assert {path.name for path in damaged} == {"model.safetensors", "config.json"}
    assert discard(damaged)
    assert find_damage(find_model("team/tiny").paths) == []


@pytest.mark.slow
def test_two_commands_at_once_on_empty_caches(
    hub: Hub, separate_model: Path, tmp_path: Path
) -> None:
    """As users run it: by HF_ENDPOINT, in processes of their own; then one that is refused."""
    hub.add("team/separate", separate_model)
    hub.cuts["model.safetensors"] = [(5000, "close")]
    environment = os.environ | {
        "HF_ENDPOINT": hub.address,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "HF_TOKEN": "hf_verysecret",
        "AWDA_CACHE": str(tmp_path / "cache"),
    }

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "mt.cli", "models", "add", "team/separate"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip

    processes = [start(), start()]
    answers = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert answers[0] == answers[1]
    out, err = answers[0]
    assert "tokenizers and vocabulary: fit the network" in out
    assert err == ""
    hub.faults["team/separate"] = "gated"
    shutil.rmtree(tmp_path / "hub")
    refused = start()
    out, err = refused.communicate(timeout=240)
    assert refused.returncode == 2
    assert "terms to be accepted" in err
    assert "hf_verysecret" not in "".join((out, err, *answers[0], *answers[1]))
