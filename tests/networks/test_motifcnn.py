import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.motifcnn import MotifCNN
from seqcnn.networks.zoo import create
from seqcnn.nn.init import from_matrices
from seqcnn.reference import layers as by_hand
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, Alphabet

from .table import call, drawn, predict

SMALL = {"kernels": 5, "width": 6, "hidden": 4, "tasks": 2}
COMPLEMENT = (3, 2, 1, 0)
LENGTHS = [20, 11, 6, 5, 1, 0]


def network_of(alphabet: Alphabet = DNA, **options) -> MotifCNN:
    network = drawn("motifcnn", alphabet, **SMALL | options)
    assert isinstance(network, MotifCNN)
    # biases that matter, of both signs; every neuron of the few alive
    network.bias[...] = jnp.linspace(-1, 1.5, SMALL["kernels"])
    network.hidden.bias[...] = jnp.full(SMALL["hidden"], 2.0)
    return network


def features(network: MotifCNN, codes: jax.Array) -> jax.Array:
    return network.features(*network.image(codes))


def scan(network: MotifCNN, codes: jax.Array) -> tuple[jax.Array, jax.Array]:
    return network.scan(codes)


def sequences(size: int = 4, columns: int = 20, lengths: list[int] = LENGTHS) -> np.ndarray:
    codes = np.random.default_rng(0).integers(0, size, (len(lengths), columns)).astype(np.uint8)
    codes[np.arange(columns) >= np.array(lengths)[:, None]] = PAD
    return codes


@pytest.mark.parametrize("pool", ["max", "max_mean"])
@pytest.mark.parametrize("strand", ["both", "one"])
def test_features_equal_the_loops(strand, pool):
    network, codes = network_of(strand=strand, pool=pool), sequences()
    expected = by_hand.motif_features(
        by_hand.one_hot(codes, 4).astype(float),
        LENGTHS,
        np.asarray(network.kernel[...], float),
        np.asarray(network.bias[...], float),
        complement=COMPLEMENT if strand == "both" else None,
    )
    assert (expected > 0).any(axis=0).all()
    expected = expected[:, :5] if pool == "max" else expected
    np.testing.assert_allclose(call(features, network, codes), expected, atol=1e-6)


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("strand", ["both", "one"])
def test_the_road_that_explanations_take_gives_what_a_call_gives(strand, dims):
    network, codes = network_of(strand=strand, dims=dims), jnp.asarray(sequences())
    graph, state = nnx.split(network)

    def by_codes(state):
        logits = nnx.merge(graph, state)(codes)
        return jnp.sin(logits).sum(), logits

    def by_images(state):
        network = nnx.merge(graph, state)
        logits = network.logits(*network.image(codes))
        return jnp.sin(logits).sum(), logits

    ours, theirs = (jax.jit(jax.grad(f, has_aux=True))(state) for f in (by_codes, by_images))
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
        assert np.abs(one).max() > 0.01


@pytest.mark.parametrize(
    ("alphabet", "options"),
    [(DNA, {}), (DNA, {"dims": 2, "pool": "max_mean"}), (PROTEIN, {"dims": 2}), (PROTEIN, {})],
    ids=str,
)
def test_padding_never_changes_a_prediction(alphabet, options):
    network, codes = network_of(alphabet, **options), sequences(alphabet.size)
    together = predict(network, codes)
    assert np.ptp(together, axis=0).min() > 0.01
    assert together.shape == (len(LENGTHS), 2) and np.isfinite(together).all()
    alone = np.concatenate(
        [predict(network, row[None, :n]) for row, n in zip(codes, LENGTHS, strict=True) if n]
    )
    np.testing.assert_allclose(alone, together[: len(alone)], atol=1e-6, rtol=1e-6)
    longer = np.pad(codes, ((0, 0), (0, 13)), constant_values=PAD)
    np.testing.assert_allclose(predict(network, longer), together, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("pool", ["max", "max_mean"])
@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_an_image_gives_exactly_what_a_sequence_gives(alphabet, pool):
    flat, image = network_of(alphabet, pool=pool), network_of(alphabet, dims=2, pool=pool)
    image.kernel[...] = flat.kernel[...][:, :, None]
    codes = sequences(alphabet.size)
    np.testing.assert_array_equal(predict(image, codes), predict(flat, codes))

    def slope(network, get):
        graph, state = nnx.split(network)
        loss = lambda state: nnx.merge(graph, state)(codes).sum()  # noqa: E731
        return np.asarray(get(jax.jit(jax.grad(loss))(state)["kernel"][...]))

    of_image = slope(image, lambda k: k[:, :, 0])
    np.testing.assert_array_equal(of_image, slope(flat, lambda k: k))
    assert of_image.any()


@pytest.mark.parametrize("dims", [1, 2])
def test_the_order_of_the_letters_is_of_no_account(dims):
    order = [2, 0, 3, 1]
    rank = {letter: new for new, letter in enumerate(order)}
    network = network_of(dims=dims)
    shuffled = MotifCNN(
        DNA.shares[:, order],
        complement=[rank[COMPLEMENT[letter]] for letter in order],
        dims=dims,
        rngs=nnx.Rngs(0),
        **SMALL,
    )
    nnx.update(shuffled, nnx.state(network))
    shuffled.kernel[...] = network.kernel[...][:, np.array(order)]
    codes = sequences()
    np.testing.assert_allclose(predict(shuffled, codes), predict(network, codes), rtol=1e-5)


def test_the_other_strand_scores_the_same():
    codes = sequences(lengths=[20] * 6)
    other = DNA.reverse_complement(codes)
    both, one = network_of(), network_of(strand="one")
    np.testing.assert_allclose(predict(both, other), predict(both, codes), rtol=1e-5)
    assert not np.allclose(predict(one, other), predict(one, codes))


def test_scan_finds_a_motif_with_its_strand():
    motif = np.eye(4)[DNA.encode("GATTCA")]
    start = from_matrices([motif, np.eye(4)[DNA.encode("CCCCCC")]], rest=jnp_zeros)
    network = create("motifcnn", alphabet=DNA, kernel_init=start, **SMALL)
    assert isinstance(network, MotifCNN)
    network.bias[...] = jnp.linspace(-1, 1.5, SMALL["kernels"])
    codes = np.stack([DNA.encode("AAAGATTCAAAAA"), DNA.encode("AAAAATGAATCAA")])
    codes = np.concatenate([codes, np.full((2, 2), PAD, np.uint8)], axis=1)
    values, strands = call(scan, network, codes)
    assert values.shape == strands.shape == (2, 10, 5) and strands.dtype == jnp.int8
    assert values[..., 0].argmax(axis=1).tolist() == [3, 5]
    assert [strands[0, 3, 0], strands[1, 5, 0]] == [0, 1]
    # empty kernels match both strands alike: the strand as given wins
    assert not strands[..., 2:].any()
    assert np.isneginf(values[:, 8:]).all() and np.isfinite(values[:, :8]).all()
    # a kernel of unit length over its own motif gives sqrt(6), plus the bias
    np.testing.assert_allclose(values[0, 3, 0], np.sqrt(6) - 1, rtol=1e-6)


def jnp_zeros(key, shape, dtype):
    return jnp.zeros(shape, dtype)


def test_scan_holds_the_maximum_that_the_network_pools():
    network, codes = network_of(), sequences()
    values, _ = call(scan, network, codes)
    pooled = call(features, network, codes)[:, :5]
    np.testing.assert_allclose(np.maximum(values.max(axis=1), 0), pooled, rtol=1e-6)


def test_dropout_acts_only_with_randomness_and_gradients_are_finite():
    network, codes = network_of(dropout=0.5), jnp.asarray(sequences())
    graph, state = nnx.split(network, nnx.Param)
    plain = predict(network, codes)
    np.testing.assert_array_equal(plain, predict(network, codes))
    np.testing.assert_array_equal(plain, predict(network_of(), codes))

    @jax.jit
    def slopes(state, key):
        def loss(state):
            logits = nnx.merge(graph, state)(codes, rngs=nnx.Rngs(dropout=key))
            return (logits**2).sum(), logits

        return jax.grad(loss, has_aux=True)(state)

    slope, logits = slopes(state, jax.random.key(0))
    assert not np.array_equal(logits, plain)
    leaves = jax.tree.leaves(slope)
    assert len(leaves) == 6 and all(np.isfinite(leaf).all() for leaf in leaves)


def test_kernel_gradient_is_the_finite_difference():
    network, codes = network_of(), jnp.asarray(sequences())
    graph, state = nnx.split(network)
    with jax.enable_x64(True):
        state = jax.tree.map(lambda a: jnp.asarray(a, jnp.float64), state)
        loss = jax.jit(lambda state: nnx.merge(graph, state)(codes).sum())
        gradient = jax.grad(loss)(state)
        state, gradient = (jax.tree.map(np.asarray, tree) for tree in (state, gradient))
        along = jax.tree.map(lambda a: np.random.default_rng(0).normal(size=a.shape), state)
        slope = sum(
            (g * d).sum()
            for g, d in zip(jax.tree.leaves(gradient), jax.tree.leaves(along), strict=True)
        )
        ahead, behind = (
            loss(jax.tree.map(lambda a, d, s=s: a + s * d, state, along)) for s in (1e-6, -1e-6)
        )
        np.testing.assert_allclose(slope, (ahead - behind) / 2e-6, rtol=1e-6)


def test_rank_and_dtype_promotion_are_explicit():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        logits = jax.eval_shape(lambda: network_of()(sequences(), rngs=nnx.Rngs(0)))
        assert logits.dtype == jnp.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphabet": "protein", "strand": "both"}, "needs an alphabet with complements"),
        ({"alphabet": "dna", "strand": "three"}, "`strand`"),
        ({"alphabet": "dna", "dims": 3}, "`dims`"),
        ({"alphabet": "dna", "pool": "mean"}, "`pool`"),
        ({"alphabet": "dna", "width": 0}, "`width`"),
        ({"alphabet": "dna", "dropout": 1.0}, "`dropout`"),
        ({"alphabet": "dna", "complement": (0, 0, 1, 2)}, "`complement`"),
        ({"alphabet": "dna", "complement": (1, 2, 3, 0)}, "`complement`"),
        ({"alphabet": "dna", "layers": 3}, "layers"),
        ({}, "`alphabet`"),
    ],
)
def test_misfit_options_are_one_line_errors(options, message):
    with pytest.raises(SeqcnnError, match=message) as caught:
        create("motifcnn", **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dims", [1, 2])
def test_narrow_kernels_are_wide_ones_with_zeros_beside(dims):
    mixed, codes = network_of(width=9, narrow=4, pool="max_mean", dims=dims), sequences()
    plain = network_of(width=9, pool="max_mean", dims=dims)
    nnx.update(plain, nnx.state(mixed))
    kernel = np.array(mixed.kernel[...])
    kernel[[0, 1, 6, 7, 8], ..., :2] = 0  # 2 of 5 kernels, 4 letters in the middle of 9
    assert not np.array_equal(kernel, mixed.kernel[...])
    np.testing.assert_array_equal(mixed.first_kernel, kernel.reshape(9, 4, 5))
    plain.kernel[...] = jnp.asarray(kernel)
    np.testing.assert_array_equal(predict(mixed, codes), predict(plain, codes))


@pytest.mark.parametrize("narrow", [0, 7])
def test_narrow_kernels_fit_into_wide_ones(narrow):
    with pytest.raises(SeqcnnError, match="`narrow` must be from 1 to `width`, 6"):
        network_of(narrow=narrow)


def test_norm_standardises_what_is_pooled_and_remembers_it():
    # as created, with moments of which nothing has been seen
    options = SMALL | {"norm": True, "pool": "max_mean", "dropout": 0}
    network, codes = create("motifcnn", alphabet=DNA, **options), sequences()
    assert isinstance(network, MotifCNN)
    network.hidden.bias[...] = jnp.full(SMALL["hidden"], 2.0)
    pooled = np.asarray(network.features(*network.image(jnp.asarray(codes))), float)
    logits = network(jnp.asarray(codes), rngs=nnx.Rngs(dropout=0))

    def standard(x):
        return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)

    neurons = standard(pooled) @ np.asarray(network.hidden.kernel[...]) + 2.0
    expected = np.maximum(standard(neurons), 0) @ np.asarray(network.output.kernel[...])
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    np.testing.assert_allclose(network.pooled_norm.mean[...], 0.1 * pooled.mean(axis=0), rtol=1e-5)
    # prediction is by what was seen in training, not by the batch
    one_by_one = np.concatenate([network(jnp.asarray(row[None])) for row in codes])
    np.testing.assert_allclose(one_by_one, network(jnp.asarray(codes)), atol=1e-5)
