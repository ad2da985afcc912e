import type { Architecture } from "../../src/architectures/architecture.ts";
import { kindOf } from "../../src/architectures/kindOf.ts";
import { standardization } from "../../src/bijections/linear/standardization.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FitOptions } from "../../src/fitting/fitOptions.ts";
import { loadParts } from "../../src/models/files/modelFile.ts";
import { Flow } from "../../src/models/flow.ts";
import { parameterTree } from "../../src/models/model.ts";
import { initialValues } from "../../src/models/parameters.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import type { Table } from "../../src/tables/table.ts";

/** A fit of an architecture in two epochs, on one thread. */
export async function fitArchitecture(
  table: Table,
  architecture: Architecture,
  options: FitOptions = {},
): Promise<Flow> {
  return (await fit(table, { seed: 1, epochs: 2, threads: 1, ...options, flow: architecture })).flow;
}

/** A flow of an architecture of two features and no context, with parameters near its start. */
export async function untrained(architecture: Architecture): Promise<Flow> {
  const { base, bijection, features } = architecture;
  const parts = {
    base,
    bijection,
    preparation: standardization({ features }),
    contextPreparation: undefined,
  };
  await loadParts(parts);
  const values = initialValues(parameterTree(parts), randomKey(1));
  const stream = new RandomStream(randomKey(2));
  for (const [name, data] of Object.entries(values))
    if (!name.startsWith("preparation"))
      values[name] = data.map((x) => Math.fround(x + 0.1 * stream.normal()));
  return new Flow({
    ...parts,
    kind: kindOf(architecture),
    columns: ["mass", "gap", "height"].slice(0, features),
    given: [],
    precision: "float32",
    values,
    fitted: { rows: 1, seed: 1, epochs: 1, trainLogProb: 0, validationLogProb: 0, dequantized: {} },
  });
}
