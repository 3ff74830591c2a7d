"""Folders, tables and files of arrays become a `PictureSet`."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.image.files import write_image
from seqcnn.image.sources import read_pictures


def fill(folder: Path, names: list[str], shape: tuple[int, ...] = (4, 5, 3)) -> Path:
    for value, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / name, np.full(shape, value, np.uint8))
    return folder


def test_a_folder_for_each_class(tmp_path):
    root = fill(tmp_path / "d", ["ice 10/1.png", "ice 9/2.png", "ice 9/deep/3.tif"])
    (root / ".DS_Store").write_bytes(b"x")
    pictures = read_pictures(root, need_labels=True)
    assert pictures.ids == ("ice 10/1.png", "ice 9/2.png", "ice 9/deep/3.tif")
    assert pictures.classes == ("ice 10", "ice 9") and pictures.labels is not None
    assert pictures.labels.tolist() == [[0], [1], [1]]
    assert pictures.x[:, 0, 0, 0].tolist() == [0, 1, 2] and pictures.x.dtype == np.uint8
    (root / "ice 9" / "program.exe").write_bytes(b"x")
    with pytest.warns(SeqcnnWarning, match=r"1 files are left out.*program.exe"):
        read_pictures(root)


@pytest.mark.parametrize("named", ["a/1.png", "1.png", "1"])
def test_a_table_finds_pictures_by_path_name_or_stem(tmp_path, named):
    root = fill(tmp_path / "d", ["a/1.png", "a/2.png", "b/3.png"])
    rows = [named.replace("1", str(i)) if i < 3 else named.replace("1", "3") for i in (3, 2, 1)]
    rows[0] = rows[0].replace("a/", "b/")
    table = tmp_path / "t.csv"
    table.write_text("image,ice,grid\n" + "".join(f"{r},{w},{g}\n" for r, w, g in zip(
        rows, ("bad", "good", "bad"), ("g1", "g2", "g2"), strict=True)))  # fmt: skip
    pictures = read_pictures(root, labels=table, group_by="grid")
    assert pictures.classes == ("bad", "good") and pictures.tasks == ("ice",)
    assert pictures.labels is not None and pictures.labels.ravel().tolist() == [0, 1, 0]
    assert pictures.groups is not None and pictures.groups.tolist() == [1, 1, 0]


def test_columns_of_numbers_are_tasks(tmp_path):
    root = fill(tmp_path / "d", ["1.png", "2.png"])
    table = tmp_path / "t.tsv"
    table.write_text("file\tangle\tscale\tby\n1.png\t10.5\t\tme\n2.png\t-3\t2\tyou\n")
    pictures = read_pictures(root, labels=table, columns=["angle", "scale"])
    assert pictures.tasks == ("angle", "scale") and pictures.classes == ()
    np.testing.assert_array_equal(pictures.labels, [[10.5, np.nan], [-3, 2]])
    with pytest.raises(SeqcnnError, match="there is no column 'turn'"):
        read_pictures(root, labels=table, columns=["turn"])


def test_groups_from_names_and_folders(tmp_path):
    root = fill(tmp_path / "d", ["a/p1_x.png", "a/p2_x.png", "b/p1_y.png"])
    by_name = read_pictures(root, group_by=r"(p\d)_").groups
    assert by_name is not None and by_name.tolist() == [0, 1, 0]
    by_folder = read_pictures(root, group_by="folder").groups
    assert by_folder is not None and by_folder.tolist() == [0, 0, 1]
    with pytest.raises(SeqcnnError, match="is no column and does not fit 3 names"):
        read_pictures(root, group_by="grid")
    with pytest.raises(SeqcnnError, match="is no pattern"):
        read_pictures(root, group_by="(")


def test_depths_and_colours_are_mixed_without_loss(tmp_path):
    (tmp_path / "d").mkdir()
    write_image(tmp_path / "d" / "a.png", np.eye(4, dtype=bool))
    write_image(tmp_path / "d" / "b.png", np.full((4, 4), 7, np.uint8))
    write_image(tmp_path / "d" / "c.png", np.full((4, 4), 999, np.uint16))
    write_image(tmp_path / "d" / "d.png", np.full((4, 4, 3), 255, np.uint8))
    with pytest.warns(SeqcnnWarning) as warned:
        x = read_pictures(tmp_path / "d").x
    assert x.shape == (4, 4, 4, 3) and x.dtype == np.uint16
    assert x[0, 0, 0].tolist() == [65_535] * 3 and x[0, 0, 1, 0] == 0
    assert [int(x[i, 0, 0, 0]) for i in (1, 2, 3)] == [7 * 257, 999, 65_535]
    texts = [str(w.message) for w in warned]
    assert any("different depths" in t for t in texts)
    assert any("grey and colour" in t for t in texts)


def test_a_remark_is_made_once_for_all(tmp_path):
    (tmp_path / "d").mkdir()
    clear = np.full((4, 4, 4), 100, np.uint8)
    for name in ("a.png", "b.png"):
        Image.fromarray(clear, "RGBA").save(tmp_path / "d" / name)
    with pytest.warns(
        SeqcnnWarning, match=r"white \(2 of 2 pictures, the first is a.png\)"
    ) as all_:
        read_pictures(tmp_path / "d")
    assert len(all_) == 1


def test_channels_and_size_are_set(tmp_path):
    root = fill(tmp_path / "d", ["1.png", "2.png"], (6, 8, 3))
    assert read_pictures(root, channels=1).x.shape == (2, 6, 8, 1)
    assert read_pictures(root, size=(3, 5)).x.shape == (2, 3, 5, 3)
    assert read_pictures(root, size=4, fit="crop", channels=1).x.shape == (2, 4, 4, 1)
    files = [root / "2.png", root / "1.png"]
    assert read_pictures(files).x[:, 0, 0, 0].tolist() == [1, 0]
    assert read_pictures(files[0]).ids == (str(files[0]),)
    with pytest.raises(SeqcnnError, match="3 channels do not become 2"):
        read_pictures(root, channels=2)


def test_volumes_are_read_from_stacks(tmp_path):
    root = fill(tmp_path / "d", ["a/1.tif", "b/2.tif"], (3, 6, 8, 1))
    assert read_pictures(root).x.shape == (2, 3, 6, 8, 1)
    assert read_pictures(root, size=4).x.shape == (2, 3, 4, 4, 1)
    write_image(root / "b" / "3.tif", np.zeros((2, 6, 8), np.uint8)[..., None])
    with pytest.raises(SeqcnnError, match="as many layers and channels"):
        read_pictures(root)


def idx(values: np.ndarray) -> bytes:
    head = struct.pack(">BBBB", 0, 0, 8, values.ndim)
    return head + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


@pytest.mark.parametrize("packed", [True, False])
def test_idx_finds_its_labels(tmp_path, packed):
    x = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    y = np.array([7, 2, 2, 9, 7], np.uint8)
    end = ".gz" if packed else ""
    for name, values in (("t10k-images-idx3-ubyte", x), ("t10k-labels-idx1-ubyte", y)):
        content = gzip.compress(idx(values)) if packed else idx(values)
        (tmp_path / f"{name}{end}").write_bytes(content)
    pictures = read_pictures(tmp_path / f"t10k-images-idx3-ubyte{end}")
    np.testing.assert_array_equal(pictures.x[..., 0], x)
    assert pictures.classes == ("2", "7", "9") and pictures.labels is not None
    assert pictures.labels.ravel().tolist() == [1, 0, 0, 2, 1]
    (tmp_path / f"t10k-labels-idx1-ubyte{end}").rename(tmp_path / "l-idx1-ubyte.gz")
    assert read_pictures(tmp_path / f"t10k-images-idx3-ubyte{end}").labels is None
    if packed:
        named = read_pictures(
            tmp_path / "t10k-images-idx3-ubyte.gz", labels=tmp_path / "l-idx1-ubyte.gz"
        )
        np.testing.assert_array_equal(named.labels, pictures.labels)


def test_npz_and_npy(tmp_path):
    x = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    np.savez(
        tmp_path / "a.npz", images=x, labels=[1, 0, 1], classes=["off", "on"], groups=[5, 5, 2]
    )
    pictures = read_pictures(tmp_path / "a.npz")
    np.testing.assert_array_equal(pictures.x[..., 0], x)
    assert pictures.classes == ("off", "on") and pictures.ids == ("0", "1", "2")
    assert pictures.labels is not None and pictures.labels.ravel().tolist() == [1, 0, 1]
    assert pictures.groups is not None and pictures.groups.tolist() == [1, 1, 0]
    np.savez(tmp_path / "b.npz", x, np.array([0.5, 1, 2]))
    numbers = read_pictures(tmp_path / "b.npz")
    assert numbers.classes == () and numbers.labels is not None
    assert numbers.labels.ravel().tolist() == [0.5, 1, 2]
    np.save(tmp_path / "c.npy", x[..., None])
    np.save(tmp_path / "y.npy", np.array(["b", "a", "b"]))
    named = read_pictures(tmp_path / "c.npy", labels=tmp_path / "y.npy")
    assert isinstance(named.x, np.memmap) and named.classes == ("a", "b")
    np.save(tmp_path / "d.npy", np.zeros((2, 3, 8, 9), np.uint8))
    with pytest.warns(SeqcnnWarning, match="second axis of .* is taken for channels"):
        assert read_pictures(tmp_path / "d.npy").x.shape == (2, 8, 9, 3)
    np.save(tmp_path / "d.npy", np.zeros((2, 7, 8, 9), np.uint8))
    with pytest.warns(SeqcnnWarning, match="volumes of one channel"):
        assert read_pictures(tmp_path / "d.npy").x.shape == (2, 7, 8, 9, 1)
