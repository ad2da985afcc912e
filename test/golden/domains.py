"""Writes domains.json beside this file: ordered vectors and Cholesky factors with their log-determinants, at 40 digits.

    pip install mpmath && python domains.py

The log-determinant is that of the matrix of derivatives, which are taken of the formulas by mpmath.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 40


def ordered(x):
    y = [x[0]]
    for v in x[1:]:
        y.append(y[-1] + mp.exp(v))
    return y


def correlation(size):
    def forward(x):
        y, k = [], 0
        for i in range(size):
            left = mp.mpf(1)
            for j in range(i):
                value = mp.tanh(x[k]) * mp.sqrt(left)
                left -= value * value
                y.append(value)
                k += 1
        return y
    return forward


def covariance(size):
    diagonal = [j == i for i in range(size) for j in range(i + 1)]
    return lambda x: [mp.exp(v) if d else v for v, d in zip(x, diagonal)]


def case(bijection, forward, points):
    rows = []
    for x in points:
        x = [mp.mpf(v) for v in x]
        n = len(x)
        J = mp.matrix(n, n)
        for j in range(n):
            for i in range(n):
                J[i, j] = mp.diff(lambda t: forward(x[:j] + [t] + x[j + 1:])[i], x[j])
        rows.append((x, forward(x), mp.log(abs(mp.det(J)))))
    return {
        "bijection": bijection,
        "x": [float(v) for x, _, _ in rows for v in x],
        "y": [float(v) for _, y, _ in rows for v in y],
        "logAbsDet": [float(d) for _, _, d in rows],
    }


cases = [
    case({"type": "ordered", "features": 4}, ordered, [[0, 0, 0, 0], [-3, 1.5, -8, 4], [100, -2, 6, 0.25]]),
    case({"type": "correlationFactor", "size": 4}, correlation(4), [[0] * 6, [0.5, -1, 2, 0.25, -0.75, 1.5], [3, -2.5, 2, -3, 2.5, -2]]),
    case({"type": "covarianceFactor", "size": 3}, covariance(3), [[0] * 6, [-4, 2, 1, -3, 0.5, 6]]),
]
out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("domains.json").write_text(json.dumps(out, indent=1) + "\n")
