from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.nn import best_match as module
from seqcnn.nn.best_match import best_match, find_best_match
from seqcnn.reference import best_match as by_hand
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, Alphabet, get_alphabet

OWN = get_alphabet("HPC")
COMPLEMENT = (3, 2, 1, 0)
LENGTHS = [23, 0, 9, 5, 4, 1, 17]


def sequences(alphabet: Alphabet, seed: int = 0, *, ambiguous: bool = True) -> np.ndarray:
    rng = np.random.default_rng(seed)
    symbols = len(alphabet.symbols) if ambiguous else alphabet.size
    codes = rng.integers(0, symbols, (len(LENGTHS), max(LENGTHS))).astype(np.uint8)
    codes[np.arange(codes.shape[1]) >= np.array(LENGTHS)[:, None]] = PAD
    return codes


def kernels(width: int, alphabet: Alphabet, seed: int = 1, count: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(width, alphabet.size, count))


def slopes(codes, kernel, shares, upstream, **options):
    return value_and_slopes(codes, kernel, shares, upstream, **options)[1]


def value_and_slopes(codes, kernel, shares, upstream, **options):
    def loss(kernel):
        best = best_match(codes, kernel, shares, **options)
        return (best * upstream).sum(), best

    # compiled as a whole: a good deal faster than operation by operation
    slope, value = jax.jit(jax.grad(loss, has_aux=True))(jnp.asarray(kernel))
    return value, slope


def places(codes, kernel, shares, **options):
    return jax.jit(lambda kernel: find_best_match(codes, kernel, shares, **options))(kernel)


@pytest.fixture(params=["two sequences", "one sequence"])
def small_chunks(monkeypatch, request):
    monkeypatch.setattr(module, "_cores", lambda: 1)
    size = 0 if request.param == "one sequence" else 20 * 3 * 8 * 2
    monkeypatch.setattr(module, "_SCORE_BYTES", size)
    monkeypatch.setattr(module, "_WINDOW_BYTES", size)


CASES = pytest.mark.parametrize(
    ("alphabet", "complement"),
    [(DNA, None), (DNA, COMPLEMENT), (PROTEIN, None), (OWN, (0, 2, 1))],
    ids=str,
)


@CASES
@pytest.mark.parametrize("width", [5, 30])
def test_values_places_and_gradients_equal_the_loops(alphabet, complement, width):
    codes, kernel = sequences(alphabet), kernels(width, alphabet)
    options = {"shares": alphabet.shares, "complement": complement}
    expected = by_hand.best_match(codes, kernel, **options)
    upstream = np.random.default_rng(2).normal(size=expected[0].shape)
    gradient = by_hand.best_match_gradient(codes, kernel, upstream=upstream, **options)
    with jax.enable_x64(True):
        found = places(codes, jnp.asarray(kernel), **options)
        assert found.value.dtype == jnp.float64
        np.testing.assert_allclose(found.value, expected[0], rtol=1e-12, atol=1e-12)
        # short of two windows that add up to the same but for rounding
        np.testing.assert_array_equal(found.position, expected[1])
        np.testing.assert_array_equal(found.strand, expected[2])
        value, slope = value_and_slopes(codes, kernel, upstream=upstream, **options)
        np.testing.assert_array_equal(value, found.value)
        np.testing.assert_allclose(slope, gradient, rtol=1e-12, atol=1e-12)


@CASES
def test_both_roads_give_the_same_numbers(alphabet, complement, monkeypatch):
    codes, kernel = sequences(alphabet), kernels(5, alphabet).astype(np.float32)
    options = {"shares": alphabet.shares, "complement": complement}
    upstream = np.random.default_rng(2).normal(size=(len(codes), 3)).astype(np.float32)
    short = value_and_slopes(codes, kernel, upstream=upstream, **options)
    place = places(codes, kernel, **options)
    monkeypatch.setattr(module, "runs_on_cpu", lambda: False)
    long = value_and_slopes(codes, kernel, upstream=upstream, **options)
    for ours, theirs in zip(short, long, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
        assert np.abs(ours).max() > 0.5
    for ours, theirs in zip(place, places(codes, kernel, **options), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n", [1, 5])
def test_the_size_of_the_chunks_is_of_no_account(small_chunks, n, alphabet=DNA):
    codes, kernel = sequences(alphabet)[:n], kernels(4, alphabet).astype(np.float32)
    upstream = np.random.default_rng(2).normal(size=(n, 3)).astype(np.float32)
    value, slope = value_and_slopes(codes, kernel, alphabet.shares, upstream)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SCORE_BYTES", 1 << 30)
        patch.setattr(module, "_WINDOW_BYTES", 1 << 30)
        whole, whole_slope = value_and_slopes(codes, kernel, alphabet.shares, upstream)
    np.testing.assert_allclose(value, whole, rtol=1e-6)
    np.testing.assert_allclose(slope, whole_slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("few", [0, 99], ids=["codes", "images"])
@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=str)
def test_either_way_to_add_up_windows_serves_every_alphabet(alphabet, few, monkeypatch):
    codes, kernel = sequences(alphabet), kernels(6, alphabet).astype(np.float32)
    upstream = np.random.default_rng(2).normal(size=(len(codes), 3)).astype(np.float32)
    expected = by_hand.best_match_gradient(codes, kernel, alphabet.shares, upstream)
    monkeypatch.setattr(module, "_FEW_LETTERS", few)
    slope = slopes(codes, kernel, alphabet.shares, upstream)
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-5)


_found = jax.jit(partial(find_best_match, shares=DNA.shares, complement=COMPLEMENT))
_slopes = jax.jit(
    lambda codes, kernel, upstream: slopes(
        codes, kernel, DNA.shares, upstream, complement=COMPLEMENT
    )
)


@given(
    st.lists(st.lists(st.sampled_from([0, 1, 2, 3, 14]), max_size=6), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(0, 99),
)
def test_of_equal_windows_the_first_wins_and_has_the_gradient(rows, width, seed):
    # few letters and kernels of small whole numbers: ties everywhere, and sums without rounding
    codes = np.full((4, 6), PAD, np.uint8)
    for i, row in enumerate(rows):
        codes[i, : len(row)] = row
    kernel = np.random.default_rng(seed).integers(-1, 2, (width, 4, 2)).astype(np.float32)
    options = {"shares": DNA.shares, "complement": COMPLEMENT}
    expected = by_hand.best_match(codes, kernel, **options)
    for ours, theirs in zip(_found(codes, kernel), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    upstream = np.arange(8, dtype=np.float32).reshape(4, 2) + 1
    np.testing.assert_allclose(
        _slopes(codes, kernel, upstream),
        by_hand.best_match_gradient(codes, kernel, upstream=upstream, **options),
        rtol=1e-6,
    )


def test_padding_never_wins_wherever_it_is():
    codes = DNA.encode("AACCA")[None].copy()
    codes[0, [0, 3]] = PAD
    found = find_best_match(codes, np.zeros((2, 4, 1), np.float32), DNA.shares)
    assert (found.position.item(), found.value.item()) == (1, 0)


def test_a_tie_of_different_windows_is_shared_on_the_plain_way_only(monkeypatch):
    codes, kernel = DNA.encode("ACA")[None], np.zeros((1, 4, 1), np.float32)
    upstream = np.ones((1, 1), np.float32)
    assert slopes(codes, kernel, DNA.shares, upstream).ravel().tolist() == [1, 0, 0, 0]
    monkeypatch.setattr(module, "runs_on_cpu", lambda: False)
    shared = slopes(codes, kernel, DNA.shares, upstream)
    np.testing.assert_allclose(shared.ravel(), [2 / 3, 1 / 3, 0, 0], rtol=1e-6)


def test_equal_windows_and_palindromes_have_one_gradient_either_way(monkeypatch):
    codes = DNA.encode("GGAATTCCAATTG")[None]
    kernel = np.eye(4, dtype=np.float32)[DNA.encode("AATT")][..., None]
    upstream = np.ones((1, 1), np.float32)
    short = slopes(codes, kernel, DNA.shares, upstream, complement=COMPLEMENT)
    monkeypatch.setattr(module, "runs_on_cpu", lambda: False)
    long = slopes(codes, kernel, DNA.shares, upstream, complement=COMPLEMENT)
    np.testing.assert_array_equal(short, kernel)
    np.testing.assert_allclose(short, long, rtol=1e-6)


def test_a_bias_added_to_the_best_has_the_gradient_of_one_added_to_all(monkeypatch):
    codes, kernel = sequences(DNA), jnp.asarray(kernels(5, DNA), jnp.float32)

    def loss(weights):
        best = best_match(codes, weights[0], DNA.shares, complement=COMPLEMENT)
        return jnp.sin(jax.nn.relu(best + weights[1][None, :])).sum()

    bias = jnp.array([-2.0, 0.0, 1.0])
    short = jax.grad(loss)((kernel, bias))
    monkeypatch.setattr(module, "runs_on_cpu", lambda: False)
    long = jax.grad(loss)((kernel, bias))
    for ours, theirs in zip(short, long, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_vmap_jit_and_grad_nest():
    codes = np.stack([sequences(DNA, seed) for seed in range(3)])
    many = jnp.asarray(np.stack([kernels(4, DNA, seed) for seed in range(3)]), jnp.float32)
    upstream = np.random.default_rng(2).normal(size=(3, len(LENGTHS), 3)).astype(np.float32)
    one = partial(slopes, shares=DNA.shares, complement=COMPLEMENT)
    batched = jax.jit(jax.vmap(lambda x, k, u: one(x, k, upstream=u)))(codes, many, upstream)
    alone = [one(x, k, upstream=u) for x, k, u in zip(codes, many, upstream, strict=True)]
    np.testing.assert_allclose(batched, alone, rtol=1e-5, atol=1e-5)
    shared = jax.vmap(lambda k: best_match(codes[0], k, DNA.shares))(many)
    np.testing.assert_allclose(shared[1], best_match(codes[0], many[1], DNA.shares), rtol=1e-6)


def test_rank_and_dtype_promotion_are_explicit_and_no_sequences_are_fine():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        for alphabet in (DNA, PROTEIN):
            kernel = jnp.asarray(kernels(4, alphabet), jnp.float32)
            empty = np.zeros((0, 9), np.uint8)
            assert best_match(empty, kernel, alphabet.shares).shape == (0, 3)
            assert not slopes(empty, kernel, alphabet.shares, np.zeros((0, 3), np.float32)).any()
            found = find_best_match(sequences(alphabet), kernel, alphabet.shares)
            dtypes = [str(part.dtype) for part in found]
            assert dtypes == ["float32", "int32", "int8"]


def test_weights_that_are_no_numbers_stay_so_and_point_into_the_sequence():
    codes, kernel = sequences(DNA), np.full((4, 4, 2), np.nan, np.float32)
    found = find_best_match(codes, kernel, DNA.shares)
    assert np.isnan(found.value).all()
    assert ((found.position >= 0) & (found.position < codes.shape[1] - 3)).all()
    assert slopes(codes, kernel, DNA.shares, np.ones((7, 2), np.float32)).shape == kernel.shape


def test_padding_has_the_code_that_alphabets_give_it():
    assert module._PAD == by_hand.PAD == PAD


def test_misfits_are_one_line_errors():
    codes, kernel = np.zeros((2, 9), np.uint8), np.zeros((3, 4, 1), np.float32)
    for bad in (
        lambda: best_match(codes[0], kernel, DNA.shares),
        lambda: best_match(codes, kernel[..., None], DNA.shares),
        lambda: find_best_match(codes, kernel, PROTEIN.shares),
        lambda: best_match(codes.astype(np.int32), kernel, DNA.shares),
        lambda: best_match(codes, kernel, DNA.shares, complement=(0, 0, 1, 2)),
    ):
        with pytest.raises(SeqcnnError, match="`") as caught:
            bad()
        assert "\n" not in str(caught.value)


def test_no_kernels_are_fine():
    codes = np.zeros((2, 9), np.uint8)
    assert best_match(codes, np.zeros((3, 4, 0), np.float32), DNA.shares).shape == (2, 0)
