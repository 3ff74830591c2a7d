"""What every network for sequences promises, each promise one test over all of them."""

import inspect
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import sequence, zoo
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Member, Model, load_model, save_model
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, Alphabet, get_alphabet

from .table import LENGTHS, TABLE, Row, call, longer, predict, sequences, trained_on, weight_of

rows = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
# where options of one network hardly differ, those that are not its first row take a slow test
mostly = pytest.mark.parametrize(
    "row",
    [pytest.param(r, id=r.id, marks=[pytest.mark.slow] * (r.id != r.name)) for r in TABLE],
)
SAME = {"rtol": 1e-6, "atol": 1e-6}


@pytest.fixture(autouse=True)
def _strict():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


def test_every_network_of_the_family_is_in_the_table():
    assert {row.name for row in TABLE} == set(zoo.names("sequence"))


def test_network_files_are_short():
    files = list(Path(sequence.__path__[0]).glob("*.py"))
    assert len(files) > 6
    assert {f.name for f in files if len(f.read_text().splitlines()) > 250} == set()


@rows
def test_logits_are_float32_and_differ(row: Row):
    for alphabet in (DNA, PROTEIN):
        logits = predict(row.build(alphabet), sequences(len(alphabet.symbols)))
        assert (logits.shape, logits.dtype) == ((len(LENGTHS), 2), np.float32)
        assert np.isfinite(logits).all() and np.ptp(logits, axis=0).min() > 0.01
    on_paper = jax.eval_shape(lambda: row.build(get_alphabet("HPC"))(sequences(3)))
    assert (on_paper.shape, on_paper.dtype) == ((len(LENGTHS), 2), np.float32)


@rows
def test_jit_gives_what_eager_gives(row: Row):
    network, codes = row.build(), sequences()
    np.testing.assert_allclose(predict(network, codes), network(jnp.asarray(codes)), **SAME)


@rows
def test_gradients_are_finite_and_reach_every_weight(row: Row):
    graph, weights, rest = nnx.split(row.build(), nnx.Param, ...)
    codes = jnp.asarray(sequences())

    @jax.jit
    def slopes(weights: nnx.State, image: jax.Array, inside: jax.Array):
        def loss(weights: nnx.State, image: jax.Array) -> jax.Array:
            network = nnx.merge(graph, weights, rest, copy=True)
            logits = network.logits(image, inside, rngs=nnx.Rngs(dropout=0))
            return jnp.sum(jnp.sin(logits + jnp.arange(len(codes), dtype=jnp.float32)[:, None]))

        return jax.grad(loss, argnums=(0, 1))(weights, image)

    of_weights, of_image = slopes(weights, *row.build().image(codes))
    assert np.isfinite(of_image).all() and of_image.any()
    for path, slope in nnx.to_flat_state(of_weights):
        assert np.isfinite(slope[...]).all(), path
        if path[-2:] != ("key", "bias"):  # a shift of all keys, of which a softmax makes nothing
            # the profile has no part in what a call gives
            assert slope[...].any() == (path[0] != "places"), path


@rows
def test_padding_never_changes_a_prediction(row: Row):
    network, codes = row.build(), sequences()
    together = predict(network, codes)
    if network.length is not None:
        with pytest.raises(SeqcnnError, match="53 columns, this network reads 40"):
            network(jnp.asarray(longer(codes, 13)))
        alone = np.concatenate([predict(network, one[None]) for one in codes])
    else:
        np.testing.assert_allclose(predict(network, longer(codes, 13)), together, **SAME)
        alone = {i: predict(network, codes[i : i + 1, : LENGTHS[i]])[0] for i in (1, 3, 5)}
        together, alone = together[list(alone)], list(alone.values())
    assert np.isfinite(together).all()
    np.testing.assert_allclose(alone, together, **SAME)


@rows
def test_padding_has_no_part_in_training(row: Row):
    network, codes = row.build(), sequences()
    if network.length is None:
        logits, after = trained_on(network, codes)
        same_logits, same_after = trained_on(network, longer(codes, 29))
        np.testing.assert_allclose(same_logits, logits, rtol=1e-5, atol=1e-5)
        for one, other in zip(after, same_after, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
        others = np.where(codes == PAD, PAD, (codes + 1) % 4)
        assert not after or not all(map(np.array_equal, trained_on(network, others)[1], after))


@rows
def test_prediction_changes_nothing_and_training_the_statistics(row: Row):
    network, codes = row.build(), jnp.asarray(sequences())
    start = [np.array(leaf) for leaf in jax.tree.leaves(nnx.state(network))]
    network(codes)
    network.logits(*network.image(codes))
    assert all(map(np.array_equal, start, jax.tree.leaves(nnx.state(network))))
    assert nnx.state(network, nnx.RngState) == nnx.State({})
    graph, state = nnx.split(network)

    def trained(state: nnx.State) -> nnx.State:
        network = nnx.merge(graph, state, copy=True)
        network(codes, rngs=nnx.Rngs(dropout=0))
        return nnx.state(network)

    for path, variable in nnx.to_flat_state(jax.eval_shape(trained, state)):
        assert isinstance(variable, nnx.Param | nnx.BatchStat), path


@rows
def test_both_strands_score_the_same(row: Row):
    codes = sequences()
    other = np.full_like(codes, PAD)
    for i, length in enumerate(LENGTHS):
        other[i, :length] = DNA.reverse_complement(codes[i, :length])
    network = row.build()
    # shared kernels score sequences shorter than themselves by their left end, on either strand
    told = 3 if row.name == "motifcnn" else len(codes)
    there, back = predict(network, codes), predict(network, other)
    np.testing.assert_allclose(back[:told], there[:told], **SAME)
    one = row.build(strand="one")
    scores = predict(one, codes), predict(one, other)
    assert np.abs(scores[0] - scores[1])[:4].max() > 1e-3
    if row.name != "motifcnn":
        # the mean of the two, which the network of one strand gives by hand
        np.testing.assert_allclose(there, (scores[0] + scores[1]) / 2, **SAME)


def check_image(row: Row, alphabet: Alphabet) -> tuple[SequenceNetwork, SequenceNetwork]:
    flat, image = row.build(alphabet), row.build(alphabet, dims=2)
    kernel, of_image = weight_of(flat, row.first)[...], weight_of(image, row.first)
    width, letters, count = kernel.shape
    assert of_image.shape == (width, letters, 1, count) and letters == alphabet.size
    np.testing.assert_array_equal(of_image[...][:, :, 0], kernel)
    np.testing.assert_array_equal(image.first_kernel, flat.first_kernel)
    codes = sequences(alphabet.size)
    np.testing.assert_array_equal(predict(image, codes), predict(flat, codes))
    return flat, image


@rows
def test_an_image_gives_exactly_what_a_sequence_gives(row: Row):
    flat, image = check_image(row, DNA)
    ours, theirs = (trained_on(network, sequences()) for network in (image, flat))
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_array_equal(one, other)


@mostly
def test_an_image_of_a_protein_gives_exactly_what_its_sequence_gives(row: Row):
    check_image(row, PROTEIN)


@mostly
def test_images_and_sequences_start_from_the_same_weights(row: Row):
    flat, image = (zoo.create(row.name, alphabet=DNA, dims=d, **row.options) for d in (1, 2))
    ours, theirs = (nnx.to_flat_state(nnx.state(network)) for network in (flat, image))
    for (path, one), (_, other) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one[...], other[...].reshape(one.shape), err_msg=str(path))


@pytest.mark.parametrize("dims", [1, 2])
@mostly
def test_the_order_of_the_letters_is_of_no_account(row: Row, dims):
    order, complement = [2, 0, 3, 1], (3, 2, 1, 0)
    rank = {letter: new for new, letter in enumerate(order)}
    network = row.build(dims=dims)
    turned = row.build(
        dims=dims,
        shares=DNA.shares[:, order],
        complement=[rank[complement[letter]] for letter in order],
    )
    kernel = weight_of(turned, row.first)
    kernel[...] = weight_of(network, row.first)[...][:, np.array(order)]
    codes = sequences(size=15)
    expected = predict(network, codes)
    np.testing.assert_allclose(predict(turned, codes), expected, rtol=1e-5, atol=1e-6)


def _by_image(network: SequenceNetwork, codes: jax.Array) -> jax.Array:
    return network.logits(*network.image(codes))


@rows
def test_explanations_see_what_a_call_gives(row: Row):
    network, codes = row.build(), sequences()
    np.testing.assert_allclose(call(_by_image, network, codes), predict(network, codes), **SAME)
    kernel = weight_of(network, row.first)
    np.testing.assert_array_equal(network.first_kernel, kernel[...])


@rows
def test_weights_are_saved_and_loaded_exactly(row: Row, tmp_path):
    network, codes = row.build(), sequences()
    member = Member(row.name, row.options | {"tasks": 2}, network)
    save_model(Model((member,), DNA), tmp_path)
    again = load_model(tmp_path).members[0].network
    assert nnx.graphdef(again) == nnx.graphdef(network)
    assert hash(nnx.graphdef(again)) == hash(nnx.graphdef(network))
    ours, theirs = (jax.tree.leaves(nnx.state(n)) for n in (network, again))
    assert all(map(np.array_equal, ours, theirs))
    np.testing.assert_array_equal(predict(again, codes), predict(network, codes))


@mostly
def test_half_precision_is_near(row: Row):
    exact = predict(row.build(), sequences())
    found = predict(row.build(dtype="bfloat16"), sequences())
    assert found.dtype == np.float32 and not np.array_equal(found, exact)
    np.testing.assert_allclose(found, exact, atol=0.05 * np.abs(exact).max() + 0.05)


def _dropped(network: SequenceNetwork, codes: jax.Array, key: jax.Array) -> jax.Array:
    return network(codes, rngs=nnx.Rngs(dropout=key))


@mostly
def test_dropout_needs_randomness(row: Row):
    rates = {name: 0.5 for name in zoo.defaults(row.name) if name.endswith("dropout")}
    network, codes = row.build(**rates), sequences()
    draws = [call(_dropped, network, codes, jax.random.key(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    # eager, as the same steps are compiled for another test
    np.testing.assert_array_equal(network(jnp.asarray(codes)), row.build()(jnp.asarray(codes)))


def planted(n: int = 128, length: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Draw random sequences; those of the first half hold a motif."""
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 4, (n, length)).astype(np.uint8)
    for i in range(n // 2):
        at = rng.integers(0, length - 7)
        codes[i, at : at + 7] = DNA.encode("TGACTCA")
    return codes, (np.arange(n) < n // 2).astype(np.float32)[:, None]


@mostly
def test_a_planted_motif_is_learned(row: Row):
    codes, targets = planted()
    network = zoo.create(row.name, alphabet=DNA, **row.options)
    graph, weights, rest = nnx.split(network, nnx.Param, ...)
    optimizer = optax.adam(1e-2)

    @jax.jit
    def step(weights: nnx.State, rest: nnx.State, state: optax.OptState):
        def loss(weights: nnx.State) -> tuple[jax.Array, nnx.State]:
            network = nnx.merge(graph, weights, rest, copy=True)
            logits = network(jnp.asarray(codes), rngs=nnx.Rngs(dropout=0))
            losses = optax.sigmoid_binary_cross_entropy(logits, jnp.asarray(targets))
            return losses.mean(), nnx.state(network, nnx.Not(nnx.Param))

        (value, rest), slope = jax.value_and_grad(loss, has_aux=True)(weights)
        updates, state = optimizer.update(slope, state)
        return optax.apply_updates(weights, updates), rest, state, value

    losses = []
    with jax.numpy_dtype_promotion("standard"):
        state = jax.jit(optimizer.init)(weights)
        for _ in range(100):
            weights, rest, state, value = step(weights, rest, state)
            losses.append(float(value))
    assert losses[-1] < 0.6 * losses[0] and losses[-1] < 0.45, losses[::10]
    # and what was learned holds in prediction, with the running moments
    logits = predict(nnx.merge(graph, weights, rest), codes)
    assert np.mean((logits > 0) == (targets > 0)) > 0.8


@pytest.mark.parametrize("name", zoo.names("sequence"))
def test_all_options_have_defaults_that_a_file_can_hold(name):
    build, _ = zoo._find(name)
    options = inspect.signature(build.__init__).parameters
    plain = zoo.defaults(name)
    assert {"tasks", "dims", "dtype"} <= set(plain)
    assert set(options) - set(plain) <= {"self", "shares", "rngs", "options", "kernel_init"}
