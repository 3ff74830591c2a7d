import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import zoo
from seqcnn.networks.doors import unit_scale
from seqcnn.networks.weights import Model, create_member, load_model, save_model
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN


def rows(shape: tuple[int, ...], top: int = 256, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, top, shape).astype(np.uint8)


def test_lenet_has_the_published_number_of_parameters():
    assert zoo.count_parameters("lenet") == 61_706


def test_pixels_are_scaled_before_the_network_sees_them():
    facts = {"mean": [0.2, 0.3, 0.4], "std": [0.5, 0.6, 0.7]}
    behind = zoo.create("lenet", input_shape=(16, 16, 3), pixels=facts)
    bare = zoo.create("lenet", input_shape=(16, 16, 3))
    x = rows((2, 16, 16, 3))
    seen = (x / 255 - np.array(facts["mean"])) / np.array(facts["std"])
    np.testing.assert_allclose(behind(jnp.array(x)), bare(jnp.array(seen, jnp.float32)), atol=1e-5)


def test_grey_pictures_fill_three_channels():
    network = zoo.create("lenet", input_shape=(16, 16, 3), pixels={})
    x = rows((2, 16, 16, 1))
    assert jnp.array_equal(network(jnp.array(x)), network(jnp.array(x.repeat(3, axis=-1))))


def test_every_depth_of_pixels_means_the_same():
    x = np.array([[0, 1], [1, 0]], bool)
    whole = [x, x * np.uint8(255), x * np.uint16(65_535), x.astype(np.float32)]
    for pixels in whole:
        assert np.array_equal(unit_scale(jnp.array(pixels)), x.astype(np.float32))
    with pytest.raises(SeqcnnError, match="uint16 or float, not int32"):
        unit_scale(jnp.array([1], jnp.int32))


@pytest.mark.parametrize("dims", [1, 2])
def test_letters_are_drawn_for_a_network_of_arrays(dims):
    options = {"length": 20, "tasks": 3, "dims": dims}
    behind = zoo.create("lenet", alphabet=PROTEIN, **options)
    shape = (20, 20) if dims == 1 else (20, 20, 1)
    bare = zoo.create("lenet", input_shape=shape, classes=3)
    codes = rows((4, 20), PROTEIN.size)
    image = PROTEIN.shares[codes].reshape(4, *shape).astype(np.float32)
    np.testing.assert_allclose(behind(jnp.array(codes)), bare(jnp.array(image)), atol=1e-6)
    with pytest.raises(SeqcnnError, match="19 columns, this network reads 20"):
        behind(jnp.array(codes[:, 1:]))


def test_both_strands_of_letters_score_alike():
    network = zoo.create("lenet", alphabet=DNA, length=24)
    codes = rows((3, 24), 4)
    np.testing.assert_allclose(
        network(jnp.array(codes)), network(jnp.array(3 - codes[:, ::-1])), atol=1e-6
    )


@pytest.mark.parametrize("dims", [1, 2])
def test_a_picture_of_a_sequence_scores_as_the_sequence_does(dims):
    network = zoo.create("motifcnn", alphabet=DNA, dims=dims, kernels=4, pixels={})
    codes = rows((5, 30), 4)
    codes[0, 20:], codes[1, 10] = PAD, DNA.encode("N")[0]
    pictures = np.round(DNA.shares[codes] * 255).astype(np.uint8).swapaxes(1, 2)[..., None]
    seen = network(jnp.array(pictures))
    np.testing.assert_allclose(seen, network.network(jnp.array(codes)), atol=1e-2)
    certain = [0, 2, 3, 4]  # a quarter of 255 is no whole number
    np.testing.assert_allclose(
        seen[jnp.array(certain)], network.network(jnp.array(codes[certain])), atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "alphabet", "options", "shape"),
    [
        ("lenet", None, {"input_shape": [16, 16, 1], "pixels": {"mean": [0.3]}}, (16, 16, 1)),
        ("lenet", None, {}, (32, 32, 1)),
        ("lenet", DNA, {"length": 20, "tasks": 2}, (20,)),
        ("motifcnn", DNA, {"kernels": 3, "pixels": {}}, (4, 30, 1)),
    ],
)
def test_a_model_is_saved_with_its_door(tmp_path, name, alphabet, options, shape):
    member = create_member(name, alphabet=alphabet, **options)
    save_model(Model((member,), alphabet), tmp_path)
    read = load_model(tmp_path).members[0].network
    x = rows((2, *shape), 4)
    x = x if alphabet is not None else x.astype(np.float32)
    assert type(read) is type(member.network)
    assert np.array_equal(read(jnp.array(x)), member.network(jnp.array(x)))


def test_a_door_refuses_what_does_not_fit():
    with pytest.raises(SeqcnnError, match="`mean` has 2 numbers, the network 3 channels"):
        zoo.create("lenet", input_shape=(16, 16, 3), pixels={"mean": [0.0, 0.0]})
    with pytest.raises(SeqcnnError, match="`std` must be above 0"):
        zoo.create("lenet", pixels={"std": [0.0]})
    with pytest.raises(SeqcnnError, match="option 'length' is missing"):
        zoo.create("lenet", alphabet="dna")
    with pytest.raises(SeqcnnError, match="grey and have 4 rows"):
        zoo.create("motifcnn", alphabet="dna", pixels={})(jnp.zeros((1, 5, 9, 1)))
    with pytest.raises(SeqcnnError, match=r"LeNet reads \(n, 32, 32, 1\)"):
        zoo.create("lenet")(jnp.zeros((1, 32, 31, 1)))


def test_a_network_of_any_rank_has_gradients():
    for shape in [(16, 2), (16, 17, 1)]:
        network = zoo.create("lenet", input_shape=shape, classes=2)
        graph, state = nnx.split(network)

        def loss(state, graph=graph, shape=shape):
            return nnx.merge(graph, state)(jnp.ones((1, *shape))).sum()

        gradient = jax.tree.leaves(jax.grad(loss)(state))
        assert all(bool(jnp.isfinite(g).all()) for g in gradient)
