"""Writes whitening.json beside this file: the whitening of weighted rows, at 40 digits.

    pip install mpmath && python whitening.py

Rows with weights, a point y, and where each method has it on the side of the base: R diag(1/s) R^T (y - m) and its kin, of the eigenvectors of the
weighted covariance; the largest entry of an axis is positive. logAbsDet is that of the way there.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 40
n, count = 3, 9
rows = [[float(mp.sin(7 * i + 3 * j + 1) * (j + 1) + 0.5 * mp.cos(5 * i)) for j in range(n)] for i in range(count)]
weights = [1 + (i % 4) * 0.5 for i in range(count)]
y = [0.75, -1.5, 2.25]
total = sum(mp.mpf(w) for w in weights)
mean = [sum(mp.mpf(w) * row[j] for w, row in zip(weights, rows)) / total for j in range(n)]
covariance = mp.matrix(n, n)
for w, row in zip(weights, rows):
    gap = mp.matrix([row[j] - mean[j] for j in range(n)])
    covariance += mp.mpf(w) / total * gap * gap.T
values, vectors = mp.eigsy(covariance)
order = sorted(range(n), key=lambda k: -values[k])
axes = mp.matrix(n, n)
for column, k in enumerate(order):
    axis = vectors[:, k]
    top = max(range(n), key=lambda i: abs(axis[i]))
    for i in range(n):
        axes[i, column] = axis[i] if axis[top] > 0 else -axis[i]
inverse = mp.diag([1 / mp.sqrt(values[k]) for k in order])
gap = mp.matrix([a - b for a, b in zip(y, mean)])
images = {
    "pca": inverse * axes.T * gap,
    "zca": axes * inverse * axes.T * gap,
    "cholesky": mp.inverse(mp.cholesky(covariance)) * gap,
}
golden = {
    "origin": f"mpmath {mp.__version__}, Python {platform.python_version()}",
    "rows": rows,
    "weights": weights,
    "y": y,
    "images": {name: [float(v) for v in image] for name, image in images.items()},
    "logAbsDet": float(-mp.log(mp.det(covariance)) / 2),
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
