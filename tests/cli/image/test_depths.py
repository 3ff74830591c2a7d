"""Pictures of other depths and channels than a screen shows: written whole, and told of."""

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.image.files import read_image, write_image

COMMANDS = [["filter", "--kernel", "identity"], ["kmeans", "-k", "2"]]
NAMES = {"filter": "x_identity", "kmeans": "x_recoloured"}


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
@pytest.mark.parametrize("channels", [2, 4])
def test_other_numbers_of_channels_are_written_as_tiff(tmp_path, command, channels):
    two = np.array([[0] * channels, [51 * (i + 1) for i in range(channels)]], np.uint8)
    x = two[np.arange(36).reshape(6, 6) % 2]
    write_image(tmp_path / "x.npy", x)
    out = tmp_path / "out"
    name, *options = command
    assert main(["image", name, str(tmp_path / "x.npy"), "-o", str(out), "-q", *options]) == 0
    np.testing.assert_array_equal(read_image(out / f"{NAMES[name]}.tif"), x)


@pytest.mark.parametrize("command", [*COMMANDS, ["augment", "--augment", "flip"]])
@pytest.mark.parametrize("scale", [1, 4000])
def test_fractions_that_would_all_be_white_are_told(tmp_path, capsys, command, scale):
    x = np.linspace(0, 1, 36, dtype=np.float32).reshape(6, 6, 1) * np.float32(scale)
    write_image(tmp_path / "x.tif", x)
    name, *options = command
    given = [str(tmp_path / "x.tif"), "-o", str(tmp_path / "out"), *options]
    assert main(["image", name, *given]) == 0
    assert ("pixels go from 0 to 4000; fractions are shown" in capsys.readouterr().err) == (
        scale > 1
    )


def test_folders_in_a_folder_are_not_searched(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    write_image(tmp_path / "a" / "x.png", np.zeros((4, 4, 1), np.uint8))
    given = [str(tmp_path), "-o", str(tmp_path / "out"), "-q"]
    assert main(["image", "filter", "--gallery", *given]) == 2
    assert "folders in it are not searched" in capsys.readouterr().err
