"""Synthetic rows of peers, each as its authors set it up: `synthesizers.py FOLDER NAME` writes as many rows as there are to train on.

    tvae, ctgan   `ctgan` (Xu et al. 2019), its defaults: 300 epochs, batches of 500
    copula        `copulas`, a Gaussian copula whose columns have beta distributions and whose levels are intervals of [0, 1], as SDV
                  sets it up by default
    forest-flow   `ForestDiffusion` (Jolicoeur-Martineau et al. 2024), flow matching by XGBoost, a smaller setting than its own: see below

None of them has missing cells, atoms, grids or bounds as the schema has. So they get the data frames of frames.py, and what they draw is
moved to the nearest value that the schema allows before it is judged: to their advantage. How many rows had to be moved is told.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd

from columns import Task, answer
from frames import Part, frame_of

warnings.filterwarnings("ignore")

# Of 100 copies of the rows, 50 levels of noise and 100 trees, as the authors have them for tables of a few hundred rows, a table of 3,000
# would take hours on one core.
FOREST_FLOW = {"duplicate_K": 10, "n_t": 20, "n_estimators": 50}


def gan(name, frame, discrete, rows, seed):
    import torch
    from ctgan import CTGAN, TVAE

    torch.set_num_threads(1)
    np.random.seed(seed)
    torch.manual_seed(seed)
    model = {"ctgan": CTGAN, "tvae": TVAE}[name](enable_gpu=False)
    model.set_random_state(seed)
    model.fit(frame.astype({column: str for column in discrete}), discrete)
    return model.sample(rows)


def copula(frame, discrete, rows, seed):
    from copulas.multivariate import GaussianMultivariate
    from copulas.univariate import BetaUnivariate
    from rdt.transformers import UniformEncoder

    np.random.seed(seed)
    encoders = {column: UniformEncoder() for column in discrete}
    encoded = frame.copy()
    for column, encoder in encoders.items():
        encoder.reset_randomization()
        encoded[column] = encoder.fit_transform(frame[[column]].astype(str), column)[column]
    model = GaussianMultivariate(distribution=BetaUnivariate, random_state=seed)
    model.fit(encoded)
    drawn = model.sample(rows)
    for column, encoder in encoders.items():
        drawn[column] = encoder.reverse_transform(drawn[[column]])[column]
    return drawn


def forest_flow(frame, discrete, rows, seed):
    from ForestDiffusion import ForestDiffusionModel

    # Levels are columns of 0 and 1, of which the largest is drawn: as the package does it, whose own way takes the indicators of
    # column 11 for those of column 1.
    indicators = [column for column in discrete if frame[column].nunique() > 2]
    wide = pd.get_dummies(frame, columns=indicators, prefix_sep=" = ", dtype=float)
    levels = {column: np.sort(frame[column].unique()) for column in discrete}
    for column in set(discrete) - set(indicators):
        wide[column] = np.searchsorted(levels[column], frame[column])
    model = ForestDiffusionModel(
        wide.to_numpy(dtype=float), diffusion_type="flow", n_jobs=1, n_batch=0, seed=seed, nthread=1, **FOREST_FLOW
    )
    drawn = pd.DataFrame(model.generate(batch_size=rows), columns=wide.columns)
    out = {}
    for column in frame.columns:
        if column in indicators:
            choices = drawn[[f"{column} = {level}" for level in levels[column]]].to_numpy()
            out[column] = levels[column][choices.argmax(1)]
        elif column in levels:
            out[column] = levels[column][np.clip(np.rint(drawn[column]), 0, len(levels[column]) - 1).astype(int)]
        else:
            out[column] = drawn[column]
    return pd.DataFrame(out)


def main():
    task, name = Task(sys.argv[1]), sys.argv[2]
    rows = len(task.train)
    parts = [Part(column, task.train[:, j]) for j, column in enumerate(task.columns)]
    frame = frame_of(parts, task.train, np.random.default_rng(task.seed))
    discrete = [part.is_name for part in parts if part.has_classes]
    started, began = time.time(), time.process_time()
    if name == "copula":
        drawn = copula(frame, discrete, rows, task.seed)
    elif name == "forest-flow":
        drawn = forest_flow(frame, discrete, rows, task.seed)
    else:
        drawn = gan(name, frame, discrete, rows, task.seed)
    seconds, processor = time.time() - started, time.process_time() - began
    cells = np.column_stack([part.cells(drawn) for part in parts])
    forbidden = np.column_stack([column.forbidden(cells[:, j]) for j, column in enumerate(task.columns)])
    task.write(name, np.column_stack([column.repaired(cells[:, j]) for j, column in enumerate(task.columns)]))
    answer(seconds=seconds, processorSeconds=processor, forbidden=float(forbidden.any(1).mean()))


main()
