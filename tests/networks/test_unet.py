"""U-Net: the count of the paper, any extents, and each part against a witness."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import zoo
from seqcnn.networks.segment.unet import PlainEncoder, UNet
from tests.networks.segmenters import drawn, noise, run


def _small(shape=(8, 8, 1), **options):
    options = {"channels": (4, 6), "depth": 1} | options
    return drawn(lambda: UNet(shape, 3, rngs=nnx.Rngs(0), **options))


def test_the_original_has_the_parameters_and_the_extents_of_the_paper():
    assert zoo.count_parameters("unet_original") == 31_030_658
    network = nnx.eval_shape(lambda: zoo.create("unet_original"))
    x = jax.ShapeDtypeStruct((1, 572, 572, 1), jnp.float32)
    assert nnx.eval_shape(lambda n, x: n.logits(x), network, x).shape == (1, 388, 388, 2)


@pytest.mark.parametrize("name", ["unet", "unet_original"])
@pytest.mark.parametrize("space", [(65, 97), (1024, 1024)])
def test_any_height_and_width(name, space):
    network = nnx.eval_shape(lambda: zoo.create(name, classes=3))
    x = jax.ShapeDtypeStruct((2, *space, 1), jnp.float32)
    assert nnx.eval_shape(lambda n, x: n(x), network, x).shape == (2, *space, 3)


@pytest.mark.parametrize("up", ["transposed", "nearest", "linear"])
@pytest.mark.parametrize(("shape", "norm"), [((10, 2), "group"), ((4, 6, 5, 1), "none")])
def test_any_rank(shape, norm, up):
    network = _small(shape, norm=norm, up=up)
    assert run(network, jnp.ones((1, *shape))).shape == (1, *shape[:-1], 3)


def test_valid_convolutions_see_what_same_ones_see_away_from_the_edges():
    same, valid = (_small((64, 1), norm="none", padding=p, depth=2) for p in ("same", "valid"))
    x = noise(1, 64, 1)
    # "valid" adds 8 here and its first stage takes 2 off: both halve at the same places
    np.testing.assert_allclose(run(valid, x)[:, 24:40], run(same, x)[:, 24:40], atol=1e-5)
    assert not np.allclose(run(valid, x)[:, :4], run(same, x)[:, :4], atol=1e-3)


def test_skip_connections_carry_what_the_coarse_map_has_lost():
    network = _small((16, 1))
    risen = network.decoder.steps[0]
    risen.kernel[...], risen.bias[...] = risen.kernel[...] * 0, risen.bias[...] * 0
    x = noise(1, 16, 1)
    fine = network.encoder.stages[0](x)
    beside = jnp.concatenate([fine, jnp.zeros_like(fine)], axis=-1)
    expected = network.head(network.decoder.stages[0](beside))
    np.testing.assert_allclose(run(network, x), expected, atol=1e-6)


def test_maps_keep_to_the_contract_of_backbones():
    network = _small((16, 1), channels=(4, 6, 8))
    maps = jax.eval_shape(network.features, jnp.ones((1, 16, 1)))
    assert tuple(m.shape[-1] for m in maps) == network.feature_channels == (4, 6, 8)
    assert [16 // m.shape[1] for m in maps] == list(network.strides) == [1, 2, 4]


def test_a_condition_changes_each_example_by_its_own():
    network = _small((16, 1), condition=2, norm="group")
    x, given = jnp.ones((2, 16, 1)), jnp.asarray([[1.0, 0.0], [0.0, 3.0]])
    first, second = run(network, x, given)
    assert not np.allclose(first, second)
    np.testing.assert_allclose(run(network, x[:1], given[:1])[0], first, atol=1e-5)
    with pytest.raises(SeqcnnError, match="takes a `condition` if"):
        network(x)


def test_training_drops_and_looks_at_the_batch():
    encoder = drawn(lambda: PlainEncoder(1, (4, 4), drop=0.9, rank=1, rngs=nnx.Rngs(0)))
    norm = encoder.stages[0].convs[0].layers[1]
    before = np.asarray(norm.mean[...])
    coarse = encoder(noise(2, 64, 1), rngs=nnx.Rngs(1))[-1]
    assert (np.asarray(coarse) == 0).mean() > 0.8
    assert (np.asarray(norm.mean[...]) != before).all()


def test_wrong_options_are_told():
    with pytest.raises(SeqcnnError, match="`up` must be"):
        _small(up="cubic")
    with pytest.raises(SeqcnnError, match="`norm` must be 'batch'"):
        _small(norm="layer")
    with pytest.raises(SeqcnnError, match=r"reads \(n, any, any, 1\)"):
        _small()(jnp.ones((1, 8, 8, 2)))
