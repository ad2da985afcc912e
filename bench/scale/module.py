"""Rows a second of processor time of a module in wasmtime and in ClickHouse; see module.mjs. The last line is JSON."""

import json
import os
import sys
import time

import numpy as np
import wasmtime
from chdb import session

folder, precision = sys.argv[1:]
with open(f"{folder}/{precision}.json") as file:
    work = json.load(file)
columns, rows = work["columns"], work["rows"]

store = wasmtime.Store()
with open(f"{folder}/{precision}.wasm", "rb") as file:
    module = wasmtime.Module(store.engine, file.read())
exports = wasmtime.Instance(store, module, []).exports(store)
numbers = 1.3 * np.sin(1.7 * np.arange(rows * columns))
at, out = exports["allocate"](store, numbers.nbytes), exports["allocate"](store, 8 * rows)
exports["memory"].write(store, numbers.tobytes(), at)

with open(f"{os.path.dirname(os.path.abspath(__file__))}/../../test/exchange/clickHouse.xml") as file:
    configuration = file.read().replace("FOLDER", folder)
with open(f"{folder}/configuration.xml", "w") as file:
    file.write(configuration)
database = session.Session(f"{folder}/database-{precision}?config-file={folder}/configuration.xml")
for statement in work["statements"]:
    database.query(statement)
names = [f"x{i + 1}" for i in range(columns)]
definitions = ", ".join(f"{name} Float64" for name in names)
cells = ", ".join(f"1.3 * sin(1.7 * ({columns} * number + {i})) AS {name}" for i, name in enumerate(names))
database.query("DROP TABLE IF EXISTS numbers_of_rows")
database.query(f"CREATE TABLE numbers_of_rows ({definitions}) ENGINE = Memory AS SELECT {cells} FROM numbers({rows})")
query = f"SELECT sum({precision}_logprob({', '.join(names)})) FROM numbers_of_rows SETTINGS max_threads = 1"


def seconds(run):
    start = time.process_time()
    run()
    return time.process_time() - start


runs = {
    "wasmtime": lambda: exports["logprob"](store, at, rows, out),
    "clickHouse": lambda: database.query(f"{query}, webassembly_udf_max_input_block_size = 65536"),
    "whole": lambda: database.query(query),
}
turns = [{name: seconds(run) for name, run in runs.items()} for _ in range(work["turns"])]
shares = sorted(turn["wasmtime"] / turn["clickHouse"] for turn in turns)
rates = {name: round(rows / min(turn[name] for turn in turns)) for name in runs}
print(json.dumps({**rates, "share": shares[len(shares) // 2]}))
