/**
 * Forty ways to misuse the library, each with its whole message: what a person reads who has mistyped, swapped or forgotten something,
 * or who has a file that is not what its name says.
 */

import { describe, expect, it, test } from "vitest";
import { neuralSplineFlow, realNVP } from "../../src/entries/architectures.ts";
import { ops } from "../../src/entries/graph.ts";
import * as library from "../../src/index.ts";
import { misuseFolder } from "./misuseFolder.ts";

const {
  approximate,
  column,
  compare,
  fit,
  formula,
  information,
  load,
  readTable,
  splitTable,
  tableFromColumns,
  tableFromObjects,
  tableFromRows,
  writeTable,
} = library;

/** What a hasty or a malicious caller passes: any value. */
// biome-ignore lint/suspicious/noExplicitAny: the wrong types are the point
type Wrong = any;
const wrong = (value: unknown): Wrong => value;

let flow: library.Flow;
let conditional: library.Flow;
const { table } = misuseFolder((flows) => {
  ({ flow, conditional } = flows);
});

type Code = "DATA" | "FORMAT" | "SHAPE" | "USAGE" | "ABORTED";

const calls: readonly (readonly [name: string, call: () => unknown, code: Code, message: string])[] = [
  [
    "a former name, fitTable",
    () => wrong(library).fitTable(table),
    "USAGE",
    "fitTable is gone: call fit(table, options), which gives { flow, report }.",
  ],
  [
    "a former name, fitFlow",
    () => wrong(library).fitFlow(realNVP({ features: 3 }), table),
    "USAGE",
    "fitFlow is gone: call fit(table, options), which gives { flow, report }.",
  ],
  [
    "a former name, fitVariational",
    () => wrong(library).fitVariational(null, () => 0),
    "USAGE",
    "fitVariational is gone: call approximate({ parameters, logDensity, flow, ... }), which gives { flow, report, sample }.",
  ],
  [
    "a former name, fitMixture",
    () => wrong(library).fitMixture(table, { components: 3 }),
    "USAGE",
    'fitMixture is gone: call fit(table, { flow: "mixture", ... }), which gives { flow, report }.',
  ],
  [
    "a former name, fitKernelDensity",
    () => wrong(library).fitKernelDensity(table),
    "USAGE",
    'fitKernelDensity is gone: call fit(table, { flow: "kde", ... }), which gives { flow, report }.',
  ],
  [
    "more Gaussians than rows allow",
    () => fit(table, { flow: "mixture", components: 30 }),
    "DATA",
    "fit: 30 Gaussians of 3 columns need 450 rows, there are 36; give at most 2.",
  ],
  [
    "no Gaussians",
    () => fit(table, { flow: "mixture", components: 0 }),
    "USAGE",
    "fit: components must be a positive integer, got 0.",
  ],
  [
    "a kernel without width",
    () => fit(table, { flow: "kde", bandwidth: 0 }),
    "USAGE",
    "fit: bandwidth must be a positive number, got 0.",
  ],
  [
    "a promise of a table",
    () => fit(wrong(Promise.resolve(table))),
    "USAGE",
    "fit: table must be a table as readTable or tableFromRows gives it, got a promise (await it first).",
  ],
  [
    "a path in place of a table",
    () => fit(wrong("data.csv")),
    "USAGE",
    'fit: table must be a table as readTable or tableFromRows gives it, got "data.csv"; readTable("data.csv") reads a file.',
  ],
  [
    "rows in place of a table",
    () =>
      fit(
        wrong([
          [1, 2],
          [3, 4],
        ]),
      ),
    "USAGE",
    'fit: table must be a table as readTable or tableFromRows gives it, got an array of arrays; tableFromRows(["x", "y"], rows) makes one of numbers.',
  ],
  [
    "a table from JSON",
    () => fit(wrong(JSON.parse(JSON.stringify(table)))),
    "USAGE",
    'fit: table must be a table as readTable or tableFromRows gives it, got an object; tableFromRows(["x", "y"], rows) makes one of numbers.',
  ],
  [
    "an architecture before the table",
    () => fit(wrong(realNVP({ features: 3 })), wrong(table)),
    "USAGE",
    "fit: the architecture is an option; write fit(table, { flow: architecture, ... }).",
  ],
  [
    "an architecture as the options",
    () => fit(table, wrong(realNVP({ features: 3 }))),
    "USAGE",
    "fit: the architecture is an option; write fit(table, { flow: architecture, ... }).",
  ],
  [
    "a maker called for it that makes nothing",
    () => fit(table, { flow: wrong(() => undefined) }),
    "USAGE",
    "fit: what flow returns must be an architecture, as neuralSplineFlow({ features, context }) gives it, got undefined.",
  ],
  [
    "an architecture of another width",
    () => fit(table, { flow: realNVP({ features: 2 }) }),
    "USAGE",
    "fit: the architecture has 2 features and a context of 0; the table gives 3 columns to fit and 0 to condition on; flow: (sizes) => neuralSplineFlow(sizes) makes one that fits.",
  ],
  [
    "an architecture from JSON",
    () => fit(table, { flow: wrong(JSON.parse(JSON.stringify(realNVP({ features: 3 })))) }),
    "USAGE",
    "fit: flow must be one of realnvp, maf, nsf, nsf-ar, planar, radial, sylvester, residual, cnf, flow-matching, nice, iaf, naf, sospf, bpf, unaf, bnaf, ncsf, gf, ttf, mixture-of-flows, columns, gaussian, mixture, kde, gaussianization, sliced, dual-ascent, or an architecture such as neuralSplineFlow({ features: 2 }), or a function of { features, context } that gives one, got an object.",
  ],
  [
    "a misspelt kind",
    () => fit(table, { flow: wrong("nsfar") }),
    "USAGE",
    'fit: flow must be one of realnvp, maf, nsf, nsf-ar, planar, radial, sylvester, residual, cnf, flow-matching, nice, iaf, naf, sospf, bpf, unaf, bnaf, ncsf, gf, ttf, mixture-of-flows, columns, gaussian, mixture, kde, gaussianization, sliced, dual-ascent, or an architecture such as neuralSplineFlow({ features: 2 }), or a function of { features, context } that gives one, got "nsfar"; did you mean "nsf-ar"?',
  ],
  [
    "a misspelt option",
    () => fit(table, wrong({ epocs: 3 })),
    "USAGE",
    'fit: there is no option "epocs"; did you mean "epochs"?',
  ],
  [
    "options null",
    () => fit(table, wrong(null)),
    "USAGE",
    "fit: options must be an object such as { flow: ... }, got null.",
  ],
  [
    "a column that is not there",
    () => fit(table, { columns: ["x", "z"] }),
    "DATA",
    'there is no column "z"; the columns are: x, y, c.',
  ],
  [
    "a column in two roles",
    () => fit(table, { columns: ["x", "y"], given: ["y"] }),
    "USAGE",
    'fit: column "y" is both fitted and given; leave it out of one of `columns` and `given`.',
  ],
  [
    "one column as text",
    () => fit(table, { columns: wrong("x") }),
    "USAGE",
    'fit: columns must be an array of names, such as ["x", "y"], got "x".',
  ],
  [
    "given of a kind that cannot condition",
    () => fit(table, { flow: "kde", given: ["c"] }),
    "USAGE",
    "fit: kde fits the joint density of all its columns and cannot condition on some; given needs a flow that is trained, such as nsf-ar.",
  ],
  [
    "an option of another kind",
    () => fit(table, { flow: "kde", components: 3 }),
    "USAGE",
    "fit: components means nothing for kde: it is an option of mixture; leave it out.",
  ],
  [
    "a negative count of epochs",
    () => fit(table, { epochs: -3 }),
    "USAGE",
    "fit: epochs must be a positive integer, got -3.",
  ],
  [
    "a seed that is a fraction",
    () => fit(table, { seed: 0.5 }),
    "USAGE",
    "fit: seed must be an integer, got 0.5.",
  ],
  [
    "a seed beyond exact numbers",
    () => fit(table, { seed: 2 ** 60 }),
    "USAGE",
    "fit: seed must be an integer, got 1152921504606847000.",
  ],
  [
    "two lengths of a training",
    () => fit(table, { budget: 1, epochs: 1 }),
    "USAGE",
    "fit: budget and epochs both say how long to train; leave one of them out.",
  ],
  [
    "a resumed fit of no checkpoint",
    () => fit(table, { resume: true }),
    "USAGE",
    "fit: resume needs the checkpoint to go on from; name it as checkpoint.",
  ],
  [
    "a signal that has fired",
    () => fit(table, { signal: AbortSignal.abort() }),
    "ABORTED",
    "fit: the signal had fired before the fit began.",
  ],
  [
    "a controller in place of its signal",
    () => fit(table, { signal: wrong(new AbortController()) }),
    "USAGE",
    "fit: signal must be an AbortSignal, such as controller.signal, got an AbortController.",
  ],
  [
    "one size of hidden layers",
    () => neuralSplineFlow({ features: 2, hidden: wrong(64) }),
    "USAGE",
    "neuralSplineFlow: hidden must be an array of sizes, such as [64, 64], got 64.",
  ],
  [
    "an architecture of a fraction of features",
    () => realNVP({ features: 1.5 }),
    "USAGE",
    "realNVP: features must be a positive integer, got 1.5.",
  ],
  [
    "one point as a row of numbers",
    () => flow.logProb(wrong([1, 2])),
    "USAGE",
    "logProb: row 1 must be an array of numbers, or an object of numbers by column, got 1; one row is [[1, 2]].",
  ],
  [
    "rows of another width",
    () =>
      flow.logProb([
        [1, 2],
        [1, 2, 3],
      ]),
    "DATA",
    "logProb: row 2 has 3 numbers; the 2 columns are x, y.",
  ],
  [
    "numbers that are not whole rows",
    () => flow.logProb(new Float64Array(3)),
    "DATA",
    "logProb: 3 numbers are not whole rows of the 2 columns x, y.",
  ],
  [
    "objects with text for numbers",
    () => flow.logProb(wrong([{ x: 1, y: "2" }])),
    "DATA",
    'logProb: column "y" (row 1): "2" is not a number.',
  ],
  [
    "a table without a column of the flow",
    () => flow.logProb(tableFromColumns({ x: [1], z: [2] })),
    "DATA",
    'there is no column "y"; the columns are: x, z.',
  ],
  [
    "given values for a flow that takes none",
    () => flow.sample(3, { given: { c: 1 } }),
    "USAGE",
    'sample: "c" is not a column that the flow is given; leave it out.',
  ],
  [
    "no given values for a flow that needs them",
    () => conditional.sample(3),
    "USAGE",
    'sample: the flow is given c; name a value for "c", as in `given: { "c": 1 }`.',
  ],
  [
    "a given value that is not a number",
    () => conditional.sample(3, { given: { c: Number.NaN } }),
    "USAGE",
    'sample: given["c"] must be finite, got NaN.',
  ],
  [
    "given values for too few rows",
    () => conditional.sample(3, { given: { c: [1, 2] } }),
    "USAGE",
    'sample: given["c"] must be one number for each of the 3 rows, got 2.',
  ],
  [
    "the options in place of the number of rows",
    () => flow.sample(wrong({ n: 10 })),
    "USAGE",
    "sample: n must be an integer, 0 or more, got an object.",
  ],
  [
    "a negative number of rows",
    () => flow.sample(-1),
    "USAGE",
    "sample: n must be an integer, 0 or more, got -1.",
  ],
  [
    "a save into a folder that is not there",
    () => flow.save("nowhere/m.safetensors"),
    "FORMAT",
    'cannot write "nowhere/m.safetensors": there is no folder "nowhere"; create it first.',
  ],
  [
    "a save over a folder",
    () => flow.save("folder.safetensors"),
    "FORMAT",
    'cannot write "folder.safetensors": it is a folder, not a file; add a file name.',
  ],
  [
    "a table loaded as a model",
    () => load("data.csv"),
    "FORMAT",
    "data.csv is not a safetensors file, or is truncated: it claims a header of 3184056357615119480 bytes and has 2314 after the length; a model is what save writes.",
  ],
  [
    "a model read as a table",
    () => readTable("xy.safetensors"),
    "USAGE",
    '"xy.safetensors" has the extension .safetensors, which is not a table format; known are .csv, .tsv, .txt, .json, .jsonl, .ndjson, .npy, .npz, .parquet, .arrow, .arrows, .feather, each also with .gz.',
  ],
  [
    "a response loaded without its bytes",
    () => load(wrong(new Response("x"))),
    "FORMAT",
    "the model is not a safetensors file: it has 1 bytes, at least 8 are needed; a model is what save writes.",
  ],
  [
    "a file that is not there",
    () => load("absent.safetensors"),
    "FORMAT",
    'cannot read "absent.safetensors": there is no such file.',
  ],
  [
    "a table with text in a column of numbers",
    async () => fit(await readTable("text.csv"), { columns: ["x", "y"] }),
    "DATA",
    'column "x" (row 2): "oops" is not a number; if it stands for a missing value, pass `missingMarks: ["oops"]`; else mend the cell.',
  ],
  [
    "columns of two lengths",
    () => tableFromColumns({ x: [1, 2], y: [1] }),
    "SHAPE",
    'tableFromColumns: column "y" has 1 rows, "x" has 2; columns must be equally long.',
  ],
  [
    "rows before their names",
    () => tableFromRows(wrong([[1, 2]]), wrong(["x", "y"])),
    "USAGE",
    'tableFromRows: columns must be an array of names, such as ["x", "y"], got an array of arrays.',
  ],
  [
    "one object in place of several",
    () => tableFromObjects(wrong({ x: 1 })),
    "USAGE",
    "tableFromObjects: objects must be an array of objects, one per row, got an object.",
  ],
  [
    "a path before the table that is written",
    () => writeTable(wrong("out.csv"), wrong(table)),
    "USAGE",
    'writeTable: table must be a table as readTable or tableFromRows gives it, got "out.csv"; readTable("out.csv") reads a file.',
  ],
  [
    "a table written as something else",
    () => writeTable(table, "out.xlsx"),
    "USAGE",
    '"out.xlsx" has the extension .xlsx, which is not a table format; known are .csv, .tsv, .txt, .json, .jsonl, .ndjson, .npy, .npz, .parquet, .arrow, .arrows, .feather, each also with .gz.',
  ],
  [
    "a share that is a percentage",
    () => splitTable(table, { test: 20 }),
    "USAGE",
    "splitTable: test must be a share of the rows between 0 and 1, got 20.",
  ],
  [
    "kinds as one text",
    () => compare(table, { flows: wrong("kde,gaussian") }),
    "USAGE",
    'compare: flows must be an array of kinds, such as ["gaussian", "nsf-ar"], got "kde,gaussian".',
  ],
  [
    "one group to compare with nothing",
    () => information(table, { between: [["x"]] }),
    "USAGE",
    'information: between must be at least two groups of columns, none empty, got an array of arrays; such as [["x"], ["y", "z"]].',
  ],
  [
    "a posterior by position",
    () => approximate(wrong({ mu: "real" })),
    "USAGE",
    'approximate: there is no option "mu"; the options are parameters, logDensity, flow, transforms, hidden, derived, seed, steps, draws, learningRate, importanceSamples, gradient, divergence, alpha, annealing, diagnosticSamples, engine, precision, threads, wide and 3 more.',
  ],
  [
    "a posterior written with Math",
    () => approximate({ parameters: { mu: "positive" }, logDensity: ({ mu }) => wrong(Math.log(wrong(mu))) }),
    "SHAPE",
    "approximate: what the log-density returns must be an expression, got NaN; write it with the operations that it is given.",
  ],
  [
    "an operation that is misspelt",
    () => approximate({ parameters: { mu: "real" }, logDensity: ({ mu }, own) => wrong(own).squar(mu) }),
    "USAGE",
    'the log-density: there is no operation "squar"; did you mean "square"?',
  ],
  [
    "bounds as a pair",
    () => approximate({ parameters: { p: wrong([0, 1]) }, logDensity: ({ p }) => wrong(p) }),
    "USAGE",
    'parameters: "p" must be "real", "positive" or { size, above, below }, got [0, 1]; bounds are { above: 0, below: 1 }.',
  ],
  [
    "a function of Math in a formula",
    () => formula("Math.log(x)", { x: 1 }),
    "USAGE",
    'formula "Math.log(x)", column 1: what is called is not the name of a function; functions have plain names: log(x).',
  ],
  [
    "text in a column of numbers",
    () => tableFromColumns({ color: wrong(["red", "blue"]) }),
    "DATA",
    'tableFromColumns: column "color", element 1: "red" is not a number; tableFromObjects(rows) makes a table of text and numbers.',
  ],
  [
    "a column without a name",
    () => column(table, wrong(undefined)),
    "USAGE",
    "column: name must be a string, got undefined.",
  ],
  [
    "a flow that is constructed",
    () => new (wrong(library).Flow)({}),
    "USAGE",
    "new Flow: its argument must be the parts of a fitted flow, got an object; `fit` and `load` give flows.",
  ],
  [
    "a shape that does not fit",
    () => ops.add(ops.constant([1, 2]), ops.constant([1, 2, 3])),
    "SHAPE",
    "add: shapes [2] and [3] do not broadcast.",
  ],
];

test("there are forty, and more", () => expect(calls.length).toBeGreaterThanOrEqual(40));

describe("a misuse of the library", () => {
  it.each(calls)("is named: %s", async (_, call, code, message) => {
    const error: unknown = await Promise.resolve()
      .then(call)
      .then(
        (value) => `it gave ${String(value)}`,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(library.PushforwardError);
    const {
      code: received,
      message: said,
      where,
      expected,
      received: got,
      remedy,
    } = error as library.PushforwardError;
    expect({ code: received, message: said }).toEqual({ code: `PUSHFORWARD_${code}`, message });
    if (code === "FORMAT" || code === "ABORTED") return;
    // Each by itself, too, for programs.
    expect([typeof where, typeof expected, typeof got]).toEqual(["string", "string", "string"]);
    if (remedy !== undefined) expect(said.replace(/\.$/, "").endsWith(remedy)).toBe(true);
  });
});
