import hashlib
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from seqcnn.errors import SeqcnnError
from seqcnn.image.augment import NAMES, Augment, Mixup, parse_augment
from seqcnn.image.moves import (
    Crop,
    Elastic,
    Flip,
    Move,
    Shift,
    Skew,
    Stretch,
    Turn,
    Turn90,
    Turn180,
    Zoom,
    turn_matrix,
)
from seqcnn.image.pixel_steps import (
    Blur,
    Brightness,
    Contrast,
    CutOut,
    Fragment,
    Gamma,
    Noise,
)
from seqcnn.training.step import JointAugmentation

KEY = jax.random.key(3)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 12, 12, 1), dtype=np.uint8)

MOVES = (
    Turn(40),
    Turn90(),
    Turn180(probability=1),
    Flip(probability=1),
    Flip(-2, probability=1),
    Skew(15),
    Stretch(0.3),
    Zoom(0.3),
    Shift(0.2),
    Crop(0.6),
    Elastic(1.0, 0.3),
)
STEPS = (
    Blur(1.5),
    Noise(0.1),
    Brightness(0.2),
    Contrast(0.3),
    Gamma(0.3),
    Fragment(0.3, probability=1),
    CutOut(0.5, probability=1),
)
NOTHING = (
    Turn(0), Turn180(probability=0), Flip(probability=0), Skew(0), Stretch(0), Zoom(0), Shift(0),
    Crop(1), Elastic(0), Blur(0), Noise(0), Brightness(0), Contrast(0), Gamma(0), Fragment(0),
    CutOut(0), Mixup(0),
)  # fmt: skip


@dataclass(frozen=True)
class To(Move):
    """Turn by just so many degrees."""

    degrees: float

    def matrix(self, space, key):
        angle = jnp.deg2rad(self.degrees)
        return turn_matrix(jnp.cos(angle), jnp.sin(angle), space)


def negative(picture, key):
    return 1 - picture


@pytest.mark.parametrize("move", [*MOVES, None], ids=lambda m: type(m).__name__)
def test_marker_points_of_picture_and_mask_stay_aligned(move):
    steps = MOVES if move is None else (move,)
    rows, columns = np.meshgrid(np.arange(40), np.arange(40), indexing="ij")
    markers = np.stack(
        [((rows - y) ** 2 + (columns - x) ** 2 <= 16) for y, x in ((12, 14), (18, 26), (26, 20))]
    )
    # a channel of the picture for each marker, a number of the mask for each
    picture = np.moveaxis(markers, 0, -1)[None].repeat(8, 0).astype(np.uint8) * 255
    mask = (markers * np.arange(1, 4)[:, None, None]).sum(axis=0)[None].repeat(8, 0)
    x, y = Augment(steps).with_targets(picture, jnp.array(mask, jnp.float32), KEY)
    x, y = np.asarray(x) / 255.0, np.asarray(y)
    assert set(np.unique(y)) <= {0, 1, 2, 3}
    assert (np.asarray(x[0]) != picture[0] / 255).any()
    compared = 0
    for i in range(8):
        for number in (1, 2, 3):
            inner = np.zeros((40, 40), bool)
            inner[1:-1, 1:-1] = True
            if not (y[i] == number).any() or ((y[i] == number) & ~inner).any():
                continue  # some of it has left the picture
            there = ndimage.center_of_mass(x[i, ..., number - 1])
            np.testing.assert_allclose(ndimage.center_of_mass(y[i] == number), there, atol=0.75)
            overlap = x[i, ..., number - 1][y[i] == number].mean()
            assert overlap > 0.8
            compared += 1
    assert compared >= 8


def test_turns_are_anticlockwise_as_numpy_and_scipy_have_them():
    assert (Augment((To(90.0),))(PIXELS, KEY) == np.rot90(PIXELS, axes=(1, 2))).all()
    rng = np.random.default_rng(2)
    floats = ndimage.gaussian_filter(rng.random((1, 15, 15, 1)), (0, 1, 1, 0)).astype(np.float32)
    theirs = ndimage.rotate(floats, 30, (2, 1), reshape=False, order=1, mode="grid-constant")
    ours = Augment((To(30.0),))(jnp.array(floats), KEY)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 12, 12, 1), (2, 5, 8, 3), (2, 3, 4, 5, 1)])
def test_a_half_turn_reverses_both_axes_exactly(shape):
    x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    mask = x[..., 0].astype(np.float32)
    found = Augment((Turn180(probability=1),)).with_targets(x, jnp.array(mask), KEY)
    assert (found[0] == x[..., ::-1, ::-1, :]).all()
    assert (found[1] == mask[..., ::-1, ::-1]).all()


def test_mirrors_and_quarters_are_exact():
    assert (Augment((Flip(probability=1),))(PIXELS, KEY) == PIXELS[:, :, ::-1]).all()
    assert (Augment((Flip(-2, probability=1),))(PIXELS, KEY) == PIXELS[:, ::-1]).all()
    many = np.repeat(PIXELS[:1], 64, axis=0)
    quarters = [np.rot90(PIXELS[0], k) for k in range(4)]
    found = [
        [(picture == quarter).all() for quarter in quarters].index(True)
        for picture in np.asarray(Augment((Turn90(),))(many, KEY))
    ]
    assert np.bincount(found, minlength=4).min() >= 8


def test_several_moves_are_one_warp_in_their_order():
    """Once by the pipeline, once by SciPy, one after the other, on a smooth picture."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(4).random((1, 41, 41, 1)), (0, 4, 4, 0))
    smooth = (smooth - smooth.min()) / np.ptp(smooth)

    @dataclass(frozen=True)
    class Down(Move):
        def matrix(self, space, key):
            return jnp.eye(2, 3).at[0, 2].set(-5.0)

    ours = Augment((To(25.0), Down(), Flip(probability=1)))(jnp.array(smooth, jnp.float32), KEY)
    theirs = ndimage.rotate(smooth, 25, (2, 1), reshape=False, order=3, mode="grid-constant")
    theirs = ndimage.shift(theirs, (0, 5, 0, 0), order=1)[:, :, ::-1]
    inner = (slice(None), slice(14, 32), slice(9, 32))
    np.testing.assert_allclose(ours[inner], theirs[inner], atol=0.01)


def test_an_elastic_step_joins_the_moves_around_it():
    steps = (Flip(probability=1), Elastic(1.0), To(90.0))
    x = jnp.array(PIXELS, jnp.float32) / 255
    ours = Augment(steps, edges="reflect")(x, KEY)
    # the field of the second step, as the pipeline draws it
    keys = [jax.random.fold_in(jax.random.fold_in(KEY, i), 1) for i in range(3)]
    fields = [np.asarray(steps[1].field((12, 12), jax.random.fold_in(key, 1))) for key in keys]
    at = np.stack(np.meshgrid(*[np.arange(12) - 5.5] * 2, indexing="ij"))
    for picture, field, found in zip(PIXELS[..., 0] / 255, fields, ours[..., 0], strict=True):
        row, column = np.stack([at[1], -at[0]]) + field
        places = [row + 5.5, 5.5 - column]
        theirs = ndimage.map_coordinates(picture, places, order=1, mode="reflect")
        np.testing.assert_allclose(found, theirs, atol=1e-4)


def test_elastic_moves_have_the_size_asked_for():
    step = Elastic(2.0, 0.2)
    fields = jax.vmap(lambda key: step.field((9, 16), key))(jax.random.split(KEY, 800))
    np.testing.assert_allclose(fields.std(axis=0), 2.0, rtol=0.15)
    steps = jnp.diff(fields, axis=-1)
    assert float(steps.std()) < 1.0  # neighbours are alike


@pytest.mark.parametrize("sigma", [0.4, 1.3])
def test_a_blur_is_that_of_scipy(sigma):
    x = PIXELS.astype(np.float32) / 255
    ours = Augment((Blur(sigma, sigma),))(x, KEY)
    radius = int(np.ceil(4 * sigma))
    theirs = ndimage.gaussian_filter(x, (0, sigma, sigma, 0), radius=(0, radius, radius, 0))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_values_are_changed_as_numpy_changes_them():
    x = jnp.array(PIXELS, jnp.float32) / 255
    inner = np.asarray(x[0])
    lighter = np.asarray(Augment((Brightness(0.2),))(x, KEY))[0] - inner
    assert np.ptp(lighter) < 1e-5
    assert 0 < abs(lighter.mean()) < 0.2
    stronger = np.asarray(Augment((Contrast(0.5),))(x, KEY))[0]
    factor = stronger.std() / inner.std()
    np.testing.assert_allclose(stronger, inner.mean() + (inner - inner.mean()) * factor, atol=1e-5)
    assert 1 / 1.5 < factor < 1.5
    curved = np.asarray(Augment((Gamma(0.5),))(x, KEY))[0]
    between = (inner > 0.05) & (inner < 0.95)
    powers = np.log(curved[between]) / np.log(inner[between])
    assert np.ptp(powers) < 1e-3
    assert 1 / 1.5 < powers.mean() < 1.5
    many = jnp.full((400, 6, 6, 1), 0.5)
    noisy = np.asarray(Augment((Noise(0.2),))(many, KEY))
    # a standard deviation even between 0 and .2: mean .1, mean square .04 / 3
    assert abs(noisy.std(axis=(1, 2, 3)).mean() - 0.1) < 0.01
    assert abs(noisy.var() - 0.04 / 3) < 0.002


def test_tiles_and_boxes_are_lost():
    ones = jnp.ones((200, 16, 16, 1))
    lost = 1 - np.asarray(Augment((Fragment(0.3, 4, probability=1),))(ones, KEY))[..., 0]
    assert abs(lost.mean() - 0.3) < 0.03
    # tiles of 4 x 4: a row changes at most five times
    assert (np.abs(np.diff(lost, axis=2)).sum(axis=2) <= 5).all()
    boxes = 1 - np.asarray(Augment((CutOut(0.5, probability=1),))(ones, KEY))[..., 0]
    assert boxes.sum(axis=(1, 2)).max() == 64
    for box in boxes:
        rows, columns = np.nonzero(box.any(axis=1))[0], np.nonzero(box.any(axis=0))[0]
        assert box.sum() == np.ptp(rows[[0, -1]] + [0, 1]) * np.ptp(columns[[0, -1]] + [0, 1])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "float32", "float16"])
def test_no_strength_changes_nothing_and_dtypes_stay(dtype):
    whole = np.dtype(dtype).kind in "bu"
    x = PIXELS > 99 if dtype == "bool" else PIXELS.astype(dtype) * (257 if dtype == "uint16" else 1)
    x = x if whole else (PIXELS / 255).astype(dtype)
    found = Augment(NOTHING)(x, KEY)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, x, atol=0 if whole else 1e-6)
    changed = Augment((Turn(90), Noise(0.2), Brightness(0.9)))(x, KEY)
    assert changed.dtype == x.dtype
    assert (np.asarray(changed) != x).any()


def test_keys_decide_and_pictures_have_their_own():
    plan = Augment((Turn(40), Stretch(0.2), Flip(), Noise(), Fragment()))
    many = np.repeat(PIXELS[:1], 4, axis=0)
    first = np.asarray(plan(many, KEY))
    assert (plan(many, KEY) == first).all()
    assert (np.asarray(plan(many, jax.random.key(4))) != first).any()
    assert len({hashlib.sha256(np.ascontiguousarray(p)).digest() for p in first}) == 4
    # the same picture alone, and first in a batch
    np.testing.assert_allclose(plan(many[:1], KEY)[0].astype(int), first[0].astype(int), atol=1)


def test_compiled_and_step_by_step_are_the_same():
    plan = Augment((Turn(40), Noise()))
    x = jnp.array(PIXELS, jnp.float32) / 255
    compiled = plan.with_targets(x, x[..., 0], KEY)
    with jax.disable_jit():
        eager = plan.with_targets(x, x[..., 0], KEY)
    assert float(jnp.abs(compiled[0] - eager[0]).max()) < 1e-3
    assert float((compiled[1] != eager[1]).mean()) < 0.01


def test_a_chance_is_kept():
    many = np.repeat(PIXELS[:1], 400, axis=0)
    found = np.asarray(Augment((Flip(probability=0.25),))(many, KEY))
    assert 0.18 < (found == PIXELS[:1, :, ::-1]).all(axis=(1, 2, 3)).mean() < 0.32


def test_steps_of_users_are_welcome():
    assert (Augment((negative,))(PIXELS, KEY) == 255 - PIXELS).all()

    @dataclass(frozen=True)
    class Dark:
        probability: float = 0.5

        def __call__(self, picture, key):
            return 0 * picture

    found = np.asarray(Augment((Dark(),))(np.repeat(PIXELS[:1], 100, axis=0), KEY))
    assert 30 < (found == 0).all(axis=(1, 2, 3)).sum() < 70
    with pytest.raises(SeqcnnError, match="it must keep their shape"):
        Augment((lambda picture, key: picture[1:],))(PIXELS, KEY)


@pytest.mark.parametrize("kind", ["sin_cos", "degrees"])
def test_angles_turn_with_their_pictures(kind):
    def moved(step, degrees):
        angle = np.deg2rad(degrees)
        given = [[np.sin(angle), np.cos(angle)]] if kind == "sin_cos" else [[degrees]]
        targets = jnp.array(given * 3, jnp.float32)
        found = Augment((step,), target=kind).with_targets(PIXELS, targets, KEY)[1][0]
        return np.rad2deg(np.arctan2(*found)) if kind == "sin_cos" else float(found[0])

    assert moved(To(30.0), 50) == pytest.approx(80, abs=1e-3)
    assert moved(To(170.0), 50) == pytest.approx(-140, abs=1e-3)
    assert moved(Flip(probability=1), 50) == pytest.approx(-50, abs=1e-3)
    if kind == "degrees":
        return
    assert moved(Flip(-2, probability=1), 50) == pytest.approx(130, abs=1e-3)
    assert moved(Zoom(0.4), 50) == pytest.approx(50, abs=1e-3)
    # a marker line is drawn, turned and measured
    line = np.zeros((1, 31, 31, 1), np.float32)
    line[0, :16, 15] = 1
    turned, angle = Augment((Turn(180),), target="degrees").with_targets(
        jnp.array(line), jnp.zeros((1, 1)), KEY
    )
    row, column = ndimage.center_of_mass(np.asarray(turned[0, ..., 0]))
    seen = np.rad2deg(np.arctan2(-(column - 15), -(row - 15)))
    assert seen == pytest.approx(float(angle[0, 0]), abs=2)


def test_mixup_mixes_pictures_and_shares_alike():
    x = jnp.arange(50, dtype=jnp.float32).reshape(50, 1, 1, 1) + jnp.zeros((50, 4, 4, 1))
    numbers = (jnp.arange(50) % 3).astype(jnp.float32)[:, None]
    plan = Augment((Mixup(1.0),), target="shares", classes=3)
    mixed, shares = plan.with_targets(x, numbers, KEY)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    own = np.asarray(shares[jnp.arange(50), jnp.arange(50) % 3])
    assert own.min() >= 0.5
    assert own.min() < 0.8
    # the same shares, of numbers in place of labels
    same, levels = Augment((Mixup(1.0),), target="shares").with_targets(x, x[:, 0, 0], KEY)
    np.testing.assert_allclose(same, mixed)
    np.testing.assert_allclose(levels, same[:, 0, 0], atol=1e-5)
    with pytest.raises(SeqcnnError, match="mixup mixes shares of classes, not labels"):
        Augment((Mixup(),)).with_targets(x, numbers, KEY)


def test_labels_and_shares_are_left_alone_by_moves():
    labels = jnp.array([[1.0], [jnp.nan], [3]])
    for plan in (Augment((Turn(9),)), Augment((Turn(9),), target="shares")):
        np.testing.assert_array_equal(plan.with_targets(PIXELS, labels, KEY)[1], labels)


def test_training_takes_it_and_it_compares_by_value():
    assert isinstance(Augment((Turn(),)), JointAugmentation)
    assert Augment((Turn(3), Flip())) == Augment((Turn(3), Flip()))
    assert hash(Augment((Turn(3), Flip()))) == hash(Augment((Turn(3), Flip())))
    assert Augment((Turn(3),)) != Augment((Turn(4),))


def test_signals_and_volumes():
    signal = np.arange(24, dtype=np.uint8).reshape(2, 12, 1)
    assert (Augment((Flip(probability=1),))(signal, KEY) == signal[:, ::-1]).all()
    with pytest.raises(SeqcnnError, match="one axis cannot be turned"):
        Augment((Turn(),))(signal, KEY)
    with pytest.raises(SeqcnnError, match="have no axis -2"):
        Augment((Flip(-2),))(signal, KEY)
    volume = np.random.default_rng(0).random((2, 5, 6, 7, 1)).astype(np.float32)
    plan = Augment((To(90.0), Shift(0.2), Elastic(), Blur(0.3), Fragment(), CutOut()))
    assert plan(volume, KEY).shape == volume.shape
    square = volume[:, :, :, :6]
    found = Augment((To(90.0),))(square, KEY)
    np.testing.assert_allclose(found, np.rot90(square, axes=(2, 3)), atol=1e-5)


def test_a_text_names_steps():
    plan = parse_augment(" turn:30, flip,noise:0.1@0.5,turn180,edges:reflect", target="mask")
    assert plan == Augment(
        (Turn(30.0), Flip(), Noise(0.1, probability=0.5), Turn180()), "mask", edges="reflect"
    )
    assert len(parse_augment(",".join(NAMES)).steps) == len(NAMES)
    assert parse_augment("flip_vertical").steps == (Flip(-2),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no step of augmentation in ''"),
        ("spin:3", "no step of augmentation is called 'spin': choose of turn, turn90"),
        ("turn:x", "'x' in 'turn:x' is no number"),
        ("turn:-3", "'-3' in 'turn:-3' is no number of 0 or more"),
        ("turn:nan", "'nan' in 'turn:nan' is no number"),
        ("flip:1", "'flip' takes no number, but a chance"),
        ("flip@2", "in 'flip@2': `probability` must lie between 0 and 1, not 2.0"),
        ("crop:0", "in 'crop:0': the share that a crop leaves must be above 0"),
        ("cutout:2", "in 'cutout:2': the share that is cut out must be 0 to 1"),
        ("flip,edges:wrap", "`edges` is 'wrap'"),
    ],
)
def test_a_wrong_text_is_explained(text, complaint):
    with pytest.raises(SeqcnnError) as caught:
        parse_augment(text)
    assert complaint in str(caught.value)


def test_wrong_targets_are_refused():
    with pytest.raises(SeqcnnError, match="`target` is 'masks', it must be one of labels"):
        Augment((), target="masks")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SeqcnnError, match=r"targets \(3, 5, 5\) are no mask of pictures"):
        Augment((Turn(),), target="mask").with_targets(PIXELS, jnp.zeros((3, 5, 5)), KEY)
    with pytest.raises(SeqcnnError, match=r"targets \(3, 1\) are no sin_cos"):
        Augment((Turn(),), target="sin_cos").with_targets(PIXELS, jnp.zeros((3, 1)), KEY)
    with pytest.raises(SeqcnnError, match="pixels must be bool, uint8, uint16 or float"):
        Augment((Turn(),))(PIXELS.astype(np.int32), KEY)
