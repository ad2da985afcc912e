/** Everything that can be imported of the library, by entry: `top` is `pushforward` itself. */

export * as architectures from "../src/entries/architectures.ts";
export * as bijections from "../src/entries/bijections.ts";
export * as diagnostics from "../src/entries/diagnostics.ts";
export * as distributions from "../src/entries/distributions.ts";
export * as engines from "../src/entries/engines.ts";
export * as errors from "../src/entries/errors.ts";
export * as exchange from "../src/entries/exchange.ts";
export * as figures from "../src/entries/figures.ts";
export * as files from "../src/entries/files.ts";
export * as fitting from "../src/entries/fitting.ts";
export * as graph from "../src/entries/graph.ts";
export * as networks from "../src/entries/networks.ts";
export * as options from "../src/entries/options.ts";
export * as random from "../src/entries/random.ts";
export * as tables from "../src/entries/tables.ts";
export * as transformers from "../src/entries/transformers.ts";
export * as top from "../src/index.ts";
