"""The kernels once more, in plain NumPy and float64: slow, obvious, and what the tests compare with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from edge_kernels.mel import MelOptions, Norm, Scale, Window
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def window(kind: Window, n: int) -> Doubles:
    if kind is Window.HANN:
        return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n))
    cosine = np.cos(2 * np.pi * np.arange(n) / (n - 1))
    return np.asarray(
        0.54 - 0.46 * cosine if kind is Window.HAMMING else (0.5 - 0.5 * cosine).clip(0) ** 0.85
    )


def to_mel(hz: Doubles | float, scale: Scale) -> Doubles:
    hz = np.asarray(hz, np.float64)
    if scale is Scale.SLANEY:
        return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1) / 1000) / np.log(6.4))
    return np.asarray(2595 * np.log10(1 + hz / 700))


def to_hz(mel: Doubles, scale: Scale) -> Doubles:
    if scale is Scale.SLANEY:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def filters(o: MelOptions) -> Doubles:
    high_hz = o.rate_hz / 2 if o.high_hz is None else o.high_hz
    mels = np.linspace(to_mel(o.low_hz, o.scale_kind), to_mel(high_hz, o.scale_kind), o.n_mels + 2)
    hz = to_hz(mels, o.scale_kind)
    bins = np.arange(o.n_fft // 2 + 1) * o.rate_hz / o.n_fft
    if o.scale_kind is Scale.SPHINX:
        hz = np.floor(hz / bins[1] + 0.5) * bins[1]
    points, at = (mels, to_mel(bins, o.scale_kind)) if o.scale_kind is Scale.KALDI else (hz, bins)
    low, centre, high = points[:-2, None], points[1:-1, None], points[2:, None]
    rows = np.minimum((at - low) / (centre - low), (high - at) / (high - centre)).clip(0)
    if o.scale_kind is Scale.KALDI:
        rows[:, -1] = 0
    if o.norm is Norm.AREA:
        rows *= 2 / (hz[2:] - hz[:-2])[:, None]
    if o.norm is Norm.MEAN:
        empty = rows.sum(axis=1) == 0
        rows[empty, np.abs(bins - hz[1:-1, None][empty]).argmin(axis=1)] = 1
        rows /= rows.sum(axis=1, keepdims=True)
    return np.asarray(rows)


def mel(samples: NDArray[np.float32], o: MelOptions) -> Doubles:
    if len(samples) < o.window:
        return np.zeros((0, o.coefficients or o.n_mels))
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), o.window)[:: o.hop]
    if o.remove_mean:
        frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - o.preemphasis * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = np.abs(np.fft.rfft(frames * window(o.window_kind, o.window), o.n_fft))
    bands = (spectrum if o.magnitude else spectrum**2) @ filters(o).T
    if o.logarithm:
        bands = (np.log(np.maximum(bands + o.offset, o.floor)) - o.mean) / o.scale
    return np.asarray(bands @ dct(o).T if o.coefficients else bands)


def dct(o: MelOptions) -> Doubles:
    """The orthonormal DCT-II with the lifter, float64[coefficients, n_mels]."""
    j, b = np.arange(o.coefficients)[:, None], np.arange(o.n_mels)
    matrix = np.sqrt(2 / o.n_mels) * np.cos(np.pi * j * (b + 0.5) / o.n_mels)
    matrix[0] /= np.sqrt(2)
    lift = 1 + o.lifter / 2 * np.sin(np.pi * j / o.lifter) if o.lifter else 1
    return np.asarray(matrix * lift)


def levenshtein(a: str, b: str) -> int:
    """Wagner and Fischer's table, row by row."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def similarity(a: str, b: str) -> tuple[float, float, float]:
    if not a and not b:
        return 1.0, 1.0, 1.0
    ca, cb = Counter(a), Counter(b)
    if not a or not b:
        return 0.0, 0.0, 0.0
    shared = ca.keys() & cb.keys()
    norms = (sum(n * n for n in ca.values()) * sum(n * n for n in cb.values())) ** 0.5
    return (
        (ca & cb).total() / max(len(a), len(b)),
        len(shared) / (len(ca) * len(cb)) ** 0.5,
        sum(ca[c] * cb[c] for c in shared) / norms,
    )


def runs(labels: Sequence[int], label: int, min_run: int) -> list[tuple[int, int]]:
    found, start = [], 0
    for i, each in enumerate([*labels, None]):
        if each != label:
            if i - start >= min_run:
                found.append((start, i))
            start = i + 1
    return found


def bridge(weights: Sequence[float], found: Sequence[tuple[int, int]], limit: float) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, stop in found:
        if joined and sum(weights[joined[-1][1] : start]) <= limit:
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((start, stop))
    return joined


def extend(
    labels: Sequence[int], run: tuple[int, int], over: int, until: int, edge_counts: bool
) -> tuple[int, int]:
    def reach(outwards: Sequence[int]) -> int:
        walked = next((i for i, each in enumerate(outwards) if each != over), len(outwards))
        beyond = outwards[walked] == until if walked < len(outwards) else edge_counts
        return walked if beyond else 0

    return run[0] - reach(labels[: run[0]][::-1]), run[1] + reach(labels[run[1] :])


def change_point(inside: NDArray[np.float32]) -> int:
    p = inside.astype(np.float64).clip(1e-4, 1 - 1e-4)
    before = np.concatenate([[0.0], np.cumsum(np.log1p(-p))])
    after = np.concatenate([np.cumsum(np.log(p)[::-1])[::-1], [0.0]])
    return int((before + after).argmax())


def viterbi_score(scores: Doubles, transitions: Doubles, initial: Doubles, path: NDArray[np.int32]) -> float:
    """What `path` is worth."""
    steps = transitions[path[:-1], path[1:]].sum()
    return float(initial[path[0]] + scores[np.arange(len(path)), path].sum() + steps)


def viterbi(scores: Doubles, transitions: Doubles, initial: Doubles) -> float:
    """What the best path is worth."""
    best = initial + scores[0]
    for score in scores[1:]:
        best = (best[:, None] + transitions).max(axis=0) + score
    return float(best.max())


def area_crop(rgb: NDArray[np.uint8], height: int, width: int) -> Doubles:
    """Means of the areas of a whole image, [3, height, width]."""

    def bins(size: int, count: int) -> list[slice]:
        return [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]

    rows, columns = bins(rgb.shape[0], height), bins(rgb.shape[1], width)
    return np.array([[rgb[r, c].mean(axis=(0, 1)) for c in columns] for r in rows]).transpose(2, 0, 1)


def warp(rgb: NDArray[np.uint8], matrix: Doubles, height: int, width: int) -> Doubles:
    """The image at the points of an affine grid, [3, height, width]."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    x, y = np.einsum("ij,jhw->ihw", matrix, np.stack([columns, rows, np.ones((height, width))])) - 0.5
    x, y = x.clip(0, rgb.shape[1] - 1), y.clip(0, rgb.shape[0] - 1)
    left, top = x.astype(int), y.astype(int)
    right, bottom = np.minimum(left + 1, rgb.shape[1] - 1), np.minimum(top + 1, rgb.shape[0] - 1)
    u, v = (x - left)[..., None], (y - top)[..., None]
    upper = rgb[top, left] * (1 - u) + rgb[top, right] * u
    lower = rgb[bottom, left] * (1 - u) + rgb[bottom, right] * u
    return np.asarray((upper * (1 - v) + lower * v).transpose(2, 0, 1))


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], limit: float, *, over_smaller: bool
) -> list[int]:
    """Greedy suppression as everybody writes it."""
    extra, kept = float(over_smaller), list[int]()
    for index in np.argsort(-scores, kind="stable"):
        x0, y0, x1, y1 = boxes[index].astype(float)
        for other in kept:
            u0, v0, u1, v1 = boxes[other].astype(float)
            shared = max(0, min(x1, u1) - max(x0, u0) + extra) * max(0, min(y1, v1) - max(y0, v0) + extra)
            areas = [(x1 - x0 + extra) * (y1 - y0 + extra), (u1 - u0 + extra) * (v1 - v0 + extra)]
            if shared / (min(areas) if over_smaller else sum(areas) - shared) > limit:
                break
        else:
            kept.append(int(index))
    return kept


def regions(scores: NDArray[np.float32], least: float) -> tuple[list[list[int]], list[float]]:
    """Boxes and means of connected regions, each spread from its first pixel until nothing is added."""
    inside, boxes, means = scores > least, list[list[int]](), list[float]()
    while inside.any():
        region = np.zeros_like(inside)
        region.flat[np.flatnonzero(inside)[0]] = True
        while True:
            around = np.pad(region, 1)
            shifts = [(y, x) for y in range(3) for x in range(3)]
            spread = [around[y : y + len(region), x : x + region.shape[1]] for y, x in shifts]
            grown = np.any(spread, axis=0) & inside
            if (grown == region).all():
                break
            region = grown
        rows, columns = np.nonzero(region)
        boxes.append([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        means.append(float(scores[region].astype(np.float64).mean()))
        inside &= ~region
    return boxes, means


def quantize(vectors: Doubles) -> tuple[NDArray[np.int64], Doubles]:
    """Codes of -127 to 127 and the scale of each row, value by value."""
    scales = np.array([max(map(abs, row), default=0.0) / 127 for row in vectors])
    codes = [[round(v / s) if s else 0 for v in row] for row, s in zip(vectors.tolist(), scales, strict=True)]
    return np.array(codes, np.int64).reshape(vectors.shape), scales


def similarities(query: NDArray[np.float32], codes: NDArray[np.int8], scales: NDArray[np.float32]) -> Doubles:
    """Dot products of a query with every row, with nothing rounded."""
    return np.asarray((codes.astype(np.float64) @ query.astype(np.float64)) * scales)


def nearest(
    query: NDArray[np.float32], codes: NDArray[np.int8], scales: NDArray[np.float32], k: int
) -> tuple[list[int], list[np.float32]]:
    """All rows sorted, with the query rounded as the header says, and sums of any size."""
    peak, limit = np.abs(query).max(), min(32767, (2**31 - 1) // (128 * len(query)))
    factor = limit / float(peak) if peak else 0.0
    rounded = [int(v * factor + (0.5 if v > 0 else -0.5)) for v in query.tolist()]
    unit = np.float32(peak) / np.float32(limit)
    sums = [sum(a * b for a, b in zip(rounded, row, strict=True)) for row in codes.tolist()]
    values = [np.float32(each) * (scale * unit) for each, scale in zip(sums, scales, strict=True)]
    order = sorted((i for i, v in enumerate(values) if not np.isnan(v)), key=lambda i: (-values[i], i))[:k]
    return order, [values[i] for i in order]


Gray = NDArray[np.uint8]
Vector = tuple[int, int]


def halved(image: Gray) -> Gray:
    height, width = (size // 2 for size in image.shape)
    parts = image[: 2 * height, : 2 * width].astype(int).reshape(height, 2, width, 2)
    return np.asarray((parts.sum(axis=(1, 3)) + 2) // 4, np.uint8)


def block_at(image: Gray, x: int, y: int) -> NDArray[np.int64] | None:
    inside = x >= 0 and y >= 0 and x + 8 <= image.shape[1] and y + 8 <= image.shape[0]
    return image[y : y + 8, x : x + 8].astype(np.int64) if inside else None


def cost(before: Gray, after: Gray, x: int, y: int, v: Vector) -> float:
    then, now = block_at(before, x - v[0], y - v[1]), block_at(after, x, y)
    return np.inf if then is None or now is None else np.abs(now - then).sum() + 32 * (v != (0, 0))


def best_vector(before: Gray, after: Gray, x: int, y: int, tried: Sequence[Vector]) -> Vector:
    """The cheapest, of equal ones the first."""
    return tried[int(np.argmin([cost(before, after, x, y, v) for v in tried]))]


def whole_vectors(before: Gray, after: Gray, reach: int) -> dict[tuple[int, int], Vector]:
    """Vectors in whole pixels by row and column of the block."""
    small, half = (halved(before), halved(after)), (reach + 1) // 2
    window = [(0, 0), *((dx, dy) for dy in range(-half, half + 1) for dx in range(-half, half + 1))]
    rows, columns = (size // 8 for size in small[0].shape)
    coarse = {}
    for j, i in np.ndindex(rows, columns):
        still = cost(*small, 8 * i, 8 * j, (0, 0)) <= 64
        coarse[j, i] = (0, 0) if still else best_vector(*small, 8 * i, 8 * j, window)
    found: dict[tuple[int, int], Vector] = {}
    for j, i in np.ndindex(before.shape[0] // 8, before.shape[1] // 8):
        x, y, best = 8 * i, 8 * j, (0, 0)
        if cost(before, after, x, y, best) > 64:
            around = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
            places = [
                (min(max(j // 2 + b, 0), rows - 1), min(max(i // 2 + a, 0), columns - 1)) for b, a in around
            ]
            beside = [found[place] for place in ((j, i - 1), (j - 1, i)) if place in found]
            doubled = [(2 * coarse[place][0], 2 * coarse[place][1]) for place in places]
            best = best_vector(before, after, x, y, [best, *doubled, *beside])
            for _ in range(4):
                steps = [(best[0] + a, best[1] + b) for b in (-1, 0, 1) for a in (-1, 0, 1)]
                start, best = best, best_vector(before, after, x, y, [best, *steps])
                if best == start:
                    break
        found[j, i] = best
    return found


def slopes(image: Gray) -> tuple[Doubles, Doubles]:
    """Derivatives of fourth order, across and down."""
    wide = np.pad(image.astype(float), 2, mode="edge")
    across = (8 * (wide[2:-2, 3:-1] - wide[2:-2, 1:-3]) - (wide[2:-2, 4:] - wide[2:-2, :-4])) / 12
    down = (8 * (wide[3:-1, 2:-2] - wide[1:-3, 2:-2]) - (wide[4:, 2:-2] - wide[:-4, 2:-2])) / 12
    return across, down


def block_motion(before: Gray, after: Gray, reach: int) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """Vectors, residuals, deviations and textures."""
    shape = before.shape[0] // 8, before.shape[1] // 8
    vectors, residuals, deviations, textures = np.zeros((*shape, 2)), *(np.zeros(shape) for _ in range(3))
    then, now = slopes(before), slopes(after)
    for (j, i), (dx, dy) in whole_vectors(before, after, reach).items():
        here = np.s_[8 * j : 8 * j + 8, 8 * i : 8 * i + 8]
        there = np.s_[8 * j - dy : 8 * j - dy + 8, 8 * i - dx : 8 * i - dx + 8]
        left = (after[here].astype(float) - before[there]).ravel()
        gradient = np.stack([((a[here] + b[there]) / 2).ravel() for a, b in zip(now, then, strict=True)])
        left, gradient = left - left.mean(), gradient - gradient.mean(axis=1, keepdims=True)
        tensor = gradient @ gradient.T
        step = (-np.linalg.solve(tensor + 64 * np.eye(2), gradient @ left)).clip(-1, 1)
        vectors[j, i] = dx + step[0], dy + step[1]
        residuals[j, i] = (left + step @ gradient).std()
        deviations[j, i] = after[here].std()
        textures[j, i] = max(np.linalg.eigvalsh(tensor)[0] / 64, 0) ** 0.5
    return vectors, residuals, deviations, textures
