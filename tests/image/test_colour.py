"""Colour spaces against `colorsys`, published values and the formulas in NumPy."""

import colorsys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.image.colour import hsv_to_rgb, lab_to_rgb, rgb_to_grey, rgb_to_hsv, rgb_to_lab

STEPS = np.array([0, 1, 51, 127, 128, 254, 255]) / 255
COLOURS = np.stack(np.meshgrid(STEPS, STEPS, STEPS), -1).reshape(-1, 3).astype(np.float32)


def test_hsv_is_that_of_colorsys():
    wanted = np.array([colorsys.rgb_to_hsv(*map(float, c)) for c in COLOURS])
    found = np.array(jax.jit(rgb_to_hsv)(COLOURS))
    turn = abs(found[:, 0] - wanted[:, 0])
    assert np.minimum(turn, 1 - turn).max() < 1e-6
    np.testing.assert_allclose(found[:, 1:], wanted[:, 1:], atol=1e-6)
    np.testing.assert_allclose(jax.jit(hsv_to_rgb)(found), COLOURS, atol=1e-6)
    angles = np.random.default_rng(0).random((200, 3)).astype(np.float32)
    back = np.array([colorsys.hsv_to_rgb(*map(float, c)) for c in angles])
    np.testing.assert_allclose(jax.jit(hsv_to_rgb)(angles), back, atol=2e-6)
    whole_turns = angles + np.array([3, 0, 0], np.float32)
    np.testing.assert_allclose(jax.jit(hsv_to_rgb)(whole_turns), back, atol=1e-5)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    # sRGB's corners and mid grey under D65, as colour science tables list them
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
        ((1, 1, 0), (97.1393, -21.5537, 94.4780)),
        ((0, 1, 1), (91.1132, -48.0875, -14.1312)),
        ((1, 0, 1), (60.3242, 98.2343, -60.8249)),
        ((0.5, 0.5, 0.5), (53.3890, 0, 0)),
    ],
)
def test_lab_has_the_published_values(rgb, lab):
    np.testing.assert_allclose(jax.jit(rgb_to_lab)(jnp.array(rgb, jnp.float32)), lab, atol=0.01)


def lab_by_the_formula(rgb: np.ndarray) -> np.ndarray:
    """CIE 15:2004, section 8.2.1, on IEC 61966-2-1, in float64 and one colour at a time."""
    out = []
    for colour in rgb.astype(np.float64):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                  [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip
        xyz = np.array(matrix) @ linear / [0.95047, 1, 1.08883]
        f = [t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in xyz]
        out.append([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
    return np.array(out)


def test_lab_follows_the_formula_and_comes_back():
    found = jax.jit(rgb_to_lab)(COLOURS)
    np.testing.assert_allclose(found, lab_by_the_formula(COLOURS), atol=2e-4)
    np.testing.assert_allclose(jax.jit(lab_to_rgb)(found), COLOURS, atol=2e-5)
    outside = jax.jit(lab_to_rgb)(jnp.array([50.0, 120.0, -120.0]))
    assert 0 <= float(outside.min()) and float(outside.max()) <= 1


def test_gradients_are_finite_at_black_white_and_grey():
    edges = jnp.array([[0.0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0]])
    every = (rgb_to_hsv, rgb_to_lab, hsv_to_rgb, lab_to_rgb)

    @jax.jit
    def gradients(x: jax.Array) -> list[jax.Array]:
        return [jax.grad(lambda x, f=f: f(x).sum())(x) for f in every]

    assert all(bool(jnp.isfinite(g).all()) for g in gradients(edges))


def test_grey_is_weighed():
    grey = rgb_to_grey(jnp.array(COLOURS))
    np.testing.assert_allclose(grey[:, 0], COLOURS @ [0.299, 0.587, 0.114], atol=1e-6)
    screen = rgb_to_grey(jnp.array(COLOURS), "bt709")
    np.testing.assert_allclose(screen[:, 0], COLOURS @ [0.2126, 0.7152, 0.0722], atol=1e-6)


def test_what_is_no_colour_is_refused():
    for wrong in (jnp.zeros((2, 4)), jnp.zeros((2, 3), jnp.uint8)):
        with pytest.raises(SeqcnnError, match="colours are floats"):
            rgb_to_hsv(wrong)
    with pytest.raises(SeqcnnError, match="'bt601' or 'bt709'"):
        rgb_to_grey(jnp.zeros((2, 3)), "bt2020")  # type: ignore[arg-type]
