/**
 * What a model's description may ask for: a few bytes can claim more work than any machine does in a lifetime. The
 * bounds lie far above what fits make (some tens of transforms, hundreds of layers, and one preimage).
 *
 * @module
 */

import { unreadable } from "../../errors.ts";

/** The bounds, as docs/model-format.md states them. */
export const modelBounds = {
  /** Bijections that are written out one by one. */
  parts: 4096,
  /** Bijections that are passed through, repetitions counted. */
  layers: 100_000,
  /**
   * Preimages of a point: 2^features for an absolute value, and for sorting, which has features!, in a loop; multiplied along a chain. A sort has at most 8
   * features: no chain of sorts within the bound goes through more than 8! 2! = 80,640 orders.
   */
  branches: 1024,
  /** Steps of a continuous flow with fixed steps. */
  steps: 10_000,
  /** Steps at most of a continuous flow with adaptive steps. */
  mostSteps: 100_000,
  /** Least tolerance of adaptive steps. */
  tolerance: 1e-15,
  /** Time of the data of a continuous flow, at most. */
  until: 1000,
  /** Terms times probes of a series of a residual flow. */
  terms: 16_384,
  /** Rounds of sampling of a residual flow. */
  iterations: 1_000_000,
} as const;

type Json = Readonly<Record<string, unknown>>;

interface Load {
  readonly parts: number;
  readonly layers: number;
  readonly branches: number;
}

function refuse(what: string, part: string, received: unknown, bound: number): never {
  throw unreadable(`its ${part}`, `has ${what} ${String(received)}, the bound is ${bound}`, {
    expected: `at most ${bound}`,
    received: String(received),
  });
}

/** Refuses a number above its bound; whether it is a number at all is for the bijection to say. */
function atMost(json: Json, option: string, bound: number, part: string): void {
  const size = json[option];
  if (typeof size === "number" && !(size <= bound)) refuse(option, part, size, bound);
}

/**
 * Refuses a description that asks for more than the bounds allow.
 * @param json - The description of a bijection, of a depth that has been checked.
 * @param part - What it is called in a message.
 * @throws FormatError that names the part and the bound.
 */
export function checkModelBounds(json: unknown, part: string): void {
  const load = loadOf(json, part);
  for (const what of ["parts", "layers", "branches"] as const)
    if (load[what] > modelBounds[what]) refuse(what, part, load[what], modelBounds[what]);
}

function loadOf(value: unknown, part: string): Load {
  const leaf: Load = { parts: 1, layers: 1, branches: 1 };
  if (typeof value !== "object" || value === null) return leaf;
  const json = value as Json;
  switch (json.type) {
    case "chain": {
      if (!Array.isArray(json.parts)) return leaf;
      const loads = json.parts.map((each, i) => loadOf(each, `${part}.parts.${i}`));
      return {
        parts: loads.reduce((sum, load) => sum + load.parts, 0),
        layers: loads.reduce((sum, load) => sum + load.layers, 0),
        branches: loads.reduce((product, load) => product * load.branches, 1),
      };
    }
    case "repeated": {
      const layerLoad = loadOf(json.layer, `${part}.layer`);
      atMost(json, "count", modelBounds.layers, part);
      const count = typeof json.count === "number" ? json.count : 1;
      return { ...layerLoad, layers: layerLoad.layers * count };
    }
    case "absoluteValue":
    case "sort":
      // Features that are no number are refused by the map.
      return { ...leaf, branches: 2 ** (json.features as number) };
    case "continuous":
      checkContinuous(json, part);
      return leaf;
    case "residual":
      checkResidual(json, part);
      return leaf;
    default:
      // Such as that of an inverse or an embedded map; the others have none, which is a leaf.
      return loadOf(json.inner, `${part}.inner`);
  }
}

function checkContinuous(json: Json, part: string): void {
  atMost(json, "until", modelBounds.until, part);
  const solver = json.solver as Json | null | undefined;
  if (typeof solver !== "object" || solver === null) return;
  atMost(solver, "steps", modelBounds.steps, `${part}.solver`);
  atMost(solver, "most", modelBounds.mostSteps, `${part}.solver`);
  const { tolerance } = solver;
  if (typeof tolerance === "number" && tolerance > 0 && tolerance < modelBounds.tolerance)
    throw unreadable(
      `its ${part}.solver`,
      `has tolerance ${tolerance}, the least is ${modelBounds.tolerance}`,
      { expected: `at least ${modelBounds.tolerance}`, received: String(tolerance) },
    );
}

function checkResidual(json: Json, part: string): void {
  atMost(json, "iterations", modelBounds.iterations, part);
  const logDet = json.logDet as Json | null | undefined;
  if (typeof logDet !== "object" || logDet === null) return;
  const size = (option: string, usual: number): number =>
    typeof logDet[option] === "number" ? (logDet[option] as number) : usual;
  const terms = size("terms", 20) * size("probes", 16);
  if (!(terms <= modelBounds.terms)) refuse("terms times probes", `${part}.logDet`, terms, modelBounds.terms);
}
