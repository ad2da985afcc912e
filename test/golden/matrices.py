"""Writes matrices.json beside this file: linear maps by the formulas of their papers, at 40 digits.

    pip install mpmath && python matrices.py

Each case holds the description of a bijection, its parameters, numbers x of the base with their image y, and log |det dy/dx|, found from the
whole matrix.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 40
cases, n = [], 4
x = [0.75, -1.5, 2.25, -0.125]
shift = [0.5, -0.25, 1.5, -2]
numbers = lambda count, seed: [float(mp.mpf(1.5) * mp.sin(3 * i + seed)) for i in range(count)]
identity = mp.eye(n)


def case(name, description, matrix, values, t=None):
    y = matrix * mp.matrix(x) + (mp.matrix(t) if t else mp.zeros(n, 1))
    cases.append({
        "name": name,
        "bijection": {"features": n, **description},
        "values": values,
        "x": x,
        "y": [float(v) for v in y],
        "logAbsDet": float(mp.log(abs(mp.det(matrix)))),
    })


def reflections(raw, count):
    """The product of the reflections of vectors that are added to unit vectors in pairs; the first one is applied first."""
    product = identity
    for k in range(count):
        v = mp.matrix([raw[k * n + j] + (1 if j == k // 2 % n else 0) for j in range(n)])
        product = (identity - 2 * v * v.T / (v.T * v)[0]) * product
    return product


def below(raw):
    return mp.matrix(n, n) + mp.matrix([[raw[i * n + j] if j < i else 0 for j in range(n)] for i in range(n)])


def shortened(raw, rows, columns, limit):
    matrix = mp.matrix([[raw[i * columns + j] for j in range(columns)] for i in range(rows)])
    return matrix / mp.sqrt(1 + sum(v**2 for v in matrix) / limit**2)


diagonal = lambda logs: mp.diag([mp.exp(s) for s in logs])
vectors = numbers(3 * n, 1)
case("orthogonal, three reflections", {"type": "orthogonal", "reflections": 3}, reflections(vectors, 3), {"vectors": vectors})
lower = numbers(n * n, 2)
skew = below(lower) - below(lower).T
case("orthogonal, Cayley", {"type": "orthogonal", "form": "cayley"}, (identity - skew) * mp.inverse(identity + skew), {"lower": lower})
whole = [v for v in skew]
limit = 2 * mp.pi * mp.sqrt(n)
case("orthogonal, exponential", {"type": "orthogonal", "form": "exponential"}, mp.expm(shortened(whole, n, n, limit), method="taylor"),
     {"lower": lower})
logs, upper = numbers(n, 3), numbers(n * n, 4)
triangle = diagonal(logs) + mp.matrix([[upper[i * n + j] if j > i else 0 for j in range(n)] for i in range(n)])
case("qrAffine", {"type": "qrAffine", "reflections": 3}, reflections(vectors, 3) * triangle,
     {"shift": shift, "vectors": vectors, "upper": upper, "logDiagonal": logs}, shift)
right = numbers(2 * n, 5)
case("svdAffine", {"type": "svdAffine", "reflections": 2}, reflections(vectors, 2) * diagonal(logs) * reflections(right, 2),
     {"shift": shift, "left": vectors[: 2 * n], "right": right, "logDiagonal": logs}, shift)
matrix = numbers(n * n, 6)
case("matrixExponential", {"type": "matrixExponential"}, mp.expm(shortened(matrix, n, n, mp.log(1000)), method="taylor"),
     {"shift": shift, "matrix": matrix}, shift)
factor = numbers(2 * n, 7)
u = shortened(factor, n, 2, mp.sqrt(1000))
clipped = [mp.mpf(s) / (1 + abs(mp.mpf(s)) / mp.log(1000)) for s in logs]
half = diagonal([s / 2 for s in clipped])
case("lowRankAffine", {"type": "lowRankAffine", "rank": 2}, diagonal(clipped) + (half * u) * (half * u).T,
     {"shift": shift, "logDiagonal": logs, "factor": factor}, shift)
# From base to data, so that each is transposed.
cosine = mp.matrix([[mp.sqrt(mp.mpf(1 if k == 0 else 2) / n) * mp.cos(mp.pi * (i + mp.mpf(1) / 2) * k / n) for i in range(n)]
                    for k in range(n)])
case("discreteCosine", {"type": "discreteCosine"}, cosine.T, {})
r = 1 / mp.sqrt(2)
h = mp.mpf(1) / 2
haar = mp.matrix([[h, h, h, h], [h, h, -h, -h], [r, -r, 0, 0], [0, 0, r, -r]])
case("haarWavelets", {"type": "haarWavelets"}, haar.T, {})


def channels(positions, count):
    """One matrix (L U)^-1 at every position, on the diagonal of the whole."""
    entries, ends, t = numbers(count * count, 8), numbers(count, 9), shift[:count]
    part = lambda is_in: mp.matrix([[entries[i * count + j] if is_in(i, j) else 0 for j in range(count)] for i in range(count)])
    lower, upper = part(lambda i, j: j < i) + mp.eye(count), part(lambda i, j: j > i) + diagonal(ends)
    own = mp.inverse(lower * upper)
    whole = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            whole[i, j] = own[i % count, j % count] if i // count == j // count else 0
    case(f"channelAffine, {positions} positions of {count} channels", {"type": "channelAffine", "features": [positions, count]}, whole,
         {"shift": t, "lower": entries, "upper": entries, "logDiagonal": ends}, t * positions)


channels(2, 2)
channels(1, 4)

out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("matrices.json").write_text(json.dumps(out, indent=1) + "\n")
