/**
 * What can be exported: the one place that says which kind of model has which function in which target, and for what there is none the
 * reason and the way out. The exporters refuse by it, the tests run every cell of it, and the documentation is made of it.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { type ExportFunction, type ExportTarget, exportFunctions, exportTargets } from "./exportOptions.ts";

/** Why something is not exported, and what to do instead. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

/** How a model makes its rows: by a base and a bijection, or column by column. */
export type ModelForm = "flow" | "columns";

/** The form of a kind. */
export function formOf(kind: string): ModelForm {
  return kind === "columns" ? "columns" : "flow";
}

const ofColumns: Readonly<Record<Exclude<ExportFunction, "logprob">, Refusal>> = {
  "to-base": {
    reason:
      "where the base has a row of mixed columns is found column by column, by distribution functions that are steps where a column is discrete",
    remedy: "export the log-density alone, or the model as json; flow.toBase(rows) of the library has it",
  },
  sample: {
    reason:
      "rows of mixed columns are drawn column by column, each by a quantile that is searched for, and levels are no numbers",
    remedy: "export the log-density alone, or the model as json; flow.sample(n) of the library draws rows",
  },
};

/** Why a function of a model is not in a target; undefined where it is. A json file holds the whole model, whatever is computed of it. */
export function refusalOf(form: ModelForm, target: ExportTarget, what: ExportFunction): Refusal | undefined {
  return form === "columns" && target !== "json" && what !== "logprob" ? ofColumns[what] : undefined;
}

/**
 * The functions that are exported.
 * @throws UsageError for one that the model does not have there, and for several where a file has one.
 */
export function exportedFunctions(
  form: ModelForm,
  target: Exclude<ExportTarget, "json">,
  what: ExportFunction | "all",
): readonly ExportFunction[] {
  const possible = exportFunctions.filter((name) => !refusalOf(form, target, name));
  if (what === "all" && target === "onnx")
    throw new UsageError({
      where: "exportModel",
      problem: "a graph of onnx computes one function",
      expected: `function ${possible.map((name) => JSON.stringify(name)).join(", ")}`,
      received: what,
      remedy: "export one file for each, or to wasm",
    });
  if (what === "all") return possible;
  const refusal = refusalOf(form, target, what);
  if (!refusal) return [what];
  throw new UsageError({
    where: "exportModel",
    problem: `${refusal.reason}: ${target} has the log-density alone`,
    expected: `function ${possible.map((name) => JSON.stringify(name)).join(", ")}`,
    received: what,
    remedy: refusal.remedy,
  });
}

/** A cell of the matrix. */
export interface ExportCell {
  readonly kind: string;
  readonly what: ExportFunction;
  readonly target: ExportTarget;
  readonly precision: "float32" | "float64";
}

/** All cells of some kinds: a json file has the precision of the model and is read in float64. */
export function exportCells(kinds: readonly string[]): ExportCell[] {
  return kinds.flatMap((kind) =>
    exportTargets.flatMap((target) =>
      exportFunctions.flatMap((what) =>
        (target === "json" ? (["float64"] as const) : (["float64", "float32"] as const)).map((precision) => ({
          kind,
          what,
          target,
          precision,
        })),
      ),
    ),
  );
}
