"""Writes heavy_tails.json beside this file: the map heavyTails from what defines it, at 50 digits.

    pip install mpmath && python heavy_tails.py

By itself and not in make.py, as it needs neither torch nor zuko. Nothing of the closed form of pushforward is used: the image y of
a number x is the root of (1 + y^2 / nu)^(-nu / 2) = e^(-x^2 / 2) on the side of x, nu = 1 / weight, and determinants are those of
numerical derivatives of the whole map.
"""

import json, math, pathlib, platform

import mpmath as mp

mp.mp.dps = 50
LARGEST = 600  # of weight x^2, beyond which the map is a straight line through 0


def image(x, weight):
    x, weight = mp.mpf(x), mp.mpf(weight)
    if x == 0 or weight == 0: return x
    end = mp.sqrt(LARGEST / weight)
    if abs(x) > end: return image(end, weight) * x / end
    # The logarithms of both sides, with log y as the unknown, from where a tail of that weight is about.
    wanted = x * x / 2
    f = lambda u: mp.log1p(weight * mp.exp(2 * u)) / (2 * weight) - wanted
    low, high = mp.log(abs(x)), mp.log(abs(x)) + weight * wanted + 1  # y is beyond x, and at most x e^(weight x^2 / 2)
    return mp.sign(x) * mp.exp(mp.findroot(f, (low - 1, high), solver="anderson", tol=1e-80, maxsteps=500))


def slope(x, weight):
    h = mp.mpf(10) ** -15 * max(1, abs(mp.mpf(x)))
    return (image(x + h, weight) - image(x - h, weight)) / (2 * h)


def double(v): return float(mp.nstr(v, 20))


def each():
    """Weights below and above 0 of three features."""
    below, above = [0.0, 1.0, 0.2], [0.5, 2.0, 0.05]
    xs = [[0.0, 0.0, 0.0], [1e-9, -1e-9, 1e-5], [0.3, -0.7, 1.1], [-2.5, 3.0, -4.0], [6.0, -8.0, 30.0], [-12.0, 15.0, -20.0],
          [40.0, -30.0, 120.0], [-1e3, 1e3, -1e4]]  # the last two on the straight lines, but for weight 0
    weight = lambda i, x: below[i] if x < 0 else above[i]
    return dict(below=below, above=above, x=xs, y=[[double(image(x, weight(i, x))) for i, x in enumerate(row)] for row in xs],
                logAbsDet=[double(sum(mp.log(slope(x, weight(i, x))) for i, x in enumerate(row))) for row in xs])


def shared():
    """The length of the vector is mapped, its direction is kept."""
    cases = []
    for weight in (0.1, 1.0, 3.0):
        def whole(row):
            r = mp.sqrt(sum(v * v for v in row))
            return [v * (image(r, weight) / r) for v in row]
        def logAbsDet(row):
            h = mp.mpf(10) ** -15
            columns = []
            for j in range(len(row)):
                up, down = [[mp.mpf(v) + s * h * (i == j) for i, v in enumerate(row)] for s in (1, -1)]
                columns.append([(a - b) / (2 * h) for a, b in zip(whole(up), whole(down))])
            return mp.log(abs(mp.det(mp.matrix(columns))))
        xs = [[0.1, -0.2], [1.5, 0.4], [-3.0, 4.0], [0.0, 9.0], [-60.0, 80.0]]
        cases.append(dict(weight=weight, x=xs, y=[[double(v) for v in whole([mp.mpf(v) for v in row])] for row in xs],
                          logAbsDet=[double(logAbsDet(row)) for row in xs]))
    return cases


content = dict(source="mpmath at 50 digits: roots of (1 + y^2 / nu)^(-nu / 2) = e^(-x^2 / 2), determinants of numerical derivatives",
               versions={"mpmath": mp.__version__, "python": platform.python_version()}, each=each(), shared=shared())
(pathlib.Path(__file__).parent / "heavy_tails.json").write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
