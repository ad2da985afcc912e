"""Archives of another writer, for test/formats/npz.test.ts: python makeNpz.py (numpy 2.4)."""

import os

import numpy as np

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npz")
os.makedirs(here, exist_ok=True)
x = np.arange(12.0).reshape(6, 2)
y = np.arange(6, dtype="<i4") - 3
for name, save in {"stored": np.savez, "deflated": np.savez_compressed}.items():
    save(os.path.join(here, f"columns-{name}"), a=y, b=(y * 0.25).astype("<f2"), c=np.arange(6) > 2)
np.savez(os.path.join(here, "matrix"), x)
np.savez_compressed(os.path.join(here, "both"), X=np.asfortranarray(x), y=y, label=np.array(list("abcdef")), n=5)
np.savez(os.path.join(here, "unlike"), train=x, test=x[:4])
np.savez(os.path.join(here, "deep"), images=np.zeros((2, 2, 2)), z=np.arange(2.0))
np.savez(os.path.join(here, "complex"), z=np.array([1j]))
for name, array in {"half": (np.arange(-3, 3) / 7).astype(">f2").reshape(3, 2), "fortran": np.asfortranarray(x), "complex": np.array([1j])}.items():
    np.save(os.path.join(here, name), array)
