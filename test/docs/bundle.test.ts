import { expect, test } from "vitest";
import { bundleByKind } from "../../bench/bundle.mjs";
import { modelKinds } from "../../src/architectures/kinds.ts";
import { readText } from "./project.ts";

/** Bytes after gzip of a page that loads a model of one kind and evaluates it; the README states it. */
const budget = 95_000;
/** Of most kinds. */
const budgetOfNumbers = 90_000;
/** Of those that have rare parts beside usual ones: rotations and mixtures, tails and splines, a base of flows, angles; and of mixed columns. */
const kindsOfManyParts: readonly string[] = ["gf", "ttf", "mixture-of-flows", "ncsf", "columns"];

/** What is loaded with a model of each kind beside what all need: its families, and what two families share. */
const splines = ["autoregressive", "linear", "parts"];
const learnt = [...splines, "transformers", "transformersParts"];
const rare = [...splines, "otherFamilies", "rareMaps", "transformersParts"];
const solved = [...rare, "rarestMaps"];
const combined = [...splines, "combinators"];
const families: Readonly<Record<(typeof modelKinds)[number], readonly string[]>> = {
  realnvp: learnt,
  maf: learnt,
  nsf: learnt,
  "nsf-ar": learnt,
  planar: ["residual", "residualParts", ...combined],
  radial: ["residual", "residualParts", ...combined],
  sylvester: ["residual", "residualParts", ...combined],
  residual: ["residual", "residualParts", ...combined],
  cnf: ["continuous", "otherFamilies", "trigonometric", ...splines],
  "flow-matching": ["continuous", "otherFamilies", "trigonometric", ...splines],
  nice: ["elementary", ...rare],
  iaf: ["combinators", ...learnt],
  naf: ["mixtures", ...solved],
  sospf: ["polynomials", ...solved],
  bpf: ["polynomials", ...solved],
  unaf: ["integrals", "networksParts", "otherFamilies", "rareMaps", ...splines],
  bnaf: ["blocks", "otherFamilies", ...splines],
  ncsf: [
    "circular",
    "circularCore",
    "coreOfFew",
    "distributionsParts",
    "normal",
    "transformers",
    "trigonometric",
    "uniform",
    ...rare,
  ],
  gf: ["mixtures", "normal", "normalTail", "orthogonal", "residualParts", ...solved],
  ttf: ["normal", "normalTail", "tails", "transformers", ...rare],
  "mixture-of-flows": ["composed", "distributionsParts", "normal", "rareBases", ...learnt],
  columns: ["columnsCore"],
  gaussian: ["linear", "parts"],
  mixture: ["distributions", "distributionsParts", "linear", "normal", "parts"],
  kde: ["distributions", "distributionsParts", "linear", "normal", "parts"],
  gaussianization: ["distributions", "distributionsParts", "normal", ...combined],
  sliced: ["distributions", "distributionsParts", "normal", ...combined],
  "dual-ascent": ["combinators", "linear", "parts", "residual", "residualParts"],
};

test(`a page that evaluates one kind loads less than ${budget / 1000} kB after gzip, and the families of that kind alone`, async () => {
  const { points, scores } = JSON.parse(readText("test/files/models/scores.json")) as {
    readonly points: number[][];
    readonly scores: Readonly<Record<string, readonly number[]>>;
  };
  // Points among the data: one far out is scored once more, in float64.
  const measured = await bundleByKind(modelKinds, points.slice(0, 2));
  for (const { kind, logProb, sample } of measured) {
    logProb.forEach((value, i) => expect(value, kind).toBeCloseTo(scores[kind]![i]!, 3));
    expect(sample.every(Number.isFinite), kind).toBe(true);
  }
  const loaded = Object.fromEntries(measured.map(({ kind, files }) => [kind, files]));
  const expected = Object.entries(families).map(([kind, names]) => [
    kind,
    // The errors, files and options are in a file of their own, which the command line has before the library.
    ["basis", "evaluation", ...names].sort(),
  ]);
  expect(loaded).toEqual(Object.fromEntries(expected));
  const sizes = measured.map(({ kind, gzip }) => `${kind} ${(gzip / 1000).toFixed(1)} kB`).join(", ");
  for (const { kind, gzip } of measured)
    expect(gzip, sizes).toBeLessThan(kindsOfManyParts.includes(kind) ? budget : budgetOfNumbers);
  expect(Math.min(...measured.map(({ gzip }) => gzip)), sizes).toBeGreaterThan(budget / 2);
  expect(readText("README.md").replaceAll(/\s+/g, " ")).toContain(`under ${budget / 1000} kB`);
});
