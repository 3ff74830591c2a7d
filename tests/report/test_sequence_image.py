import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.nn.conv import conv
from seqcnn.report.sequence_image import _figure, draw_sequence, feature_maps, sequence_pictures
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN


def test_letters_are_white_and_ambiguity_codes_grey():
    codes = np.concatenate([DNA.encode("GNR"), np.array([PAD], np.uint8)])
    found = sequence_pictures(codes[None], DNA.shares)
    assert found.shape == (1, 4, 4, 1) and found.dtype == np.uint8
    assert found[0, :, :, 0].T.tolist() == [
        [0, 0, 255, 0], [64, 64, 64, 64], [128, 0, 128, 0], [0, 0, 0, 0],
    ]  # fmt: skip
    assert sequence_pictures(PROTEIN.encode("W")[None], PROTEIN.shares).shape == (1, 20, 1, 1)


def test_maps_are_sums_over_windows():
    rng = np.random.default_rng(0)
    picture, kernels = rng.random((4, 9)), rng.normal(size=(3, 4, 2))
    found = feature_maps(picture, kernels)
    assert found.shape == (2, 7)
    for k, at in np.ndindex(2, 7):
        window = picture[:, at : at + 3].T
        assert found[k, at] == pytest.approx((window * kernels[..., k]).sum())


def test_a_picture_is_drawn_with_logos_or_kernels(tmp_path):
    picture = sequence_pictures(DNA.encode("ACGTACGT")[None], DNA.shares)[0, :, :, 0] / 255
    kernels = np.random.default_rng(0).normal(size=(3, 4, 2))
    motif = CountMatrix.from_sites(DNA.encode("ACG")[None], DNA).to_probabilities(1.0)
    for motifs in ((), (motif,)):
        draw_sequence(tmp_path / "s.png", "ACGTACGT", picture, kernels, motifs)
        assert (tmp_path / "s.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(SeqcnnError, match="is none of 7 letters in 4 rows"):
        draw_sequence(tmp_path / "s.png", "ACGTACG", picture, kernels)


def test_maps_stand_below_the_letters_that_they_score():
    text = "ACGTACGTACTTGACA" * 2
    picture = sequence_pictures(DNA.encode(text)[None], DNA.shares)[0, :, :, 0] / 255
    kernel = np.eye(4)[DNA.encode("TTGA")][..., None]
    figure = _figure(text, picture, kernel, (), "ACGT")
    figure.draw_without_rendering()
    top, below, motif = figure.axes
    spans = [(axes.get_position().x0, axes.get_position().x1) for axes in (top, below)]
    np.testing.assert_allclose(*spans)
    assert top.get_xlim() == below.get_xlim() == (-0.5, 31.5)
    heights = [bar.get_height() for bar in below.patches[:29]]
    assert int(np.argmax(heights)) == text.index("TTGA") and len(below.patches) == 30
    labels = dict(
        zip(below.get_xticks(), (t.get_text() for t in below.get_xticklabels()), strict=True)
    )
    assert labels[0] == "1" and all(int(text) == place + 1 for place, text in labels.items())
    assert [t.get_text() for t in motif.get_xticklabels()] == ["1", "2", "3", "4"]


def test_convolving_letters_and_their_picture_is_the_same():
    rng = np.random.default_rng(0)
    for alphabet in (DNA, PROTEIN):
        letters = alphabet.size
        codes = rng.integers(0, letters, (2, 12)).astype(np.uint8)
        picture = sequence_pictures(codes, alphabet.shares)[..., 0] / np.float32(255)
        kernels = rng.normal(size=(5, letters, 3)).astype(np.float32)
        image = jnp.asarray(picture.swapaxes(1, 2))
        one = conv(image, jnp.asarray(kernels))
        two = conv(image[..., None], jnp.asarray(kernels[:, :, None]))
        assert jnp.array_equal(one, two[:, :, 0])
        maps = np.stack([feature_maps(rows, kernels) for rows in picture])
        np.testing.assert_allclose(one, maps.swapaxes(1, 2), atol=1e-5)
