"""Scores of other detectors: for each folder with train.csv and test.csv one file of scores for each detector.

Columns are standardized by the training rows, as these detectors expect; all options are their defaults. Where both files hold the
same rows (`same` in the folder's name) the scores are those of the fit itself, in which a row is not its own neighbor.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np
from pyod.models.ecod import ECOD
from pyod.models.iforest import IForest
from pyod.models.knn import KNN
from pyod.models.lof import LOF
from pyod.models.mcd import MCD

warnings.filterwarnings("ignore")
detectors = {
    "IForest": lambda: IForest(random_state=0),
    "kNN": KNN,
    "LOF": LOF,
    "MCD": lambda: MCD(random_state=0),
    "ECOD": ECOD,
}

for folder in sorted(Path(sys.argv[1]).iterdir()):
    train = np.loadtxt(folder / "train.csv", delimiter=",", skiprows=1, ndmin=2)
    test = np.loadtxt(folder / "test.csv", delimiter=",", skiprows=1, ndmin=2)
    mean, deviation = train.mean(0), train.std(0)
    deviation[deviation == 0] = 1
    train, test = (train - mean) / deviation, (test - mean) / deviation
    for name, make in detectors.items():
        if (folder / f"{name}.txt").exists():
            continue
        start = time.time()
        detector = make()
        detector.fit(train)
        scores = detector.decision_scores_ if "same" in folder.name else detector.decision_function(test)
        np.savetxt(folder / f"{name}.txt", scores)
        print(folder.name, name, f"{time.time() - start:.1f} s", flush=True)
