import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage

from seqcnn.image.augment import Augment
from seqcnn.image.turn import Disc, disc, turn


def test_turns_by_known_angles_are_those_of_scipy():
    rng = np.random.default_rng(0)
    x = np.round(ndimage.gaussian_filter(rng.random((2, 12, 17, 3)), (0, 1, 1, 0)) * 255)
    x = x.astype(np.uint8)
    found = np.asarray(turn(x, jnp.array([35.0, -110.0])), float)
    for picture, angle, ours in zip(x, (35, -110), found, strict=True):
        theirs = ndimage.rotate(
            picture.astype(float), angle, (1, 0), reshape=False, order=1, mode="grid-constant"
        )
        assert np.abs(ours - theirs).max() <= 0.51


def test_the_disc_is_the_same_however_it_is_turned():
    assert (disc((9, 9)) == np.rot90(disc((9, 9)))).all()
    assert disc((10, 30)).sum() == disc((10, 10)).sum()
    # no place of the disc comes from outside of the picture, so corners tell nothing
    ones = jnp.ones((1, 11, 11, 1))
    for angle in (10.0, 45.0, 77.0):
        turned = np.asarray(turn(ones, jnp.array([angle])))[0, ..., 0]
        assert (turned[disc((11, 11))] > 0.6).all()
    shown = Augment((Disc(),))(ones, jax.random.key(0))
    assert (np.asarray(shown)[0, ..., 0] == disc((11, 11))).all()
