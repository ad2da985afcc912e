"""A flow from an ONNX file of `pushforward export --to onnx`: tables of pandas in, log-densities and samples out.

It knows no engine. In each process there is one session of onnxruntime for each file, of one thread: engines start a process for each core.
"""

import hashlib
import json
from functools import lru_cache

import numpy as np
import onnxruntime
import pandas as pd

#: Rows that are drawn from one seed, and that engines hand over at once.
BLOCK = 65_536
#: Rows that go through a graph at once: of so many each result fits into the cache of a core, which takes half the time of a whole BLOCK.
PIECE = 1024

_sessions: dict[str, onnxruntime.InferenceSession] = {}


class FlowModel:
    """The bytes of a file, which go from process to process, and what they say of themselves."""

    def __init__(self, data: bytes):
        self.data = data
        self.digest = hashlib.sha256(data).hexdigest()
        self.notes = json.loads(self.session.get_modelmeta().custom_metadata_map["pushforward"])

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """That of this process, made when it is first needed."""
        if self.digest not in _sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            _sessions[self.digest] = onnxruntime.InferenceSession(self.data, options)
        return _sessions[self.digest]

    def run(self, **inputs: np.ndarray) -> np.ndarray:
        """What the graph gives of rows `[n, columns]` and what they are given, piece by piece."""
        kinds = {each.name: each.type.removeprefix("tensor(").removesuffix(")") for each in self.session.get_inputs()}
        kinds = {name: {"float": "float32", "double": "float64"}[kind] for name, kind in kinds.items()}
        feeds = {name: np.ascontiguousarray(rows, kinds[name]) for name, rows in inputs.items() if name in kinds}
        parts = [
            self.session.run(None, {name: rows[at : at + PIECE] for name, rows in feeds.items()})[0]
            for at in range(0, max(1, len(next(iter(feeds.values())))), PIECE)
        ]
        return np.concatenate(parts).astype("float64")

    def log_prob(self, frame: pd.DataFrame) -> np.ndarray:
        """Log-densities of rows, in nats: a number that is not one where a cell is missing that the flow needs."""
        if self.notes["function"] != "logprob":
            raise ValueError(f"the file gives {self.notes['function']}; export it with --function logprob")
        return self.run(rows=numbers(frame, self.notes["columns"]), given=numbers(frame, self.notes["given"]))

    def draw(self, block: int, rows: int, seed: int) -> pd.DataFrame:
        """The rows of one block of up to BLOCK. They depend on the seed and the block alone, not on who draws it."""
        if self.notes["function"] != "sample" or self.notes["given"]:
            raise ValueError("the file cannot draw; export a model that is given nothing with --function sample")
        noise = np.random.Generator(np.random.Philox([seed, block])).standard_normal((rows, self.notes["noise"]))
        return pd.DataFrame(self.run(noise=noise), columns=self.columns)

    @property
    def columns(self) -> list[str]:
        return [column["name"] for column in self.notes["columns"]]


def numbers(frame: pd.DataFrame, columns: list[dict]) -> np.ndarray:
    """Cells as the graph takes them, `[n, columns]`, as the notes on the columns say."""
    missing = [column["name"] for column in columns if column["name"] not in frame.columns]
    if missing:
        raise KeyError(f"the table has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
    cells = [_numbers_of(frame[column["name"]], column) for column in columns]
    return np.column_stack(cells) if cells else np.empty((len(frame), 0))


def _numbers_of(cells: pd.Series, column: dict) -> np.ndarray:
    kind = column.get("kind")
    if "levels" in column and not (kind == "boolean" and pd.api.types.is_bool_dtype(cells)):
        places = {_key(level): place for place, level in enumerate(column["levels"])}
        if kind == "boolean":
            places |= {"True": 1, "False": 0} | {key: place for key, place in places.items()}
        codes = cells.map(lambda cell: places.get(_key(cell), -1), na_action="ignore")
        return codes.astype("float64").to_numpy()
    if kind == "date-time":
        moments = pd.to_datetime(cells, utc=True)
        return np.where(moments.isna(), np.nan, moments.astype("datetime64[us, UTC]").astype("int64") / 1000)
    if column.get("written") == "time-of-day" and not pd.api.types.is_numeric_dtype(cells):
        clock = cells.astype("string").str.replace(r"^(\d+:\d+)$", r"\1:00", regex=True)
        return pd.to_timedelta(clock).dt.total_seconds().to_numpy("float64", na_value=np.nan)
    values = pd.to_numeric(cells).to_numpy("float64", na_value=np.nan)
    return _decimals(values, column) if "rounded" in column else values


def _key(cell) -> str:
    """A level is the same whether a table has it as a text or as a number."""
    if isinstance(cell, str):
        return cell
    return repr(int(cell)) if isinstance(cell, (int, float, np.number)) and cell == int(cell) else str(cell)


def _decimals(values: np.ndarray, column: dict) -> np.ndarray:
    """The decimals that single precision has rounded in this column; what is no such number stays."""
    written = [np.format_float_positional(column.get(name, 0), trim="-") for name in ("step", "from")]
    places = column.get("decimals", max(len(text.partition(".")[2]) for text in written))
    decimals = np.round(values, places)
    return np.where(np.abs(decimals - values) <= 2**-23 * np.abs(values), decimals, values)


@lru_cache(maxsize=None)
def model_of(path: str) -> FlowModel:
    """The model of a file."""
    with open(path, "rb") as file:
        return FlowModel(file.read())


def with_scores(model: FlowModel, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with the column logProb."""
    return frame.assign(logProb=model.log_prob(frame))


def strangest(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """The rows of the lowest log-densities, the lowest first. Rows without one are left out."""
    return frame.dropna(subset=["logProb"]).nsmallest(count, "logProb", keep="first")


def with_p_values(frame: pd.DataFrame, ordinary: np.ndarray) -> pd.DataFrame:
    """
    The share of ordinary rows that are at least as strange: (1 + their number) / (1 + all). Of an ordinary row P(p <= a) is at most
    a + 1 / (1 + all), if the ordinary ones have not been fitted.
    """
    known = np.sort(ordinary[~np.isnan(ordinary)])
    below = np.searchsorted(known, frame["logProb"], side="right")
    return frame.assign(pValue=(1 + below) / (1 + len(known)))
