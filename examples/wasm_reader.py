"""Scores and draws rows by a module that `pushforward export --to wasm` has written, with wasmtime (`pip install wasmtime numpy`).

    python wasm_reader.py model.wasm rows.csv            a log-density a line
    python wasm_reader.py model.wasm noise.csv sample    a row a line, of rows of noise; or to_base

A table has what the model is given first, then its columns, or the noise, in the order of the module's description. An empty cell is a
missing one. Levels and moments enter as numbers, as the description says: `python wasm_reader.py model.wasm` prints it.
"""

import json
import sys

import numpy as np
import wasmtime


def integer(data: bytes, at: int) -> tuple[int, int]:
    """A number of the binary format (LEB128), and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def description(data: bytes) -> dict:
    """The custom section `pushforward`: columns, functions, how cells enter."""
    at = 8
    while at < len(data):
        kind = data[at]
        size, at = integer(data, at + 1)
        end = at + size
        if kind == 0:
            length, start = integer(data, at)
            if data[start : start + length] == b"pushforward":
                return json.loads(data[start + length : end])
        at = end
    raise ValueError("no module of pushforward")


class Model:
    """An instance, for one thread."""

    def __init__(self, data: bytes):
        self.description = description(data)
        self.store = wasmtime.Store()
        module = wasmtime.Module(self.store.engine, data)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)

    def __call__(self, function: str, rows: np.ndarray) -> np.ndarray:
        """What a function gives of rows `[n, width]`: `[n, results]`, of one result `[n]`."""
        note = self.description["functions"][function]
        rows = np.ascontiguousarray(rows, dtype="<f8").reshape(-1, note["width"])
        size = 8 * len(rows) * note["results"]
        at, out = (self.exports["allocate"](self.store, count) & 0xFFFFFFFF for count in (rows.nbytes, size))
        if 0 in (at, out):
            raise MemoryError("call it with fewer rows at a time")
        memory = self.exports["memory"]
        memory.write(self.store, rows.tobytes(), at)
        self.exports[function](self.store, at, len(rows), out)
        values = np.frombuffer(memory.read(self.store, out, out + size), dtype="<f8")
        for address in (at, out):
            self.exports["release"](self.store, address)
        return values if note["results"] == 1 else values.reshape(len(rows), -1)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        model = Model(file.read())
    if len(sys.argv) < 3:
        print(json.dumps(model.description, indent=2))
    else:
        # Text is an error, not a missing cell.
        number = lambda cell: float(cell.strip() or "nan")
        table = np.loadtxt(sys.argv[2], delimiter=",", skiprows=1, ndmin=2, converters=number, encoding="utf-8")
        name = sys.argv[3] if len(sys.argv) > 3 else "logprob"
        np.savetxt(sys.stdout, np.atleast_1d(model(name, table)), delimiter=",", fmt="%.17g")
