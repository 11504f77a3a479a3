"""Further solutions to `embeddings.patchify`, right and wrong."""

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import embeddings as reference


def right__view_and_transpose(images, patch_size):
    b, c, h, w = images.shape
    if h % patch_size != 0 or w % patch_size != 0:
        raise ValueError("patch_size must divide the image")
    x = images.reshape(b, c, h // patch_size, patch_size, w // patch_size, patch_size)
    x = x.transpose(3, 4)  # b c rows columns size size
    x = x.flatten(2, 3).transpose(1, 2)
    return x.flatten(2)


def right__torch_unfold(images, patch_size):
    if images.size(2) % patch_size or images.size(3) % patch_size:
        raise ValueError("no")
    columns = F.unfold(images.double(), kernel_size=patch_size, stride=patch_size)
    return columns.mT.to(images.dtype)


def right__assigning(images, patch_size):
    batch, channels, height, width = images.shape
    if height // patch_size * patch_size != height or width // patch_size * patch_size != width:
        raise ValueError("no whole patches")
    across = width // patch_size
    shape = (batch, height // patch_size * across, channels * patch_size * patch_size)
    out = torch.zeros(shape, dtype=images.dtype)
    for n in range(shape[1]):
        top, left = n // across * patch_size, n % across * patch_size
        out[:, n] = images[:, :, top : top + patch_size, left : left + patch_size].reshape(
            batch, -1
        )
    return out


def right__table_of_indices(images, patch_size):
    batch, channels, height, width = images.shape
    if height % patch_size or width % patch_size:
        raise ValueError("no whole patches")
    pixel = torch.arange(height * width)
    pixel = pixel.view(height // patch_size, patch_size, width // patch_size, patch_size)
    pixel = pixel.transpose(1, 2).reshape(-1, patch_size**2)
    return images.reshape(batch, channels, -1)[:, :, pixel].transpose(1, 2).flatten(2)


def wrong__mirrored_patches(images, patch_size):
    return reference.patchify(images, patch_size).flip(-1)


def wrong__overlapping(images, patch_size):
    reference.patchify(images, patch_size)
    return F.unfold(images.double(), patch_size).transpose(1, 2).to(images.dtype)


def wrong__pixels_before_patches(images, patch_size):
    return reference.patchify(images, patch_size).transpose(1, 2)


def wrong__height_and_width_swapped(images, patch_size):
    return reference.patchify(images.transpose(2, 3), patch_size)


def wrong__mean_of_the_channels(images, patch_size):
    return reference.patchify(images.double().mean(1, keepdim=True).to(images.dtype), patch_size)


def wrong__always_float(images, patch_size):
    return reference.patchify(images, patch_size).float()


def wrong__grid_kept(images, patch_size):
    patches = reference.patchify(images, patch_size)
    rows, columns = images.shape[2] // patch_size, images.shape[3] // patch_size
    return patches.reshape(len(images), rows, columns, -1)


def wrong__patch_size_is_a_count(images, patch_size):
    return reference.patchify(images, max(images.shape[2] // patch_size, 1))


def wrong__checks_the_number_of_pixels(images, patch_size):
    batch, channels, height, width = images.shape
    if height * width % patch_size**2:
        raise ValueError("no whole patches")
    rows, columns = height // patch_size, width // patch_size
    return reference.patchify(
        images[:, :, : rows * patch_size, : columns * patch_size], patch_size
    ).reshape(batch, -1, channels * patch_size**2)


def wrong__float32_on_the_way(images, patch_size):
    if images.shape[2] % patch_size or images.shape[3] % patch_size:
        raise ValueError
    return F.unfold(images.float(), patch_size, stride=patch_size).mT.to(images.dtype)


def wrong__batch_among_the_patches(images, patch_size):
    if images.shape[2] % patch_size or images.shape[3] % patch_size:
        raise ValueError
    cut = images.unfold(2, patch_size, patch_size).unfold(3, patch_size, patch_size)
    return cut.permute(2, 3, 0, 1, 4, 5).reshape(len(images), -1, images.shape[1] * patch_size**2)
