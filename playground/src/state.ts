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
  unaf: { label: "Unconstrained neural autoregressive flow", depth: 3, width: 32 },
  bnaf: {
    label: "Block neural autoregressive flow",
    depth: 3,
    width: 16,
    note: "It has no inverse in closed form: the way from the base to the data is found by a search, to all digits.",
  },
  gf: {
    label: "Gaussianization flow",
    depth: 6,
    note: "Mixtures of each axis and rotations, trained together; there is no network in it.",
  },
  "mixture-of-flows": {
    label: "Mixture of three spline flows",
    depth: 2,
    width: 32,
    note: "A sum of three flows has no single map to run through: the sum stands at the base, and the slider changes the units alone.",
    isOfPoints: true,
  },
  planar: { label: "Planar flow", depth: 24 },
  radial: { label: "Radial flow", depth: 24 },
  sylvester: { label: "Sylvester flow", depth: 8 },
  residual: { label: "Residual flow", depth: 6, width: 32 },
  cnf: { label: "Continuous flow", width: 32 },
  "flow-matching": {
    label: "Flow matching",
    width: 48,
    note: "It learns which way to go from noise to points, not their density: held-out points alone are scored, at some of the steps.",
    isOfPoints: true,
  },
  "gradient-flow": { label: "Gradient flow of a mixture" },
  gaussianization: { label: "Gaussianization (no network)" },
  sliced: { label: "Sliced transport (no network)" },
  "dual-ascent": { label: "Dual ascent (no network)" },
  mixture: {
    label: "Gaussian mixture",
    note: "It has no layers: the sum of bell curves stands at the base, and the slider changes the units alone.",
  },
  kde: {
    label: "Kernel density (no network)",
    note: "A small bell curve on each point, and nothing is trained but its width. It has no layers: the slider changes the units alone.",
  },
  gaussian: { label: "Gaussian" },
} as const satisfies Record<string, KindOnPage>;

/** Families of kinds, as they follow each other: what they are called, and the first of each. */
export const families: readonly (readonly [string, KindName])[] = [
  ["Maps of each axis", "nsf-ar"],
  ["Small steps", "planar"],
  ["Through time", "cnf"],
  ["Fitted at once", "gaussianization"],
];

/** What one can choose of a kind, with what it begins with. */
export interface KindOnPage {
  readonly label: string;
  readonly depth?: number;
  readonly width?: number;
  /** What is not as with most others, in words. */
  readonly note?: string;
  /** Whether it is trained on points alone, and cannot learn an energy. */
  readonly isOfPoints?: true;
}

/** A kind that the page trains. */
export type KindName = keyof typeof kinds;

/** What the library fits: a gradient flow is the way to a mixture, whose density it has. */
export const fittedKind = (kind: KindName): Exclude<KindName, "gradient-flow"> =>
  kind === "gradient-flow" ? "mixture" : kind;

/** Whether a kind is trained by gradients, and so can be watched. */
export const isLive = (kind: KindName): boolean => "depth" in kinds[kind] || "width" in kinds[kind];

/** Whether a kind can learn an energy: its samples follow from noise by a map that has gradients. */
export const learnsEnergies = (kind: KindName): boolean => isLive(kind) && !("isOfPoints" in kinds[kind]);

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

/** Bounds of what can be typed. */
export const bounds = {
  depth: [1, 64],
  width: [4, 128],
  rows: [100, 10_000],
  steps: [100, 20_000],
  seed: [0, 999_999],
  probe: [-100, 100],
} as const;

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

/** Kinds of the library that are not for points of the plane, and why. */
export const elsewhere: Readonly<Record<string, string>> = {
  ncsf: "is a flow of angles, which come round, and the axes of this plane do not (a table of angles has it)",
  columns: "is for tables, and is there when one is open",
};

/** Parts of the page that a link speaks of. */
export type LinkPart = "data" | "flow" | "other" | "training" | "picture";

/** What a link says that cannot be, by part of the page, in words. */
export type Remarks = Readonly<Partial<Record<LinkPart, string>>>;

/** A link as it is read: what it does not say is as at the beginning, and so is what it says wrongly, with a remark. */
export interface LinkRead {
  readonly state: State;
  readonly remarks: Remarks;
}

/** What a link consists of. */
const fieldNames: readonly string[] = [
  "data",
  "points",
  "energy",
  "flow",
  "other",
  "steps",
  "seed",
  "show",
  "at",
  "probe",
];

/** A piece of a link as a remark repeats it. */
const quoted = (text: string): string => `"${text.length > 40 ? `${text.slice(0, 40)} …` : text}"`;

class LinkReader {
  readonly remarks: Partial<Record<LinkPart, string>> = {};
  readonly #fields: URLSearchParams;

  constructor(link: string) {
    this.#fields = new URLSearchParams(link.replace(/^#/, ""));
  }

  #remark(part: LinkPart, line: string): void {
    this.remarks[part] = [this.remarks[part] ?? [], line].flat().join(" ");
  }

  /** A whole number within bounds. */
  #whole(
    part: LinkPart,
    name: string,
    text: string | null | undefined,
    [least, most]: readonly [number, number],
    usual: number,
  ): number {
    if (text === null || text === undefined) return usual;
    const value = text === "" ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const range = `from ${least} to ${most.toLocaleString("en")}`;
    this.#remark(
      part,
      `${name} of this link, ${quoted(text)}, is no whole number ${range}: ${usual} is taken.`,
    );
    return usual;
  }

  flow(part: "flow" | "other"): FlowChoice | undefined {
    const text = this.#fields.get(part);
    if (text === null) return undefined;
    const [kind = "", depth, width] = text.split(",");
    if (!Object.hasOwn(kinds, kind)) {
      const instead =
        part === "other" ? "nothing is compared" : `this is the ${kinds[firstState.flow.kind].label}`;
      this.#remark(
        part,
        Object.hasOwn(elsewhere, kind)
          ? `The flow of this link, ${kind}, ${elsewhere[kind]}: ${instead}.`
          : `There is no flow ${quoted(kind)}, as this link asks for: ${instead}.`,
      );
      return undefined;
    }
    const usual = flowOfKind(kind as KindName);
    return {
      kind: usual.kind,
      depth: usual.depth && this.#whole(part, "The depth", depth, bounds.depth, usual.depth),
      width: usual.width && this.#whole(part, "The width", width, bounds.width, usual.width),
    };
  }

  data(): DataChoice | undefined {
    const [energy, points, set] = ["energy", "points", "data"].map((name) => this.#fields.get(name));
    if (energy) {
      if (energy.length > longestFormula)
        this.#remark("data", `The formula of this link has more than ${longestFormula} letters: it is cut.`);
      return { from: "energy", formula: energy.slice(0, longestFormula) };
    }
    if (points) {
      const drawn = drawnOf(points);
      if (drawn && drawn.length > 2 * mostDrawn)
        this.#remark("data", `This link has more than ${mostDrawn} drawn points: the first are shown.`);
      if (drawn) return { from: "drawn", points: drawn.slice(0, 2 * mostDrawn) };
      this.#remark("data", "The drawn points of this link cannot be read: perhaps it was cut on its way.");
    }
    if (!set) return undefined;
    const [name = "", rows] = set.split(",");
    if (Object.hasOwn(pointSets, name))
      return {
        from: "set",
        name: name as SetName,
        rows: this.#whole("data", "The number of points", rows, bounds.rows, 2000),
      };
    const { label } = pointSets.moons;
    this.#remark("data", `There are no points ${quoted(name)}, as this link asks for: these are ${label}.`);
    return undefined;
  }

  number(name: "steps" | "seed", range: readonly [number, number]): number {
    const words = name === "steps" ? "The number of steps" : "The seed";
    return this.#whole("training", words, this.#fields.get(name), range, firstState[name]);
  }

  /** What is no part of a link. */
  others(): void {
    const unknown = [...this.#fields.keys()].filter((name) => !fieldNames.includes(name));
    if (unknown.length > 0)
      this.#remark("picture", `This link says ${unknown.map(quoted).join(", ")}, which means nothing here.`);
  }

  picture(): Pick<State, "shown" | "at" | "probe"> {
    const [show, place, point] = ["show", "at", "probe"].map((name) => this.#fields.get(name) ?? undefined);
    const asked = show?.split(",");
    const unknown = asked?.filter((name) => name !== "" && !(layers as readonly string[]).includes(name));
    if (unknown?.length)
      this.#remark("picture", `The picture has no ${unknown.map(quoted).join(", ")}, as this link asks for.`);
    const at = place ? Number(place) : firstState.at;
    const isPlace = at >= 0 && at <= 1;
    if (!isPlace)
      this.#remark(
        "picture",
        `The place of the slider in this link, ${quoted(place!)}, is not between 0 and 1.`,
      );
    const probe = point === undefined ? firstState.probe : point.split(",").map(Number);
    const [least, most] = bounds.probe;
    const isPoint = probe.length === 2 && probe.every((value) => value >= least && value <= most);
    if (!isPoint)
      this.#remark(
        "picture",
        `The place of the probe in this link, ${quoted(point!)}, is not two numbers from ${least} to ${most}.`,
      );
    const known = layers.filter((layer) => asked?.includes(layer));
    return {
      // One that asks only for what there is not is no wish for an empty picture.
      shown: asked && (known.length > 0 || !unknown?.length) ? known : firstState.shown,
      at: isPlace ? at : firstState.at,
      probe: isPoint ? [probe[0]!, probe[1]!] : firstState.probe,
    };
  }
}

/** Reads a link. */
export function readLink(link: string): LinkRead {
  const reader = new LinkReader(link);
  reader.others();
  const state: State = {
    data: reader.data() ?? firstState.data,
    flow: reader.flow("flow") ?? firstState.flow,
    other: reader.flow("other"),
    steps: reader.number("steps", bounds.steps),
    seed: reader.number("seed", bounds.seed),
    ...reader.picture(),
  };
  return { state, remarks: reader.remarks };
}

/** The drawn points of a link; undefined where its letters are none. */
function drawnOf(text: string): number[] | undefined {
  try {
    const drawn = pointsOfText(text);
    return drawn.length >= 2 ? drawn : undefined;
  } catch {
    return undefined;
  }
}
