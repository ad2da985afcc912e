/**
 * What the page and the worker of a flow say to each other.
 *
 * @module
 */

import type { SetName } from "../data/sets.ts";
import type { FlowChoice } from "../state.ts";

/** What the last step of a flow is called, which shifts and scales each axis. */
export const unitsOfData = "units of the data";

/** A square that is looked at, in the units of the data. */
export interface Square {
  readonly x: number;
  readonly y: number;
  /** Half of its side. */
  readonly half: number;
}

/** From the page to the worker; `threads` that may compute. */
export type Request =
  | {
      readonly type: "train";
      readonly run: number;
      readonly threads: number;
      /** x and y in turn; of an energy empty. */
      readonly points: Float64Array;
      /** Formula of an energy, in place of points. */
      readonly energy: string | undefined;
      /** The set that the points are of, if they are of one. */
      readonly set: SetName | undefined;
      readonly flow: FlowChoice;
      readonly steps: number;
      readonly seed: number;
      readonly view: Square;
    }
  | {
      readonly type: "open";
      readonly run: number;
      readonly threads: number;
      readonly bytes: Uint8Array;
      readonly points: Float64Array;
      readonly set: SetName | undefined;
      readonly seed: number;
      readonly view: Square;
    }
  | { readonly type: "hold"; readonly isHeld: boolean }
  | { readonly type: "probe"; readonly point: readonly [number, number] }
  | { readonly type: "take"; readonly run: number }
  /** Whether it is there: answered by the same. */
  | { readonly type: "beat" };

/**
 * Where a training is; log-densities are means in nats per point, in the units of the data. Of an energy both are minus the divergence of
 * the flow from the target.
 */
export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly trainLogProb: number;
  readonly heldOutLogProb: number;
  /** Steps a second, of the time that training took alone. */
  readonly rate: number;
}

/**
 * A flow at a moment of its training, as it is drawn. Positions are those at each stop, x and y in turn; the lattice is one of the base, four
 * standard deviations to each side. The first of a flow has the density and the data alone, at the last stop.
 */
export interface Snapshot extends Sheet {
  /** Log-densities on a grid over the view, row by row from its top. */
  readonly density: Float32Array;
  /** Rows and columns of that grid. */
  readonly size: number;
  readonly view: Square;
  /** A square lattice over the view, sent back from the data, in the last picture: it is fine where that of the base is torn apart. */
  readonly sentBack: Sheet | undefined;
  /** Lines of the grid of the base. */
  readonly lines: Lines;
  readonly samples: readonly Float32Array[];
  readonly data: readonly Float32Array[];
  /** Probability within the view by the density, and outside of it by the base. */
  readonly inside: number;
  readonly outside: number;
  /** Log-densities of the held-out points, one by one; of an energy there are none. */
  readonly heldOut: Float64Array;
}

/** Mean log-densities of the points that a flow is judged by, in nats, by what needs no training. */
export interface Reference {
  /** By the Gaussian that is fitted to the training points; undefined where they lie on a line. */
  readonly gaussian: number | undefined;
  /** By the density that the points were drawn from, where it is known. */
  readonly law: number | undefined;
}

/** A square lattice at each stop, `side` times `side` points, with the log-density at each. */
export interface Sheet {
  readonly lattice: readonly Float32Array[];
  readonly side: number;
  readonly heights: readonly Float32Array[];
}

/** Lines at each stop, their points after each other: line i has those from `starts[i]` to before `starts[i + 1]`. */
export interface Lines {
  readonly stops: readonly Float32Array[];
  readonly starts: readonly number[];
}

/** A point on its way through a flow, and how the surroundings are stretched. */
export interface Probed {
  readonly point: readonly [number, number];
  /** Where it is at each stop, from the base. */
  readonly path: readonly (readonly [number, number])[];
  /** Jacobian of the map from base to each stop, row-major. */
  readonly jacobians: readonly (readonly [number, number, number, number])[];
  /** The rim of a small square around it in the base, and what it becomes at each stop; x and y in turn. */
  readonly square: readonly Float32Array[];
  readonly baseLogProb: number;
  /** logAbsDet of each step on the way from the data to the base, in the order of the stops. */
  readonly steps: readonly number[];
  /** log p(point), computed by the density's own program. */
  readonly logProb: number;
}

/** What a failure is about: the flow, the formula of an energy, or a model file. */
export type Place = "flow" | "energy" | "model";

/** A model that was opened from a file. */
export interface Opened {
  readonly description: string;
  /** Names of its two columns. */
  readonly columns: readonly string[];
  /** Mean log-density in nats: of the points of the page where it is of those (or of the energy's), else of its own samples. */
  readonly meanLogProb: number;
  /** Around its samples, where the points of the page are not its data: those are not in its file. */
  readonly view: Square | undefined;
}

/** How a flow that has learned an energy is judged. */
export interface Judgment {
  /** Shape of the tail of the weights target / flow. */
  readonly kHat: number;
  /** Effective number of samples, as a share of those drawn. */
  readonly effectiveShare: number;
  /** Logarithm of the integral of exp(-energy), by a grid. */
  readonly logIntegral: number;
  /** Divergence of the flow from the target, by the same samples, and its standard error. */
  readonly divergence: { readonly mean: number; readonly standardError: number };
}

/** From the worker to the page; `run` says to which training it belongs. */
export type Reply =
  | {
      readonly type: "stops";
      readonly run: number;
      readonly names: readonly string[];
      /** Whether the base is a bell curve; else it is a density of its own. */
      readonly isNormal: boolean;
      readonly threads: number;
    }
  | { readonly type: "beat" }
  | { readonly type: "phase"; readonly run: number; readonly phase: "compiling" | "training" | "done" }
  | { readonly type: "progress"; readonly run: number; readonly progress: Progress }
  | { readonly type: "snapshot"; readonly run: number; readonly snapshot: Snapshot }
  | { readonly type: "probed"; readonly run: number; readonly probed: Probed }
  | { readonly type: "target"; readonly run: number; readonly points: Float64Array }
  | { readonly type: "reference"; readonly run: number; readonly reference: Reference }
  | { readonly type: "judged"; readonly run: number; readonly judgment: Judgment }
  | { readonly type: "model"; readonly run: number; readonly bytes: Uint8Array }
  | { readonly type: "opened"; readonly run: number; readonly opened: Opened }
  | {
      readonly type: "failed";
      readonly run: number;
      readonly message: string;
      readonly place: Place;
      /** Whether it was the writing of a model file that failed, and not the flow. */
      readonly isOfTake?: boolean;
      /** Whether it is a model of a table, which no map of the plane leads to. */
      readonly isOfTable?: boolean;
    };
