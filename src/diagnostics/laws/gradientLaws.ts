/**
 * The laws of gradients: along the features of each row and along all trained parameters they are those of central differences.
 *
 * @module
 */

import { flattenTree } from "../../graph/parameters.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import type { RandomStream } from "../../random/philox.ts";
import { type LawResult, lengthOf, pointText, untried, Worst } from "./lawResult.ts";
import type { LawRows, LawSubject, Path } from "./lawSubject.ts";

/** Half of the distance of the points of a difference. */
const step = 1e-5;
/** How far a difference may be off, relative to 1 and what it is. */
const allowed = 1e-4;

/** @param starts - The rows that each path is tried at. */
export async function gradientLaws(
  subject: LawSubject,
  values: ParameterValues,
  starts: Partial<Readonly<Record<Path, LawRows>>>,
  stream: RandomStream,
): Promise<LawResult[]> {
  const ofRows = new Worst();
  const ofParameters = new Worst();
  const trained = Array.from(flattenTree(subject.bijection.parameters))
    .filter(([, { kind }]) => kind === "trained")
    .map(([name]) => name);
  for (const [path, rows] of Object.entries(starts) as [Path, LawRows][]) {
    await rowGradients(subject, values, path, rows, ofRows);
    if (trained.length > 0)
      await parameterGradients(subject, values, path, rows, trained, stream, ofParameters);
  }
  const law = "gradients of parameters are those of differences";
  return [
    ofRows.result("gradients are those of differences"),
    trained.length > 0 ? ofParameters.result(law) : untried(law, "there is no trained parameter"),
  ];
}

async function rowGradients(
  subject: LawSubject,
  values: ParameterValues,
  path: Path,
  rows: LawRows,
  worst: Worst,
): Promise<void> {
  const n = subject.bijection.features;
  const gradient = await subject.gradient(path, values, rows);
  const differences: Float64Array[] = [];
  for (let k = 0; k < n; k++) {
    const moved = (by: number): LawRows => ({
      ...rows,
      x: rows.x.map((value, i) => (i % n === k ? value + by : value)),
    });
    const above = await subject.loss(path, values, moved(step));
    const below = await subject.loss(path, values, moved(-step));
    differences.push(above.map((value, i) => (value - below[i]!) / (2 * step)));
  }
  for (let row = 0; row * n < rows.x.length; row++) {
    const of = (all: Float64Array): Float64Array => all.subarray(row * n, (row + 1) * n);
    const slope = Float64Array.from(differences, (column) => column[row]!);
    const own = of(gradient);
    worst.take(
      lengthOf(own.map((value, i) => value - slope[i]!)),
      allowed * (1 + lengthOf(slope)),
      () =>
        `${path} of ${pointText(of(rows.x))} has the gradient ${pointText(own)}, differences say ${pointText(slope)}`,
    );
  }
}

/** Of each parameter along a direction that is drawn, summed over the rows. */
async function parameterGradients(
  subject: LawSubject,
  values: ParameterValues,
  path: Path,
  rows: LawRows,
  names: readonly string[],
  stream: RandomStream,
  worst: Worst,
): Promise<void> {
  const gradients = await subject.parameterGradient(path, values, rows, names);
  for (const name of names) {
    const direction = values[name]!.map(() => stream.normal());
    const at = async (by: number): Promise<Float64Array> => {
      const moved = values[name]!.map((value, i) => value + by * direction[i]!);
      return await subject.loss(path, { ...values, [name]: moved }, rows);
    };
    const [above, below] = [await at(step), await at(-step)];
    const slope = above.reduce((sum, value, i) => sum + (value - below[i]!) / (2 * step), 0);
    const own = gradients[name]!.reduce((sum, value, i) => sum + value * direction[i]!, 0);
    worst.take(
      Math.abs(own - slope),
      allowed * (1 + Math.abs(slope)),
      () =>
        `${path}: the slope along a direction of the parameter ${name} is ${own}, differences say ${slope}`,
    );
  }
}
