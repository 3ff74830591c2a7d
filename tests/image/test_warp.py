import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from seqcnn.errors import SeqcnnError
from seqcnn.image.warp import affine_places, sample

MODES = {"zero": "grid-constant", "reflect": "reflect", "edge": "nearest"}
"""What SciPy calls our edges."""


def wild(rank, rng):
    return np.eye(rank, rank + 1) + rng.normal(scale=0.4, size=(rank, rank + 1))


@pytest.mark.parametrize("edges", MODES)
@pytest.mark.parametrize("space", [(7, 10), (4, 5, 6)])
def test_a_warp_is_that_of_scipy(edges, space):
    rng = np.random.default_rng(1)
    x = rng.random((2, *space, 2)).astype(np.float32)
    matrices = np.array([wild(len(space), rng) for _ in x], np.float32)
    found = sample(jnp.array(x), affine_places(jnp.array(matrices), space), edges=edges)
    for picture, matrix, ours in zip(x, matrices.astype(float), found, strict=True):
        middle = (np.array(space) - 1) / 2
        offset = middle - matrix[:, :-1] @ middle + matrix[:, -1]
        for channel in range(2):
            theirs = ndimage.affine_transform(
                picture[..., channel], matrix[:, :-1], offset, order=1, mode=MODES[edges]
            )
            np.testing.assert_allclose(ours[..., channel], theirs, atol=2e-5)


def test_the_nearest_pixel_is_taken_whole():
    x = jnp.arange(5)[None, :, None]
    places = jnp.array([[[-2.4, -0.6, 0.4, 1.6, 2.6]]])
    assert sample(x, places, order="nearest").ravel().tolist() == [0, 1, 2, 4, 0]
    assert sample(x, places, order="nearest", edges="edge").ravel().tolist() == [0, 1, 2, 4, 4]


def test_places_far_outside_do_not_overflow():
    x = jnp.ones((1, 4, 1))
    far = jnp.array([[[-1e30, 1e30]]])
    assert sample(x, far).ravel().tolist() == [0, 0]
    assert sample(x, far, edges="reflect").ravel().tolist() == [1, 1]


def test_unknown_words_are_refused():
    x = jnp.ones((1, 4, 1))
    with pytest.raises(SeqcnnError, match="`edges` is 'wrap', it must be one of zero, reflect"):
        sample(x, jnp.zeros((1, 1, 2)), edges="wrap")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SeqcnnError, match="`order` is 'cubic', it must be one of linear"):
        sample(x, jnp.zeros((1, 1, 2)), order="cubic")  # pyright: ignore[reportArgumentType]
