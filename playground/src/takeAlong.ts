/**
 * What the page does, as code and as a command: both fit the downloaded points by the library's own recipe.
 *
 * @module
 */

import type { VariationalKind } from "pushforward/options";
import { type FlowChoice, fittedKind, type KindOnPage, kinds, type State } from "./state.ts";

/** Options of a fit that a choice says. */
function optionsOf({ kind, depth, width }: FlowChoice): {
  readonly transforms?: number;
  readonly hidden?: string;
} {
  const about: KindOnPage = kinds[kind];
  return {
    ...(about.depth ? { transforms: depth } : {}),
    ...(about.width ? { hidden: `${width},${width}` } : {}),
  };
}

/** Kinds of the page that `approximate` has; for the others it takes its own. */
const approximating = [
  "nsf",
  "realnvp",
  "planar",
  "radial",
  "sylvester",
] as const satisfies readonly VariationalKind[];

/** TypeScript that learns an energy; bounds are in the place of the page's wall. */
function energyCode(energy: string, { kind }: FlowChoice, seed: number): string {
  const flow = (approximating as readonly string[]).includes(kind) ? `flow: "${kind}", ` : "";
  return `import { approximate, formula } from "pushforward";

const bounds = { above: -4, below: 4 };
const { report, flow } = await approximate({
  parameters: { x: bounds, y: bounds },
  logDensity: ({ x, y }) => formula(${JSON.stringify(`-(${energy})`)}, { x, y }),
  ${flow}seed: ${seed},
});
console.log(report.kHat); // below 0.7 the weights can be relied on
await flow.save("model.safetensors");
`;
}

/** TypeScript that fits the flow to the downloaded points. */
export function architectureCode({ data, flow, seed }: Pick<State, "data" | "flow" | "seed">): string {
  if (data.from === "energy") return energyCode(data.formula, flow, seed);
  const { transforms, hidden } = optionsOf(flow);
  const sizes = [
    ...(transforms === undefined ? [] : [`transforms: ${transforms}`]),
    ...(hidden === undefined ? [] : [`hidden: [${hidden.replace(",", ", ")}]`]),
  ];
  const options = [`flow: "${fittedKind(flow.kind)}"`, ...sizes, `seed: ${seed}`].join(", ");
  return `import { fit, readTable } from "pushforward";

const table = await readTable("points.csv"); // "Download points" on the page
const { flow } = await fit(table, { ${options} });
console.log((await flow.score(table)).mean); // nats per point
await flow.save("model.safetensors");
`;
}

/** A word as a shell takes it. */
export const inShell = (word: string): string =>
  /^[\w.:+=,/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** What the points of the page are called in what one takes along. */
export const pointsFile = "points.csv";

/** What a model that was opened is called in what one takes along. */
export const modelFile = "playground.safetensors";

/** TypeScript that asks a model which was opened, and taken along again, of the rows of a file. */
export const openedCode = (rows: string): string => `import { load, readTable } from "pushforward";

const flow = await load("${modelFile}"); // "Download model" on the page
const table = await readTable("${rows}");${rows === pointsFile ? ' // "Download points" on the page' : ""}
console.log((await flow.score(table)).mean); // nats per ${rows === pointsFile ? "point" : "row"}
const samples = await flow.sample(1000, { seed: 1 });
`;

/** The same for the command line. */
export const openedCommand = (rows: string): string =>
  `npx pushforward logprob ${modelFile} ${rows} --out scores.csv`;

/** The fit for the command line. */
export function command({ data, flow, seed }: Pick<State, "data" | "flow" | "seed">): string {
  if (data.from === "energy")
    return `npx pushforward approximate --density "-(${data.formula})" --parameters "x=-4:4, y=-4:4" --out model.safetensors --seed ${seed}`;
  const { transforms, hidden } = optionsOf(flow);
  return [
    "npx pushforward fit points.csv --out model.safetensors",
    `--flow ${fittedKind(flow.kind)}`,
    ...(transforms === undefined ? [] : [`--transforms ${transforms}`]),
    ...(hidden === undefined ? [] : [`--hidden ${hidden}`]),
    `--seed ${seed}`,
  ].join(" ");
}
