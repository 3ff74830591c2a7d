"""Files of weights: here, on the Hub (a stand-in for its package), damaged, or out of reach."""

import hashlib
import sys
import types
from pathlib import Path

import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.networks.download import find_weights


class HubError(Exception):
    pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch):
    """Stand in for huggingface_hub; notes what it is asked for, and raises what `error` holds."""
    asked, package = [], types.ModuleType("huggingface_hub")
    errors = types.ModuleType("huggingface_hub.errors")
    errors.HfHubHTTPError = HubError
    package.errors, package.error, package.asked = errors, None, asked

    def download(repository, name, *, revision, cache_dir):
        asked.append((repository, name, revision, cache_dir))
        if package.error is not None:
            raise package.error
        path = tmp_path / "kept.safetensors"
        path.write_bytes(b"weights")
        return str(path)

    package.hf_hub_download = download
    monkeypatch.setitem(sys.modules, "huggingface_hub", package)
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)
    return package


def test_a_path_needs_nothing_else(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    path = tmp_path / "a.pth"
    path.write_bytes(b"weights")
    assert find_weights(path) == find_weights(str(path)) == path
    with pytest.raises(SeqcnnError, match=r"b\.pth: there is no such file"):
        find_weights(tmp_path / "b.pth")


def test_the_hub_is_asked_for_repository_file_and_revision(hub, tmp_path: Path):
    found = find_weights("hf://timm/resnet18/folder/model.safetensors@v1", cache=tmp_path)
    assert found.read_bytes() == b"weights"
    find_weights("hf://timm/resnet18/model.safetensors")
    assert hub.asked == [
        ("timm/resnet18", "folder/model.safetensors", "v1", tmp_path),
        ("timm/resnet18", "model.safetensors", None, None),
    ]
    with pytest.raises(SeqcnnError, match="'hf://timm/resnet18' is no hf://owner/repository/file"):
        find_weights("hf://timm/resnet18")


def test_a_damaged_file_is_refused(hub, tmp_path: Path):
    right = hashlib.sha256(b"weights").hexdigest()
    source = "hf://timm/resnet18/model.safetensors"
    assert find_weights(source, sha256=right.upper()).name == "kept.safetensors"
    path = tmp_path / "a.pth"
    path.write_bytes(b"Weights")
    for place in (source, path):
        with pytest.raises(SeqcnnError, match="its SHA-256 is"):
            find_weights(place, sha256=hashlib.sha256(b"other").hexdigest())


@pytest.mark.parametrize(
    "error", [HubError("404"), FileNotFoundError("offline\nand more"), ValueError("bad name")]
)
def test_offline_says_what_to_do(hub, error):
    hub.error = error
    reason = str(error).splitlines()[0]
    with pytest.raises(SeqcnnError, match=rf"\({reason}\): look at the name, go online once"):
        find_weights("hf://timm/resnet18/model.safetensors")


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SeqcnnError, match=r"pip install 'seqcnn\[hub\]'"):
        find_weights("hf://timm/resnet18/model.safetensors")
