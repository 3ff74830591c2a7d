import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.networks.choose_image import default_image_network
from seqcnn.networks.zoo import count_parameters


@pytest.mark.parametrize(
    ("n", "shape", "name", "options"),
    [
        (100, (7, 30, 1), "mlp", {}),
        (100, (8, 9, 1), "cnn", {"channels": [16]}),
        (1999, (200, 300, 3), "cnn", {"channels": [16, 32, 64, 128]}),
        (100, (16, 16, 16, 1), "cnn", {"channels": [16, 32]}),
        (2000, (24, 40, 3), "resnet_small", {"stem": "small"}),
        (2000, (28, 28, 1), "resnet_small", {"stem": "pooled"}),
        (2000, (512, 512, 3), "resnet_small", {"stem": "large"}),
    ],
)
def test_the_network_follows_from_number_and_size(n, shape, name, options):
    choice = default_image_network(n, shape)
    assert choice.name == name and f"{n:,} pictures of {shape[0]} x {shape[1]}" in choice.reason
    assert options.items() <= choice.options.items()
    assert count_parameters(name, input_shape=shape, classes=2, **choice.options) > 0


def test_no_pictures_have_no_network():
    with pytest.raises(SeqcnnError, match="must be 1 or more, not 0"):
        default_image_network(0, (28, 28, 1))
