/**
 * What the page shows, as one plain object. A link holds all of it.
 *
 * @module
 */

import { longestFormula } from "./data/energies.ts";
import { pointSets, type SetName } from "./data/sets.ts";

/** Kinds of flow that the page trains, with what one can choose of each. */
export const kinds = {
  "nsf-ar": { label: "Neural spline flow, autoregressive", depth: 4, width: 32 },
  nsf: { label: "Neural spline flow, couplings", depth: 4, width: 32 },
  realnvp: { label: "RealNVP: affine couplings", depth: 8, width: 32 },
  maf: { label: "Masked autoregressive flow", depth: 6, width: 32 },
  iaf: { label: "Inverse autoregressive flow", depth: 6, width: 32 },
  nice: { label: "NICE: additive couplings", depth: 8, width: 32 },
  naf: { label: "Neural autoregressive flow", depth: 3, width: 32 },
  sospf: { label: "Sum-of-squares flow", depth: 3, width: 32 },
  bpf: { label: "Bernstein polynomial flow", depth: 3, width: 32 },
  ttf: { label: "Tail transform flow", depth: 3, width: 32 },
  planar: { label: "Planar flow", depth: 24 },
  radial: { label: "Radial flow", depth: 24 },
  sylvester: { label: "Sylvester flow", depth: 8 },
  residual: { label: "Residual flow", depth: 6, width: 32 },
  cnf: { label: "Continuous flow", width: 32 },
  gaussianization: { label: "Gaussianization (no network)" },
  sliced: { label: "Sliced transport (no network)" },
  "dual-ascent": { label: "Dual ascent (no network)" },
  "gradient-flow": { label: "Gradient flow of a mixture" },
  mixture: { label: "Gaussian mixture" },
  gaussian: { label: "Gaussian" },
} as const satisfies Record<string, KindOnPage>;

/** What one can choose of a kind, with what it begins with. */
export interface KindOnPage {
  readonly label: string;
  readonly depth?: number;
  readonly width?: number;
}

/** A kind that the page trains. */
export type KindName = keyof typeof kinds;

/** What the library fits: a gradient flow is the way to a mixture, whose density it has. */
export const fittedKind = (kind: KindName): Exclude<KindName, "gradient-flow"> =>
  kind === "gradient-flow" ? "mixture" : kind;

/** Whether a kind is trained by gradients, and so can be watched. */
export const isLive = (kind: KindName): boolean => "depth" in kinds[kind] || "width" in kinds[kind];

/** A flow as it is chosen. */
export interface FlowChoice {
  readonly kind: KindName;
  /** Transforms; of kinds that have such. */
  readonly depth: number;
  /** Units of each hidden layer; of kinds that have such. */
  readonly width: number;
}

/** Where the points come from. */
export type DataChoice =
  | { readonly from: "set"; readonly name: SetName; readonly rows: number }
  | { readonly from: "drawn"; readonly points: readonly number[] }
  | { readonly from: "energy"; readonly formula: string };

/** What the picture shows. */
export const layers = ["density", "contours", "data", "samples", "grid"] as const;

/** One of them. */
export type LayerName = (typeof layers)[number];

/** All that can be chosen on the page. */
export interface State {
  readonly data: DataChoice;
  readonly flow: FlowChoice;
  /** The flow beside it, if two are compared. */
  readonly other: FlowChoice | undefined;
  readonly steps: number;
  readonly seed: number;
  readonly shown: readonly LayerName[];
  /** Where the slider is: 0 is the base, 1 the data. */
  readonly at: number;
  /** The probe, in the units of the data. */
  readonly probe: readonly [number, number];
}

/** A flow of a kind, with the sizes that it begins with. */
export function flowOfKind(kind: KindName): FlowChoice {
  const { depth = 0, width = 0 }: KindOnPage = kinds[kind];
  return { kind, depth, width };
}

/** What the page begins with. */
export const firstState: State = {
  data: { from: "set", name: "moons", rows: 2000 },
  flow: flowOfKind("nsf-ar"),
  other: undefined,
  steps: 1000,
  seed: 1,
  shown: ["density", "contours", "data", "grid"],
  at: 1,
  probe: [0, 1.4],
};

/** Fewest and most points that are drawn by hand: fewer say nothing, more do not fit into a link. */
export const fewestDrawn = 50;
export const mostDrawn = 1500;

/** Drawn points are kept on a grid of so many places to each side, over this half-width. */
const places = 4095;
/** Half-width of the sheet that one draws on. */
export const sheet = 5;

/** A number on the grid of drawn points. */
export function onSheet(value: number): number {
  const place = Math.round(((value + sheet) / (2 * sheet)) * places);
  return (Math.min(places, Math.max(0, place)) / places) * 2 * sheet - sheet;
}

/** Drawn points as text of a link: 12 bits a coordinate, four letters a point. */
function textOfPoints(points: readonly number[]): string {
  let bytes = "";
  for (let i = 0; i + 1 < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!].map((v) =>
      Math.round(((v + sheet) / (2 * sheet)) * places),
    ) as [number, number];
    bytes += String.fromCharCode(x >> 4, ((x & 15) << 4) | (y >> 8), y & 255);
  }
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_");
}

function pointsOfText(text: string): number[] {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const points: number[] = [];
  for (let i = 0; i + 2 < bytes.length; i += 3) {
    const [a, b, c] = [bytes.charCodeAt(i), bytes.charCodeAt(i + 1), bytes.charCodeAt(i + 2)] as const;
    for (const place of [(a << 4) | (b >> 4), ((b & 15) << 8) | c])
      points.push((place / places) * 2 * sheet - sheet);
  }
  return points;
}

const textOfFlow = ({ kind, depth, width }: FlowChoice): string => `${kind},${depth},${width}`;

/** A whole number within bounds; anything else is not one. */
function whole(text: string | null | undefined, least: number, most: number): number | undefined {
  const value = text ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;
}

/** Bounds of what can be typed. */
export const bounds = { depth: [1, 64], width: [4, 128], rows: [100, 10_000], steps: [100, 20_000] } as const;

function flowOfText(text: string | null): FlowChoice | undefined {
  const [kind = "", depth, width] = (text ?? "").split(",");
  if (!Object.hasOwn(kinds, kind)) return undefined;
  const usual = flowOfKind(kind as KindName);
  return {
    kind: usual.kind,
    depth: usual.depth && (whole(depth, ...bounds.depth) ?? usual.depth),
    width: usual.width && (whole(width, ...bounds.width) ?? usual.width),
  };
}

/** The state as the part of a link behind the #; what is as at the beginning is left out. */
export function linkOf(state: State): string {
  const fields = new URLSearchParams();
  const { data } = state;
  if (data.from === "drawn") fields.set("points", textOfPoints(data.points));
  else if (data.from === "energy") fields.set("energy", data.formula);
  else fields.set("data", `${data.name},${data.rows}`);
  fields.set("flow", textOfFlow(state.flow));
  if (state.other) fields.set("other", textOfFlow(state.other));
  fields.set("steps", String(state.steps));
  fields.set("seed", String(state.seed));
  fields.set("show", state.shown.join(","));
  fields.set("at", String(Number(state.at.toFixed(3))));
  fields.set("probe", state.probe.map((value) => String(Number(value.toFixed(3)))).join(","));
  return fields.toString().replaceAll("%2C", ",");
}

/** The state of a link; what it does not say, or says wrongly, is as at the beginning. */
export function stateOfLink(link: string): State {
  const fields = new URLSearchParams(link.replace(/^#/, ""));
  const [name = "", rows] = (fields.get("data") ?? "").split(",");
  const energy = fields.get("energy");
  const data: DataChoice | undefined = energy
    ? { from: "energy", formula: energy.slice(0, longestFormula) }
    : dataOf(fields.get("points"), name, rows);
  const shown = fields.get("show")?.split(",");
  const at = Number(fields.get("at") ?? Number.NaN);
  const probe = (fields.get("probe") ?? "").split(",").map(Number);
  return {
    data: data ?? firstState.data,
    flow: flowOfText(fields.get("flow")) ?? firstState.flow,
    other: flowOfText(fields.get("other")),
    steps: whole(fields.get("steps"), ...bounds.steps) ?? firstState.steps,
    seed: whole(fields.get("seed"), 0, 2 ** 31) ?? firstState.seed,
    shown: shown ? layers.filter((layer) => shown.includes(layer)) : firstState.shown,
    at: at >= 0 && at <= 1 ? at : firstState.at,
    probe: probe.length === 2 && probe.every(Number.isFinite) ? [probe[0]!, probe[1]!] : firstState.probe,
  };
}

function dataOf(points: string | null, name: string, rows: string | undefined): DataChoice | undefined {
  if (points) {
    try {
      const drawn = pointsOfText(points).slice(0, 2 * mostDrawn);
      if (drawn.length >= 2) return { from: "drawn", points: drawn };
    } catch {
      // Not letters of a link: as if there were none.
    }
  }
  if (!Object.hasOwn(pointSets, name)) return undefined;
  return { from: "set", name: name as SetName, rows: whole(rows, ...bounds.rows) ?? 2000 };
}
