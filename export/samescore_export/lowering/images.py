"""The lowering of ``sklearn.feature_extraction.image``: patches, several rows for one (decision 0013)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.image import PatchExtractor

from samescore_export.operations.numeric import as_doubles, floats
from samescore_export.operations.rearranging import rearranged
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table

#: The most elements of all patches of an image: each is an index in the file.
MOST_ELEMENTS = 2**19


def _patch_places(height: int, width: int, channels: int, size: tuple[int, int]) -> NDArray[np.int64]:
    """(patches, elements of one): where each patch's elements are in an image, row-major; patches from left to right, then down."""
    places = np.arange(height * width * channels, dtype=np.int64).reshape(height, width, channels)
    windows = np.lib.stride_tricks.sliding_window_view(places, (*size, channels))
    return windows.reshape(-1, size[0] * size[1] * channels)


def lower_patch_extractor(estimator: PatchExtractor, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """PatchExtractor: all patches of each image. Drawn ones hang on an image's place in the batch, and are refused."""
    x = as_doubles(scope.graph, floats(scope, inputs, estimator))
    if x.axes is None or len(x.axes) not in (2, 3):
        raise scope.refuse(
            "PatchExtractor over rows that are no images", "an array (rows, height, width) or one axis more"
        )
    height, width, channels = (*x.axes, 1)[:3]
    size = estimator.patch_size or (height // 10, width // 10)
    if not (0 < size[0] <= height and 0 < size[1] <= width):
        raise scope.refuse(
            f"patches of {size} in images of {height} by {width}", "patches that fit, of one pixel at least"
        )
    places = _patch_places(height, width, channels, size)
    limit = estimator.max_patches
    if limit is not None:
        if len(places) > 1:
            raise scope.refuse(
                f"PatchExtractor(max_patches={limit!r}): positions drawn for an image hang on its place in the batch",
                "max_patches=None, or images of the size of a patch",
            )
        # The one position there is, as scikit-learn draws it; a share of one patch is rounded down to none.
        if limit < 1:
            raise scope.refuse(f"PatchExtractor(max_patches={limit!r}): no patch of one", "max_patches=None")
    if places.size > MOST_ELEMENTS:
        raise scope.refuse(f"{places.size} elements of patches in an image", f"at most {MOST_ELEMENTS}")
    axes = size if channels == 1 else (*size, channels)
    return Lowered(replace(rearranged(scope, x, places.ravel(), len(places), axes), integers=False))


LOWERINGS = {PatchExtractor: lower_patch_extractor}
