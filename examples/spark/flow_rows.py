"""Scores, draws and ranks the rows of folders of Parquet files by a flow, on Spark or Ray.

    python flow_rows.py score     model.onnx  rows/  scores/   [--engine spark|ray] [--master local[*]]
    python flow_rows.py sample    draws.onnx  samples/         --rows 1000000 [--seed 1]
    python flow_rows.py anomalies model.onnx  rows/  strange/  [--top 100] [--ordinary other/ | --draws draws.onnx]

Needs `pip install onnxruntime pandas pyarrow` and pyspark, with Java 17 or later, or ray. The files are those of `pushforward export --to onnx`,
`draws.onnx` of its `--function sample`. Each worker has one session of onnxruntime; a table is in memory batch by batch.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from flow_model import BLOCK, FlowModel, model_of, strangest, with_p_values, with_scores

#: Ordinary rows that p-values are against, at most.
MOST_ORDINARY = 100_000


class Spark:
    """Tables are DataFrames of Spark, and a function goes over their batches by `mapInPandas`."""

    def __init__(self, master: str | None):
        from pyspark.sql import SparkSession

        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("pushforward")
        self.session = (builder.master(master) if master else builder).getOrCreate()
        # A module of its own, so that its sessions last as long as a worker.
        self.session.sparkContext.addPyFile(str(Path(__file__).with_name("flow_model.py")))
        self.session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", BLOCK)

    def read(self, folder: str):
        return self.session.read.parquet(folder)

    def scored(self, table, model: FlowModel):
        from pyspark.sql.types import DoubleType, StructField, StructType

        schema = StructType([*table.schema.fields, StructField("logProb", DoubleType())])
        return table.mapInPandas(lambda frames: (with_scores(model, frame) for frame in frames), schema)

    def drawn(self, model: FlowModel, rows: int, seed: int):
        def draw(frames):
            for frame in frames:
                for block in frame["id"]:
                    yield model.draw(block, min(BLOCK, rows - block * BLOCK), seed)

        blocks = -(-rows // BLOCK)
        schema = ", ".join(f"`{name}` double" for name in model.columns)
        parts = min(blocks, 4 * self.session.sparkContext.defaultParallelism)
        return self.session.range(0, blocks, 1, parts).mapInPandas(draw, schema)

    def lowest(self, scored, count: int) -> pd.DataFrame:
        from pyspark.sql.functions import col, isnan

        # Spark keeps so many rows of each part, no more.
        return scored.where(~isnan("logProb")).orderBy(col("logProb")).limit(count).toPandas()

    def some(self, scored, count: int) -> np.ndarray:
        rows = scored.count()
        drawn = scored if rows <= count else scored.sample(count / rows, seed=0)
        return drawn.select("logProb").toPandas()["logProb"].to_numpy()

    def write(self, table, folder: str) -> None:
        table.write.parquet(folder)

    def close(self) -> None:
        self.session.stop()


class Ray:
    """Tables are Datasets of Ray, and a function goes over their batches by `map_batches`."""

    def __init__(self, master: str | None):
        import ray

        here = str(Path(__file__).parent)
        ray.init(address=master, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": here}})
        self.ray = ray
        ray.data.DataContext.get_current().enable_progress_bars = False

    def read(self, folder: str):
        return self.ray.data.read_parquet(folder)

    def scored(self, table, model: FlowModel):
        return table.map_batches(lambda frame: with_scores(model, frame), batch_format="pandas", batch_size=BLOCK)

    def drawn(self, model: FlowModel, rows: int, seed: int):
        def draw(frame: pd.DataFrame) -> pd.DataFrame:
            (block,) = frame["id"]
            return model.draw(block, min(BLOCK, rows - block * BLOCK), seed)

        return self.ray.data.range(-(-rows // BLOCK)).map_batches(draw, batch_format="pandas", batch_size=1)

    def lowest(self, scored, count: int) -> pd.DataFrame:
        parts = scored.map_batches(lambda frame: strangest(frame, count), batch_format="pandas", batch_size=BLOCK)
        kept: list[pd.DataFrame] = []
        for frame in parts.iter_batches(batch_format="pandas"):
            kept = [strangest(pd.concat([*kept, frame]), count)]
        return kept[0] if kept else scored.limit(0).to_pandas()

    def some(self, scored, count: int) -> np.ndarray:
        rows = scored.count()
        drawn = scored if rows <= count else scored.random_sample(count / rows, seed=0)
        return drawn.select_columns(["logProb"]).to_pandas()["logProb"].to_numpy()

    def write(self, table, folder: str) -> None:
        # Beside it first: what is half done does not have the name.
        half = f"{folder.rstrip('/')}.unfinished"
        shutil.rmtree(half, ignore_errors=True)
        table.write_parquet(half)
        os.rename(half, folder)

    def close(self) -> None:
        self.ray.shutdown()


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["score", "sample", "anomalies"])
    parser.add_argument("model")
    parser.add_argument("folders", nargs="+", help="the table and the result; of sample the result alone")
    parser.add_argument("--engine", choices=["spark", "ray"], default="spark")
    parser.add_argument("--master", help="address of the cluster, such as local-cluster[2,1,1024] or spark://host:7077")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to draw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--top", type=int, default=100, help="rows to rank")
    parser.add_argument("--ordinary", help="folder of ordinary rows that the fit has not seen: p-values are against them")
    parser.add_argument("--draws", help="the model exported with --function sample: p-values are against rows that it draws")
    asked = parser.parse_args(arguments)
    if len(asked.folders) != (1 if asked.what == "sample" else 2):
        parser.error("score and anomalies take a table and a result, sample a result alone")
    if os.path.exists(asked.folders[-1]):
        parser.error(f"{asked.folders[-1]} is there already")
    return asked


def answer(engine: "Spark | Ray", asked: argparse.Namespace) -> None:
    """Does what is asked, and writes the result."""
    model, out = model_of(asked.model), asked.folders[-1]
    if asked.what == "sample":
        return engine.write(engine.drawn(model, asked.rows, asked.seed), out)
    scored = engine.scored(engine.read(asked.folders[0]), model)
    if asked.what == "score":
        return engine.write(scored, out)
    found = engine.lowest(scored, asked.top)
    if asked.ordinary:
        ordinary = engine.scored(engine.read(asked.ordinary), model)
    elif asked.draws:
        ordinary = engine.scored(engine.drawn(model_of(asked.draws), MOST_ORDINARY, asked.seed), model)
    else:
        ordinary = None
    if ordinary is not None:
        found = with_p_values(found, engine.some(ordinary, MOST_ORDINARY))
    os.makedirs(out)
    found.to_parquet(os.path.join(out, "strangest.parquet"), index=False)


def main() -> None:
    asked = parsed()
    engine = (Ray if asked.engine == "ray" else Spark)(asked.master)
    try:
        answer(engine, asked)
    finally:
        engine.close()


if __name__ == "__main__":
    main()
