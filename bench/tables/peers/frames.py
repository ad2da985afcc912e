"""Columns of the schema as models of data frames know them: levels and numbers, without missing cells and without atoms.

A column of numbers with several outcomes (a missing cell, atoms, any other number) becomes two: `NAME is`, which outcome a cell is, and
`NAME`, its number, for which a cell that is none has that of another row. A missing level is a level.
"""

import numpy as np
import pandas as pd


class Part:
    """A column as a data frame has it: what it is, its number, or both."""

    def __init__(self, column, cells):
        self.column = column
        outcome = column.outcomes(cells)
        self.first = len(column.atoms) + 1
        self.values = np.unique(cells[outcome == self.first])
        self.is_number = not column.levels and self.values.size > 0
        self.count = self.first + (column.levels or 1)
        self.has_classes = self.count > 2 or column.missing
        self.is_name = f"{column.name} is"

    def classes(self, cells):
        """0 a missing cell, then the atoms, then any other number or the levels."""
        outcome = self.column.outcomes(cells)
        classes = outcome.astype(int)
        if self.column.levels:
            is_value = outcome == self.first
            classes[is_value] = self.first + cells[is_value].astype(int)
        return classes

    def frame(self, cells, rng):
        """Its columns for a data frame, by name."""
        out = {}
        classes = self.classes(cells)
        if self.has_classes:
            out[self.is_name] = pd.Series(classes)
        if self.is_number:
            numbers = cells.copy()
            absent = classes != self.first
            numbers[absent] = rng.choice(cells[~absent], absent.sum())
            out[self.column.name] = pd.Series(numbers)
        return out

    def cells(self, frame):
        """Cells of a data frame's rows, before any is moved to what the schema allows."""
        rows = len(frame)
        cells = frame[self.column.name].to_numpy(dtype=float).copy() if self.is_number else np.zeros(rows)
        if self.has_classes:
            classes = frame[self.is_name].to_numpy(dtype=float).astype(int)
            if self.column.levels:
                cells = (classes - self.first).astype(float)
            for i, atom in enumerate(self.column.atoms):
                cells[classes == i + 1] = atom
            cells[classes == 0] = np.nan
        elif self.column.atoms and not self.is_number:
            cells[:] = self.column.atoms[0]
        return cells


def frame_of(parts, cells, rng):
    """The data frame of rows of cells."""
    columns = {}
    for j, part in enumerate(parts):
        columns.update(part.frame(cells[:, j], rng))
    return pd.DataFrame(columns)
