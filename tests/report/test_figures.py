"""Figures: numbers read back from the drawing are those that went in."""

import re

import numpy as np
import pytest

from seqcnn.report.figures import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axes,
    Line,
    Points,
    Steps,
    axes_around,
    plot,
)

AXES = Axes("x", "y", (0.0, 10.0), (0.0, 2.0))


def back(text):
    """Turn the places of a drawing into numbers of `AXES`."""
    pairs = np.array([[float(v) for v in pair.split(",")] for pair in text.split()])
    x = (pairs[:, 0] - LEFT) / (WIDTH - LEFT - RIGHT) * 10
    y = (HEIGHT - BOTTOM - pairs[:, 1]) / (HEIGHT - BOTTOM - TOP) * 2
    return x, y


def test_a_line_with_its_band():
    x, y = np.array([0.0, 4.0, 10.0]), np.array([0.5, 2.0, 1.0])
    svg = plot([Line("a", x, y, y - 0.4, y)], AXES, label="")
    drawn = back(re.search(r'class="line series-0" points="([^"]+)"', svg)[1])
    np.testing.assert_allclose(drawn, (x, y), atol=0.02)
    band = back(re.search(r'class="band series-0" points="([^"]+)"', svg)[1])
    np.testing.assert_allclose(band[1], [*y, *(y - 0.4)[::-1]], atol=0.02)


def test_a_histogram_is_flat_between_its_edges():
    svg = plot([Line("z", [0], [0]), Steps("b", [0, 5, 10], [1.0, 2.0])], AXES, label="")
    x, y = back(re.search(r'class="line series-1" points="([^"]+)"', svg)[1])
    np.testing.assert_allclose(x, [0, 5, 5, 10], atol=0.05)
    np.testing.assert_allclose(y, [1, 1, 2, 2], atol=0.02)


def test_points_have_intervals():
    svg = plot([Points("p", [5], [1.0], [0.5], [1.5])], AXES, label="")
    a, foot, top = map(float, re.search(r'd="M([\d.]+) ([\d.]+)V([\d.]+)"', svg).groups())
    x, y = back(f"{a},{foot} {a},{top}")
    np.testing.assert_allclose((x[0], *y), (5, 0.5, 1.5), atol=0.03)


def test_words_are_text_and_nothing_is_styled_inline():
    svg = plot([Line("<b>", [0, 1], [0, 1])], AXES, label='"><img onerror=x>')
    assert "<b>" not in svg and "<img" not in svg and "style=" not in svg


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [0.03, 0.7], [1234.0]])
def test_axes_hold_all_values(values):
    axes = axes_around("", "", values, values)
    assert axes.x[0] < axes.x[1] and axes.y[0] < axes.y[1]
    assert all(axes.y[0] <= v <= axes.y[1] for v in values)
