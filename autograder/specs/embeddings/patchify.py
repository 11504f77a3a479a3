"""What `embeddings.patchify` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import embeddings as reference


def numbered_images(draw: Draw) -> list[Call]:
    return [
        Call((torch.arange(8).view(1, 1, 2, 4), 2), tries="two patches side by side"),
        Call((torch.arange(8).view(1, 1, 4, 2), 2), tries="two patches, one above the other"),
        Call((torch.arange(36.0).view(1, 1, 6, 6), 3), tries="four patches of 3 by 3"),
        Call((torch.arange(6).view(1, 1, 2, 3), 1), tries="patches of one pixel"),
        Call((draw.normal(1, 1, 8, 8), 8), tries="one patch, the whole image"),
    ]


def images_with_channels(draw: Draw) -> list[Call]:
    batch, channels, rows, columns, size = draw.sizes(5, 2, 7)
    images = draw.normal(batch, channels, rows * size, columns * size)
    square = draw.normal(2, 2, 4, 4)
    return [
        Call((images, size), tries="a batch of images with channels, all sizes unequal"),
        Call((square, 2), tries="all sizes 2"),
        Call((draw.scattered(images), size), tries="scattered in memory"),
        Call((draw.integers(0, 255, 2, 3, 4, 6), 2), tries="integers"),
        Call((draw.normal(*images.shape, dtype=torch.float64), size), tries="float64"),
    ]


def images_without_whole_patches(draw: Draw) -> list[Call]:
    size = draw.integer(3, 5)
    return [
        Call((draw.normal(1, 2, 2 * size, 3 * size + 1), size), tries="a width that does not fit"),
        Call((draw.normal(1, 2, 2 * size - 1, 3 * size), size), tries="a height that does not fit"),
        Call((draw.normal(1, 1, size, 2 * size), size), tries="a size that fits"),
        Call((draw.normal(1, 1, 2 * size, size // 2 * 3), 2 * size), tries="a patch too large"),
        # as many pixels as whole patches would have
        Call((draw.normal(1, 1, 2, 8), 4), tries="a height smaller than a patch"),
    ]


patchify = Exercise(
    "embeddings.patchify",
    parts=[
        Part("gray images", 1, numbered_images, Same(), public=True),
        Part("channels", 1, images_with_channels, Same()),
        Part("no whole patches", 1, images_without_whole_patches, Same()),
    ],
    forbidden=("unfold", "Unfold", "im2col", "pixel_unshuffle", "PixelUnshuffle"),
)


def checked(images, patch_size):
    """Refuse what the contract refuses."""
    if images.shape[2] % patch_size or images.shape[3] % patch_size:
        raise ValueError("no whole patches")
    return (*images.shape, images.shape[2] // patch_size, images.shape[3] // patch_size)


@patchify.misconception(
    "The pixels are only counted off, so a patch holds pixels of one row of the image. `reshape` "
    "alone cannot cut squares: separate rows and columns of patches first, then reorder."
)
def patchify_by_reshape(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    return images.reshape(batch, rows * columns, channels * patch_size**2)


@patchify.misconception(
    "Patches are in order of columns; reading order goes row by row, from the left."
)
def patchify_column_by_column(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 4, 2, 1, 3, 5).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "Each patch is transposed: its pixels are in order of columns, not of rows."
)
def patchify_transposed(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 2, 4, 1, 5, 3).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "The channels of a pixel stand side by side; all pixels of the first channel come first, then "
    "those of the second."
)
def patchify_channels_last(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 2, 4, 3, 5, 1).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "Each channel has patches of its own; one patch holds the pixels of all channels."
)
def patchify_channel_by_channel(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 1, 2, 4, 3, 5).reshape(batch, channels * rows * columns, -1)


@patchify.misconception(
    "Pixels are taken with a stride, so that a patch is a coarse copy of the whole image; a patch "
    "is a square of neighboring pixels."
)
def patchify_with_a_stride(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, patch_size, rows, patch_size, columns)
    return grid.permute(0, 3, 5, 1, 2, 4).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "What does not fill a patch is cut off; height or width that does not fit is a ValueError."
)
def patchify_cuts_off(images, patch_size):
    rows, columns = images.shape[2] // patch_size, images.shape[3] // patch_size
    images = images[:, :, : rows * patch_size, : columns * patch_size]
    return reference.patchify(images, patch_size)


@patchify.misconception(
    "The patches are kept as squares, (channels, size, size); each is to be one vector."
)
def patchify_squares(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    grid = grid.permute(0, 2, 4, 1, 3, 5)
    return grid.reshape(batch, rows * columns, channels, patch_size, patch_size)


@patchify.alternative
def patchify_by_unfold(images, patch_size):
    checked(images, patch_size)
    pieces = images.unfold(2, patch_size, patch_size).unfold(3, patch_size, patch_size)
    return pieces.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


@patchify.alternative
def patchify_by_loops(images, patch_size):
    *_, rows, columns = checked(images, patch_size)
    patches = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * patch_size, column * patch_size
            patch = images[:, :, top : top + patch_size, left : left + patch_size]
            patches.append(patch.flatten(1))
    return torch.stack(patches, dim=1)


@patchify.alternative
def patchify_by_splitting(images, patch_size):
    checked(images, patch_size)
    rows = images.split(patch_size, dim=2)
    squares = [square for row in rows for square in row.split(patch_size, dim=3)]
    return torch.stack([square.reshape(len(images), -1) for square in squares], 1)
