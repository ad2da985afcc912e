"""Writes sinh_arcsinh.json beside this file: Jones & Pewsey's transformation and its density at 50 digits.

    pip install mpmath && python sinh_arcsinh.py

By itself, as it needs mpmath alone. The formulas are those of the paper (Biometrika 96, 2009, section 2.1): Z = sinh(delta asinh(X)
- epsilon), f(x) = (2 pi (1 + x^2))^(-1/2) delta C(x) exp(-S(x)^2 / 2), C(x) = sqrt(1 + S(x)^2). Nothing is clamped: |x| < 10.
"""

import json, pathlib, platform

import mpmath as mp

mp.mp.dps = 50
S = lambda x, e, d: mp.sinh(d * mp.asinh(x) - e)
density = lambda x, e, d: d * mp.sqrt(1 + S(x, e, d) ** 2) * mp.exp(-S(x, e, d) ** 2 / 2) / mp.sqrt(2 * mp.pi * (1 + x * x))

cases = []
for epsilon, delta in [(0, 1), (0.5, 1), (-1.25, 0.75), (2, 3.5), (-0.001, 0.3)]:
    e, d = mp.mpf(epsilon), mp.mpf(delta)
    x = [-9.5, -3, -1, -1e-3, -1e-9, 0, 1e-12, 0.25, 1, 2.5, 7]
    cases.append({
        "epsilon": epsilon,
        "delta": delta,
        "x": x,
        "z": [float(S(mp.mpf(v), e, d)) for v in x],
        "logDensity": [float(mp.log(density(mp.mpf(v), e, d))) for v in x],
    })
out = {"origin": f"mpmath {mp.__version__}, Python {platform.python_version()}", "cases": cases}
pathlib.Path(__file__).with_name("sinh_arcsinh.json").write_text(json.dumps(out, indent=1) + "\n")
