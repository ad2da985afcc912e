"""Writes the golden values beside this file, in float64, from sources that share no code with pushforward.

    pip install torch==2.8.0 zuko==1.6.0 scipy mpmath && python make.py

Made with Python 3.11, torch 2.8.0, zuko 1.6.0 (MIT), scipy 1.17, mpmath 1.3/1.4; each file names the versions it was made with.
Every number is a JSON double printed with as many digits as give the same double back.
"""

import json, math, pathlib, platform, sys

import mpmath as mp, numpy as np, scipy, scipy.linalg, scipy.optimize, scipy.special, scipy.stats, torch, zuko
from zuko.transforms import LULinearTransform, MonotonicAffineTransform, MonotonicRQSTransform, PermutationTransform

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
HERE = pathlib.Path(__file__).parent
VERSIONS = {m.__name__: m.__version__ for m in (torch, zuko, scipy, mp)} | {"python": platform.python_version()}
rng = np.random.default_rng(20240)
t = torch.tensor


def write(name, source, **content):
    plain = lambda v: v.tolist() if hasattr(v, "tolist") else v
    walk = lambda v: {k: walk(w) for k, w in v.items()} if isinstance(v, dict) else [walk(w) for w in v] if isinstance(v, (list, tuple)) else plain(v)
    (HERE / name).write_text(json.dumps({"source": source, "versions": VERSIONS} | walk(content), indent=1, allow_nan=False) + "\n")


def rational_quadratic(x, xs, ys, ds):
    """Durkan et al. 2019, equations 4 and 5, one scalar; outside the knots a line with the slope of the end knot."""
    if x <= xs[0]: return ys[0] + ds[0] * (x - xs[0]), math.log(ds[0])
    if x >= xs[-1]: return ys[-1] + ds[-1] * (x - xs[-1]), math.log(ds[-1])
    k = min(np.searchsorted(xs, x, side="right") - 1, len(xs) - 2)
    w, h = xs[k + 1] - xs[k], ys[k + 1] - ys[k]
    s, xi = h / w, (x - xs[k]) / w
    bottom = s + (ds[k + 1] + ds[k] - 2 * s) * xi * (1 - xi)
    y = ys[k] + h * (s * xi**2 + ds[k] * xi * (1 - xi)) / bottom
    slope = s**2 * (ds[k + 1] * xi**2 + 2 * s * xi * (1 - xi) + ds[k] * (1 - xi) ** 2) / bottom**2
    return y, math.log(slope)


def rational_quadratic_spline():
    cases, tails = [], []
    for bins, bound, spread in ((8, 5.0, 1.0), (5, 3.0, 1.0), (8, 3.0, 3.0), (5, 5.0, 6.0)):
        raw = [spread * rng.normal(size=n) for n in (bins, bins, bins - 1)]
        spline = MonotonicRQSTransform(*map(t, raw), bound=bound)
        xs, ys, ds = spline.horizontal.numpy(), spline.vertical.numpy(), spline.derivatives.numpy()
        x = np.concatenate([np.linspace(-bound, bound, 25)[1:-1], rng.uniform(-bound, bound, 16), xs, [-bound - 1, -bound - 1e-9, bound + 1e-9, bound + 2.5, -1e3, 1e3, 0.0]])
        y, ladj = spline.call_and_ladj(t(x))
        paper = np.array([rational_quadratic(v, xs, ys, ds) for v in x])
        assert np.allclose(y, paper[:, 0], rtol=0, atol=1e-12) and np.allclose(ladj, paper[:, 1], rtol=0, atol=1e-10)
        targets = np.concatenate([np.linspace(-bound, bound, 25)[1:-1], rng.uniform(-bound, bound, 8), [-bound - 1, bound + 2.5]])
        inverse = spline.inv(t(targets)).numpy()
        inverseLadj = -spline.call_and_ladj(t(inverse))[1].numpy()
        cases.append(dict(bins=bins, bound=bound, slope=1e-3, rawWidths=raw[0], rawHeights=raw[1], rawDerivatives=raw[2],
                          horizontal=xs, vertical=ys, derivatives=ds, x=x, y=y, ladj=ladj, inverseOf=targets, inverse=inverse, inverseLadj=inverseLadj))
        ends = np.concatenate([[rng.uniform(0.2, 3)], ds[1:-1], [rng.uniform(0.2, 3)]])
        values = np.array([rational_quadratic(v, xs, ys, ends) for v in x])
        tails.append(dict(horizontal=xs, vertical=ys, derivatives=ends, x=x, y=values[:, 0], ladj=values[:, 1]))
    write("rational_quadratic_spline.json",
          "zuko.transforms.MonotonicRQSTransform, checked here against Durkan et al. 2019, eqs 4-5; identity outside the box. "
          "linearTails: the paper's formula with end slopes other than 1, continued as lines",
          cases=cases, linearTails=tails)


def affine():
    shift, raw, x = rng.normal(size=24), 3 * rng.normal(size=24), 2 * rng.normal(size=24)
    raw[:3] = [0.0, 40.0, -40.0]
    transform = MonotonicAffineTransform(t(shift), t(raw))
    y, ladj = transform.call_and_ladj(t(x))
    write("affine.json", "zuko.transforms.MonotonicAffineTransform: y = exp(logScale) x + shift, logScale = raw / (1 + |raw / log slope|)",
          slope=1e-3, shift=shift, rawScale=raw, logScale=transform.log_scale, x=x, y=y, ladj=ladj)


def linear():
    cases = []
    for d in (1, 3, 6):
        lu = rng.normal(size=(d, d)) + 2 * np.diag(np.sign(rng.normal(size=d)))
        x = rng.normal(size=(5, d))
        transform = LULinearTransform(t(lu))
        y, ladj = transform.call_and_ladj(t(x))
        assert np.allclose(ladj[0], np.linalg.slogdet((transform.L @ transform.U).numpy())[1])
        lower, shift = np.tril(lu), rng.normal(size=d)
        z = x @ lower.T + shift
        cases.append(dict(features=d, lu=lu, lower=transform.L, unitUpper=transform.U, x=x, y=y, ladj=ladj, inverseOfX=transform.inv(t(x)),
                          triangular=dict(matrix=lower, shift=shift, x=x, y=z, ladj=np.full(5, np.linalg.slogdet(lower)[1]),
                                          inverseOfX=torch.linalg.solve_triangular(t(lower), t(x - shift).T, upper=False).T)))
    write("linear.json", "zuko.transforms.LULinearTransform: y = L U x, L lower with the matrix's diagonal, U unit upper; triangular: y = tril(lu) x + shift", cases=cases)


def permutation():
    cases = []
    for d in (1, 2, 5, 8):
        order, x = rng.permutation(d), rng.normal(size=(3, d))
        transform = PermutationTransform(t(order))
        cases.append(dict(order=order, x=x, y=transform(t(x)), inverseOfX=transform.inv(t(x)), ladj=np.zeros(3)))
    write("permutation.json", "zuko.transforms.PermutationTransform: y[i] = x[order[i]]", cases=cases)


def philox():
    published = [  # Random123 1.14.0, tests/kat_vectors, "philox4x32 10"
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]

    def philox4x32(c, k):  # Salmon et al. 2011; checks that the vectors were copied right, and gives some more
        for _ in range(10):
            a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [b >> 32 ^ c[1] ^ k[0], b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k[1], a & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        return c

    words = lambda text: [int(w, 16) for w in text.split()]
    vectors = [dict(counter=words(c), key=words(k), output=words(o)) for c, k, o in published]
    for v in vectors: assert philox4x32(v["counter"], v["key"]) == v["output"]
    more = []
    for _ in range(20):
        w = [int(i) for i in rng.integers(0, 2**32, 6)]
        more.append(dict(counter=w[:4], key=w[4:], output=philox4x32(w[:4], w[4:])))
    write("philox.json", "Random123 kat_vectors, philox4x32 10 rounds (published); more: a Python transcription of Salmon et al. 2011 that gives the published ones",
          published=vectors, more=more)


def normal():
    x = rng.normal(size=(12, 4)) * np.array([1, 3, 10, 0.1])
    mean, std = rng.normal(size=4), np.exp(rng.normal(size=4))
    standard, diagonal = scipy.stats.norm.logpdf(x).sum(1), scipy.stats.norm.logpdf(x, mean, std).sum(1)
    own = torch.distributions.Independent(torch.distributions.Normal(t(mean), t(std)), 1).log_prob(t(x))
    assert np.allclose(own, diagonal, rtol=1e-13, atol=0)
    root = rng.normal(size=(4, 4)); covariance = root @ root.T + np.eye(4)
    write("normal.json", "scipy.stats.norm and multivariate_normal, checked against torch.distributions", x=x, standard=standard,
          diagonal=dict(mean=mean, std=std, logProb=diagonal),
          full=dict(mean=mean, covariance=covariance, logProb=scipy.stats.multivariate_normal(mean, covariance).logpdf(x)))


def elementary():
    mp.mp.dps = 60
    sweep = lambda low, high, n: np.concatenate([rng.uniform(low, high, n - 60), rng.normal(size=40) * 10.0 ** rng.uniform(-12, 0, 40), [0.0, -0.0], rng.normal(size=18)])
    def quantile(p):
        p = mp.mpf(p); x = mp.mpf(float(scipy.special.ndtri(float(p))))
        for _ in range(8): x -= (mp.erfc(-x / mp.sqrt(2)) / 2 - p) * mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2)
        return x
    def excess(x):  # the difference loses twice the digits of x
        with mp.workdps(80): return mp.exp(-x * x / 2) * mp.sqrt(2 / mp.pi) / mp.erfc(x / mp.sqrt(2)) - x
    positive = np.concatenate([10.0 ** rng.uniform(-300, 300, 80), rng.uniform(0, 3, 80), 1 + rng.normal(size=40) * 10.0 ** rng.uniform(-15, -2, 40)])
    probability = np.concatenate([rng.uniform(0, 1, 100), 10.0 ** rng.uniform(-300, -1, 60), 1 - 10.0 ** rng.uniform(-15, -1, 38), [0.5, 0.975]])
    table = dict(
        exp=(sweep(-700, 700, 200), mp.exp), log=(positive, mp.log), log1p=(np.concatenate([sweep(-0.999, 5, 140).clip(-0.999), 10.0 ** rng.uniform(-18, 18, 60)]), mp.log1p),
        expm1=(sweep(-40, 40, 200), mp.expm1), tanh=(sweep(-20, 20, 200), mp.tanh), sigmoid=(sweep(-700, 40, 200), lambda x: 1 / (1 + mp.exp(-x))),
        softplus=(sweep(-700, 700, 200), lambda x: mp.log1p(mp.exp(x))), erf=(sweep(-6, 6, 200), mp.erf), erfc=(sweep(-6, 26, 200), mp.erfc), normalQuantile=(probability, quantile),
        normalExcess=(np.concatenate([[0], np.geomspace(1e-9, 1e4, 80), np.linspace(0.03, 40, 80)]), excess))
    write("elementary.json", "mpmath at 60 digits, rounded to the nearest double",
          functions={name: dict(x=x, y=[float(f(mp.mpf(float(v)))) for v in x]) for name, (x, f) in table.items()})


def gaussianization():
    own = np.random.default_rng(2021)  # not the one above, so that this file can be made alone
    turns = []
    for d in (1, 2, 5):
        q, x = np.atleast_2d(scipy.linalg.qr(own.normal(size=(d, d)))[0]), own.normal(size=(3, d))
        turns.append(dict(rotation=q, x=x, y=np.einsum("ij,rj->ri", q, x)))
    layers = []
    for d, k, knots in ((2, 1, 4), (4, 2, 6), (3, 3, 5)):
        a = scipy.linalg.qr(own.normal(size=(d, k)), mode="economic")[0]
        data, base = np.sort(2 * own.normal(size=(2, k, knots)))
        slopes = np.exp(own.normal(size=(k, knots)))

        def psi(s): return np.array([rational_quadratic(s[j], data[j], base[j], slopes[j])[0] for j in range(k)])
        def layer(y): return y - a @ a.T @ y + a @ psi(a.T @ y)  # Dai & Seljak 2021, equation 8

        y = 2 * own.normal(size=(12, d))
        x = np.array([layer(row) for row in y])
        # The determinant by central differences of the map as a whole, which know nothing of its formula.
        h = 1e-6
        jacobian = lambda row: np.array([(layer(row + h * e) - layer(row - h * e)) / (2 * h) for e in np.eye(d)]).T
        layers.append(dict(features=d, directions=a, data=data, base=base, logSlope=np.log(slopes), y=y, x=x,
                           differences=np.array([math.log(np.linalg.det(jacobian(row))) for row in y]),
                           logAbsDet=[sum(rational_quadratic(s, data[j], base[j], slopes[j])[1] for j, s in enumerate(a.T @ row)) for row in y]))
        assert np.allclose(layers[-1]["differences"], layers[-1]["logAbsDet"], rtol=0, atol=1e-6)
    write("gaussianization.json", "numpy: y = Q x; Dai & Seljak 2021, equation 8, towards the base, with the splines of Durkan et al. 2019, eqs 4-5, "
          "continued as lines; differences: log det of central differences", rotations=turns, slicedSplines=layers)


def elementary_maps():
    own = np.random.default_rng(2015)  # not the one above, so that this file can be made alone
    h = 1e-6

    def case(f, logAbsDet, inverse, x, **parameters):
        """Values, log-determinants by the paper's formula, checked by differences of the map as a whole; roots by scipy."""
        def differences(row): return np.linalg.slogdet(np.array([(f(row + h * e) - f(row - h * e)) / (2 * h) for e in np.eye(len(row))]).T)
        y, ladj = np.array([f(row) for row in x]), np.array([logAbsDet(row) for row in x])
        for row, expected in zip(x, ladj):
            sign, found = differences(row)
            assert sign > 0 and abs(found - expected) < 1e-5 * max(1, np.exp(-expected)), (found, expected)
        targets = np.concatenate([2 * own.normal(size=(6, x.shape[1])), 20 * own.normal(size=(3, x.shape[1]))])
        back = np.array([inverse(row) for row in targets])
        assert np.allclose([f(row) for row in back], targets, rtol=0, atol=1e-12)
        return dict(features=x.shape[1], **parameters, x=x, y=y, logAbsDet=ladj, inverseOf=targets, inverse=back,
                    inverseLogAbsDet=[-logAbsDet(row) for row in back])

    def points(d): return np.concatenate([own.normal(size=(8, d)), 20 * own.normal(size=(3, d))])
    def root(g, low, high): return scipy.optimize.brentq(g, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps)

    planar = []  # Rezende & Mohamed 2015, equations 10 and 12, with u such that w . u is as given
    for d, s in ((1, 1.5), (2, -0.97), (3, 6.0), (5, -0.4), (4, 0.0)):
        w, b = own.normal(size=d), own.normal()
        u = own.normal(size=d)
        u += (s - w @ u) * w / (w @ w)
        def inverse(y):
            a = root(lambda a: a + (w @ u) * np.tanh(a + b) - w @ y, w @ y - abs(s) - 1, w @ y + abs(s) + 1)
            return y - u * np.tanh(a + b)
        planar.append(case(lambda z: z + u * np.tanh(w @ z + b), lambda z: math.log(abs(1 + u @ ((1 - np.tanh(w @ z + b) ** 2) * w))),
                           inverse, points(d), u=u, w=w, b=b))

    radial = []  # equation 14
    for d, alpha, beta in ((1, 0.8, 2.0), (2, 1.5, -1.45), (3, 0.05, 4.0), (6, 3.0, -1.0)):
        z0 = own.normal(size=d)
        def h_of(r): return 1 / (alpha + r)
        def f(z): return z + beta * h_of(np.linalg.norm(z - z0)) * (z - z0)
        def logAbsDet(z):
            r = np.linalg.norm(z - z0)
            return (d - 1) * math.log(1 + beta * h_of(r)) + math.log(1 + beta * h_of(r) - beta * r / (alpha + r) ** 2)
        def inverse(y):
            far = np.linalg.norm(y - z0)
            r = root(lambda r: r + beta * r * h_of(r) - far, 0, far + abs(beta) + 1)
            return z0 + r * (y - z0) / far
        radial.append(case(f, logAbsDet, inverse, points(d), center=z0, alpha=alpha, beta=beta))

    sylvester = []  # van den Berg et al. 2018, equations 13 to 16; roots of the whole map at once, by Newton's method
    for d, m in ((1, 1), (3, 2), (4, 4), (6, 3)):
        vectors = own.normal(size=(min(m, d - 1), d))
        q = np.eye(d)[:, :m]
        for v in vectors: q = (np.eye(d) - 2 * np.outer(v, v) / (v @ v)) @ q
        r, s, b = np.triu(own.normal(size=(m, m)), 1), np.triu(own.normal(size=(m, m)), 1), own.normal(size=m)
        r += np.diag(own.uniform(-0.95, 0.95, m))
        s += np.diag(own.uniform(-0.95, 0.95, m))
        def f(z): return z + q @ r @ np.tanh(s @ q.T @ z + b)
        def jacobian(z): return np.eye(d) + q @ r @ np.diag(1 - np.tanh(s @ q.T @ z + b) ** 2) @ s @ q.T
        def logAbsDet(z): return math.log(np.linalg.det(np.eye(m) + np.diag(1 - np.tanh(s @ q.T @ z + b) ** 2) @ s @ r))
        def inverse(y):
            z, least = y, np.inf
            for tries in range(50):  # from other points where it does not converge
                for _ in range(100):
                    z = z - np.linalg.solve(jacobian(z), f(z) - y)
                    if not np.isfinite(z).all(): break
                if np.isfinite(z).all() and np.abs(f(z) - y).max() < 1e-12: return z
                z = y + (1 + tries / 5) * own.normal(size=d)
            raise ArithmeticError("no root")
        sylvester.append(case(f, logAbsDet, inverse, points(d), units=m, reflections=vectors, r=r, s=s, b=b))

    write("elementary_maps.json", "numpy: Rezende & Mohamed 2015, equations 10, 12 and 14, inverted by scipy.optimize.brentq; van den Berg et al. 2018, "
          "equations 13 to 16, with the determinant of an M x M matrix, inverted by Newton's method; checked against differences",
          planar=planar, radial=radial, sylvester=sylvester)


chosen = sys.argv[1:]  # names of functions; all without
for make in (rational_quadratic_spline, affine, linear, permutation, philox, normal, elementary, gaussianization, elementary_maps):
    if not chosen or make.__name__ in chosen: make()
