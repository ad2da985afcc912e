/**
 * A model as plain JSON: what its file holds, in text.
 *
 * @module
 */

import { FormatError } from "../../errors.ts";
import type { Tensor } from "../../formats/safetensors.ts";
import { containerBytes, openContainer } from "../../models/files/modelContainer.ts";
import { type Flow, load } from "../../models/flow.ts";
import { reasonOf } from "../../platform/systemErrors.ts";

/** Version of the format that is written. */
const jsonVersion = 1;

/** A parameter. */
interface JsonParameter {
  readonly type: "float32" | "float64";
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: readonly number[];
}

/** The whole file. */
interface ModelJson {
  readonly format: "pushforward";
  readonly formatVersion: number;
  /** The parts of the model as their `toJSON` gives them, its columns, and how it was fitted. */
  readonly model: object;
  readonly parameters: Readonly<Record<string, JsonParameter>>;
}

/** The bytes of a flow's file; equal flows give equal bytes. */
export function modelJson(flow: Flow): Uint8Array {
  const { json, tensors } = openContainer(flow.toBytes(), "the model");
  const parameters = Object.fromEntries(
    Array.from(tensors, ([name, { dtype, shape, data }]): [string, JsonParameter] => [
      name,
      // They are finite, which the model's own file checks.
      { type: dtype === "F32" ? "float32" : "float64", shape, values: Array.from(data, Number) },
    ]),
  );
  const file: ModelJson = {
    format: "pushforward",
    formatVersion: jsonVersion,
    model: json as object,
    parameters,
  };
  return new TextEncoder().encode(`${JSON.stringify(file)}\n`);
}

function unlike(problem: string, expected: string, received: string): FormatError {
  return new FormatError({ problem: `the export ${problem}`, expected, received });
}

/**
 * The flow of such a file.
 * @throws {@link FormatError} if it is none, or is damaged.
 */
export async function flowOfJson(bytes: Uint8Array): Promise<Flow> {
  let file: Partial<ModelJson> | null;
  try {
    file = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Partial<ModelJson> | null;
  } catch (error) {
    throw unlike(`is not JSON: ${reasonOf(error)}`, "JSON", "other bytes");
  }
  const { format, formatVersion, model, parameters } = file ?? {};
  if (
    format !== "pushforward" ||
    !model ||
    typeof model !== "object" ||
    !parameters ||
    typeof parameters !== "object"
  )
    throw unlike("is JSON, but not a model of pushforward", "what an export as JSON writes", "other JSON");
  if (formatVersion !== jsonVersion)
    throw unlike(`has format version ${formatVersion}`, `version ${jsonVersion}`, `${formatVersion}`);
  const tensors = new Map(
    Object.entries(parameters).map(([name, parameter]): [string, Tensor] => {
      const { type, shape, values } = (parameter ?? {}) as Partial<JsonParameter>;
      if (!Array.isArray(shape) || !Array.isArray(values) || (type !== "float32" && type !== "float64"))
        throw unlike(`has no type, shape and values of "${name}"`, "a parameter", "something else");
      const numbers = values.map((value) => (typeof value === "number" ? value : Number.NaN));
      return [
        name,
        type === "float32"
          ? { dtype: "F32", shape, data: Float32Array.from(numbers) }
          : { dtype: "F64", shape, data: Float64Array.from(numbers) },
      ];
    }),
  );
  return await load(containerBytes(model, tensors));
}
