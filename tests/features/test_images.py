"""Pictures of features: like looks alike, unlike differs, whatever the order and the size."""

import numpy as np
import pytest
from skimage.util import view_as_blocks

from tratteggio.errors import BadUsage
from tratteggio.features import cluster_picture, pictures, principal_picture

RNG = np.random.default_rng(0)


def four_fields(noise: float = 0.01) -> np.ndarray:
    """Four quarters of 20 x 30, each with features of its own."""
    centres = RNG.normal(size=(2, 2, 12))
    z = centres.repeat(20, 0).repeat(30, 1)
    return (z + noise * RNG.normal(size=z.shape)).astype(np.float32)


def test_fields_that_differ_get_colours_that_differ() -> None:
    z = four_fields()
    for picture in (principal_picture(z), cluster_picture(z, count=4)):
        assert (picture.shape, picture.dtype) == ((40, 60, 3), np.uint8)
        fields = view_as_blocks(picture, (20, 30, 3)).reshape(4, -1, 3).astype(float)
        means = fields.mean(axis=1)
        apart = np.linalg.norm(means[:, None] - means, axis=-1)[np.triu_indices(4, 1)]
        assert apart.min() > 10 * np.linalg.norm(fields.std(axis=1), axis=1).max()


def test_clusters_are_those_that_are_there_and_the_largest_has_the_first_colour() -> None:
    z = np.zeros((30, 30, 5))
    z[:10] = 3
    z[10:13] = -4
    picture = cluster_picture(z, count=3)
    first, second, third = pictures._colours(3)
    assert (picture[13:] == first).all()
    assert (picture[:10] == second).all()
    assert (picture[10:13] == third).all()
    assert len(np.unique(cluster_picture(z, count=8).reshape(-1, 3), axis=0)) == 3


def test_axes_are_those_of_the_singular_vectors() -> None:
    z = RNG.normal(size=(25, 20, 6)) * [5, 1, 3, 0.1, 0.2, 2]
    flat = z.reshape(-1, 6) - z.reshape(-1, 6).mean(0)
    along = flat @ np.linalg.svd(flat)[2][:3].T
    shade = principal_picture(z).reshape(-1, 3).astype(float)
    for axis in range(3):
        inside = (shade[:, axis] > 0) & (shade[:, axis] < 255)
        assert abs(np.corrcoef(along[inside, axis], shade[inside, axis])[0, 1]) > 0.9999


def test_bands_and_seeds_change_nothing(monkeypatch) -> None:
    z = four_fields(0.5)
    whole = principal_picture(z), cluster_picture(z, seed=3)
    monkeypatch.setattr(pictures, "BAND", 7)
    assert all(
        np.array_equal(*pair)
        for pair in zip(whole, (principal_picture(z), cluster_picture(z, seed=3)), strict=True)
    )


def test_a_sample_of_a_large_field_tells_the_same_axes(monkeypatch) -> None:
    z = RNG.normal(size=(60, 80, 6)) * [5, 1, 3, 0.1, 0.2, 2]
    whole = principal_picture(z).astype(int)
    monkeypatch.setattr(pictures, "SAMPLE", 600)
    assert np.abs(principal_picture(z).astype(int) - whole).mean() < 15


@pytest.mark.parametrize("channels", [1, 2, 80])
def test_features_that_do_not_vary_are_grey(channels: int) -> None:
    assert (principal_picture(np.full((5, 6, channels), 0.3, np.float32)) == 128).all()
    assert len(np.unique(cluster_picture(np.full((5, 6, channels), 0.3)).reshape(-1, 3), axis=0)) == 1


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(BadUsage, match=r"features are \(h, w, channels\), got \(5, 6\)"):
        principal_picture(np.zeros((5, 6)))
    with pytest.raises(BadUsage, match="2 to 64 clusters, got 1"):
        cluster_picture(np.zeros((5, 6, 3)), count=1)
