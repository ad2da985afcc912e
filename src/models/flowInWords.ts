/**
 * A flow's description in words.
 *
 * @module
 */

import { hasEpochs, isTrained } from "../architectures/kinds.ts";
import type { FlowDescription } from "./flow.ts";

const kindsInWords: ReadonlyMap<unknown, string> = new Map([
  ["realnvp", "RealNVP"],
  ["maf", "masked autoregressive flow"],
  ["nsf", "neural spline flow"],
  ["nsf-ar", "autoregressive neural spline flow"],
  ["planar", "planar flow"],
  ["radial", "radial flow"],
  ["sylvester", "Sylvester flow"],
  ["residual", "residual flow"],
  ["cnf", "continuous flow"],
  ["flow-matching", "continuous flow by flow matching"],
  ["mixture-of-flows", "mixture of flows"],
  ["columns", "chain of mixed columns"],
  ["gaussian", "Gaussian, full covariance"],
  ["mixture", "mixture of Gaussians"],
  ["kde", "kernel density"],
  ["coupling", "coupling flow"],
  ["autoregressive", "autoregressive flow"],
]);

/** What a description has of the parts that this module puts in words; its bijection is JSON of nested parts. */
interface Described {
  readonly kind?: unknown | undefined;
  readonly bijection?: unknown | undefined;
  readonly base?: unknown | undefined;
}

/** A part of a bijection's JSON that has a network. */
interface Conditioned {
  readonly hidden: readonly unknown[];
  readonly transformer?: { readonly type?: unknown; readonly bins?: unknown };
  /** Of a residual map. */
  readonly lipschitz?: unknown | undefined;
  /** Of mixed columns: whether each set of columns has a density of its own. */
  readonly anyOrder?: boolean;
  /** Of a continuous flow. */
  readonly solver?: { readonly tolerance?: unknown };
}

const isConditioned = (node: object): node is Conditioned =>
  Array.isArray((node as { readonly hidden?: unknown }).hidden);

/** All parts with a network, outer ones first. */
function conditionedParts(node: unknown): readonly Conditioned[] {
  if (typeof node !== "object" || node === null) return [];
  if (isConditioned(node)) return [node];
  return Object.values(node).flatMap(conditionedParts);
}

/** A kind that is known by the letters of its paper's name: `NAF`. */
function nameOf(kind: string): string {
  return isTrained(kind) ? kind.toUpperCase() : kind;
}

/** `neural spline flow, 3 transforms, hidden 64x64, 8 bins`; `coupling flow of sinhArcsinh, ...`. */
export function describeArchitecture(description: object): string {
  const { kind, bijection, base } = description as Described;
  const { components, points } = (base ?? {}) as { components?: unknown; points?: unknown };
  const parts = conditionedParts(bijection);
  const first = parts[0];
  const type = first?.transformer?.type;
  const name = kindsInWords.get(kind) ?? nameOf(String(kind));
  // These two are told by the transformer in them.
  const isTold = (kind === "coupling" || kind === "autoregressive") && typeof type === "string";
  const words = [isTold ? `${name} of ${type}` : name];
  if (first) {
    words.push(`${parts.length} transform${parts.length === 1 ? "" : "s"}`);
    words.push(`hidden ${first.hidden.length > 0 ? first.hidden.join("x") : "none"}`);
    const bins = first.transformer?.bins;
    if (typeof bins === "number") words.push(`${bins} bins`);
    if (typeof first.lipschitz === "number") words.push(`Lipschitz constant ${first.lipschitz}`);
    if (first.anyOrder) words.push("any order");
    if (first.solver?.tolerance !== undefined) words.push(`tolerance ${first.solver.tolerance}`);
  }
  if (typeof components === "number") words.push(`${components} component${components === 1 ? "" : "s"}`);
  if (typeof points === "number") words.push(`${points.toLocaleString("en-US")} points`);
  return words.join(", ");
}

/** A value of a description for people: lists with commas, numbers without noise. */
function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.map(describeValue).join(", ") : "none";
  if (typeof value === "number") {
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
  }
  if (value === null || value === undefined) return "-";
  if (typeof value !== "object") return String(value);
  const entries = Object.entries(value).map(([key, each]) => `${key} ${describeValue(each)}`);
  return entries.length > 0 ? entries.join(", ") : "none";
}

/** `validationLogProb` as `validation log prob`. */
function describeKey(key: string): string {
  return key.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}

/** What a flow is and how it was fitted, in words, by name. */
export function factsOf(description: FlowDescription): Record<string, string> {
  const { kind, columns, given, parameters, precision, simplex } = description;
  const { keep, ...fitted } = description.fitted;
  const facts: Record<string, string> = {
    architecture: describeArchitecture(description),
    parameters: parameters.toLocaleString("en-US"),
    precision,
    columns: columns.join(", "),
    ...(simplex && { shares: simplex.words }),
    ...(given.length > 0 ? { given: given.join(", ") } : {}),
    ...(keep ? { kept: `${keep.join(", ")} (carried along, not fitted)` } : {}),
  };
  for (const [key, value] of Object.entries(fitted)) {
    // What is fitted without gradients takes steps, layers or trials.
    const name = key === "epochs" && !hasEpochs(kind) ? "steps" : describeKey(key);
    facts[`fit: ${name}`] = describeValue(value);
  }
  return facts;
}
