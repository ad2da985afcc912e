/**
 * What the page does, as code and as a command: both fit the downloaded points by the library's own recipe.
 *
 * @module
 */

import { type FlowChoice, type KindOnPage, kinds, type State } from "./state.ts";

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

/** TypeScript that fits the flow to the downloaded points. */
export function architectureCode({ flow, seed }: Pick<State, "flow" | "seed">): string {
  const { transforms, hidden } = optionsOf(flow);
  const sizes = [
    ...(transforms === undefined ? [] : [`transforms: ${transforms}`]),
    ...(hidden === undefined ? [] : [`hidden: [${hidden.replace(",", ", ")}]`]),
  ];
  const options = [`flow: "${flow.kind}"`, ...sizes, `seed: ${seed}`].join(", ");
  return `import { fit, readTable } from "pushforward";

const table = await readTable("points.csv"); // "Download points" on the page
const { flow } = await fit(table, { ${options} });
console.log((await flow.score(table)).mean); // nats per point
await flow.save("model.safetensors");
`;
}

/** The same for the command line. */
export function command({ flow, seed }: Pick<State, "flow" | "seed">): string {
  const { transforms, hidden } = optionsOf(flow);
  return [
    "npx pushforward fit points.csv --out model.safetensors",
    `--flow ${flow.kind}`,
    ...(transforms === undefined ? [] : [`--transforms ${transforms}`]),
    ...(hidden === undefined ? [] : [`--hidden ${hidden}`]),
    `--seed ${seed}`,
  ].join(" ");
}
