/**
 * The rows that a training sees: on the base side of the preparation, with what its loss has prepared ahead.
 *
 * @module
 */

import type { Training } from "../../architectures/training.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import * as g from "../../graph/ops.ts";
import { bindTree, subtreeOf } from "../../graph/parameters.ts";
import { structureInPieces } from "../../graph/structure.ts";
import { engineOf } from "../../models/evaluation.ts";
import { type Model, parameterTree, preparedContext } from "../../models/model.ts";
import { inPieces } from "../../platform/pieces.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import type { FitOptions } from "../fitOptions.ts";
import type { Rows } from "../gradient/minimize.ts";

/** Rows on the base side of a preparation, row-major. */
export interface PreparedRows {
  readonly data: Float64Array;
  readonly context: Float64Array;
  /** Of the way there, a number per row. */
  readonly logAbsDet: Float64Array;
}

/** Rows on the base side of a model's preparation, in float64. */
export async function prepareRows(
  model: Model,
  data: Float64Array,
  context: Float64Array,
  options: FitOptions,
): Promise<PreparedRows> {
  const width = model.columns.length;
  const engine = engineOf({ ...options, precision: "float64" });
  const bound = bindTree(parameterTree(model));
  const mapped = model.preparation.inverse(g.input("data", [width]), subtreeOf(bound, "preparation"));
  const contextRows = model.contextPreparation
    ? preparedContext(model, g.input("context", [model.given.length]), bound)
    : undefined;
  const outputs = {
    data: mapped.value,
    logAbsDet: mapped.logAbsDet,
    ...(contextRows ? { context: contextRows } : {}),
  };
  // One preparation is used for several sets of rows, and again for the next fit of as many columns.
  const structure = await inPieces(structureInPieces(Object.values(outputs), "rows"), options.signal);
  const executable = await engine.compile({ rows: outputs }, { signal: options.signal, structure });
  try {
    await setKnownParameters(executable, model.values);
    const inputs = contextRows ? { data, context } : { data };
    const { rows } = await executable.run({ rows: data.length / width, inputs }, { signal: options.signal });
    return { data: rows.data!, logAbsDet: rows.logAbsDet!, context: rows.context ?? new Float64Array(0) };
  } finally {
    executable.dispose();
  }
}

/** The rows of each epoch: with its set of companions, which is made when it is first needed. */
export function withCompanions(
  training: Training,
  { rows, inputs }: Rows,
  seed: number,
): (epoch: number) => Rows {
  const sets: Rows[] = [];
  const key = split(randomKey(seed), "companions");
  const data = inputs.data!;
  return (epoch) => {
    const set = epoch % (training.companionSets ?? 1);
    sets[set] ??= {
      rows,
      inputs: {
        ...inputs,
        ...training.companions!(
          { data, features: data.length / rows, isWeighted: inputs.weight !== undefined },
          new RandomStream(split(key, set)),
        ),
      },
    };
    return sets[set];
  };
}
