"""Distances between two sets of images, and what classes images look like. Pixels only: no feature network has seen them."""

import numpy


def scaled(images):
    """`[count, channels, height, width]` in [-1, 1]."""
    return images.astype(numpy.float32) / 127.5 - 1


def sliced_wasserstein(real, fake, directions=512, seed=1):
    """Mean over random unit directions of the 1-D Wasserstein distance of the projections; both sets have one number of rows."""
    random = numpy.random.default_rng(seed)
    axes = random.standard_normal((real.shape[1], directions)).astype(numpy.float32)
    axes /= numpy.linalg.norm(axes, axis=0)
    a, b = (numpy.sort(each @ axes, axis=0) for each in (real, fake))
    return float(numpy.abs(a - b).mean())


def image_distance(real, fake):
    """Sliced Wasserstein distance of whole images: a shift of all pixels by d counts as about d, black and white being 2 apart."""
    count = min(len(real), len(fake))
    a, b = (scaled(each[:count]).reshape(count, -1) for each in (real, fake))
    return sliced_wasserstein(a, b)


def patch_distance(real, fake, side=7, patches=4):
    """The same of 7x7 patches without their means: strokes and textures, wherever they are (Karras et al. 2018, section 5)."""
    count = min(len(real), len(fake))
    random = numpy.random.default_rng(2)
    places = random.integers(0, real.shape[2] - side + 1, (count, patches, 2))

    def cut(images):
        x = scaled(images[:count])
        rows = [x[index, :, i : i + side, j : j + side].ravel() for index in range(count) for i, j in places[index]]
        rows = numpy.stack(rows)
        return rows - rows.mean(axis=1, keepdims=True)

    a, b = cut(real), cut(fake)
    return sliced_wasserstein(a, b)


def nearest_classes(images, real, labels, neighbours=5):
    """The commonest class among each image's nearest real images, by pixels of half the size."""

    def small(x):
        x = scaled(x)
        return x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean((3, 5)).reshape(len(x), -1)

    a, b = small(images), small(real)
    distances = (b**2).sum(1)[None] - 2 * a @ b.T
    nearest = labels[numpy.argpartition(distances, neighbours, axis=1)[:, :neighbours]]
    return numpy.array([numpy.bincount(row).argmax() for row in nearest])
