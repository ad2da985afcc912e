/** The page of results: every figure on it is one of `results.json` or of `published.json`. */
import { readFileSync, writeFileSync } from "node:fs";

const densities = {
  ours: "pushforward",
  marginals: "its marginals",
  "smoothed counts": "smoothed counts",
  chain: "boosted chain",
  forest: "forest",
};
const synthesizers = {
  rows: "training rows",
  "our-rows": "pushforward",
  "forest-flow": "ForestDiffusion",
  tabddpm: "TabDDPM",
  tvae: "TVAE",
  ctgan: "CTGAN",
  copula: "Gaussian copula",
};

/** Rows of training at most, but for those of fits of more rows. */
const usualRows = 2000;

/** Means are over the tables for which all of these have synthetic rows. */
const compared = ["rows", "our-rows", "tvae"];

const fixed = (value, digits) => value?.toFixed(digits).replace("-", "−");
const mean = (values) =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;

/** A table in Markdown; the first columns are text, the others numbers. */
function markdown(head, rows, text = 1) {
  const line = (cells) => `| ${cells.map((cell) => cell ?? "").join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i < text ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** Models that have a density of some table. */
function modelsOf(entries) {
  return Object.keys(densities).filter((name) =>
    entries.some(({ models }) => models[name]?.logProb !== undefined),
  );
}

function densityTable(entries) {
  const names = modelsOf(entries);
  const rows = entries.map(({ name, seed, rows, kinds, schema, models }) => {
    const best = Math.max(...names.map((model) => models[model]?.logProb ?? -Infinity));
    const cells = names.map((model) => {
      const { logProb, standardError, impossible } = models[model] ?? {};
      if (logProb === undefined) return undefined;
      const figure = fixed(logProb, 2) + (model === "ours" ? ` ± ${fixed(standardError, 2)}` : "");
      const strong = logProb === best ? `**${figure}**` : figure;
      return impossible ? `${strong} (${impossible} impossible)` : strong;
    });
    const columns = Object.values(kinds).reduce((sum, count) => sum + count, 0);
    return [name, `\`${schema}\``, seed, `${rows.train} / ${rows.test}`, columns, ...cells];
  });
  return markdown(
    ["table", "schema", "seed", "rows", "columns", ...names.map((name) => densities[name])],
    rows,
    2,
  );
}

/** How often ours has more, and by how much it is surer than by two standard errors of the difference. */
function versus(entries, model) {
  const others = entries.map(({ models }) => models[model]).filter((other) => other?.oursMore !== undefined);
  const more = others.filter(({ oursMore }) => oursMore > 0).length;
  const surely = others.filter(({ oursMore, oursMoreError }) => oursMore > 2 * oursMoreError).length;
  const surelyLess = others.filter(({ oursMore, oursMoreError }) => oursMore < -2 * oursMoreError).length;
  const average = fixed(mean(others.map(({ oursMore }) => oursMore)), 2);
  return [densities[model], others.length, more, surely, surelyLess, average];
}

function differenceTable(entries) {
  const rows = entries
    .filter(({ models }) => models.chain?.oursMore !== undefined)
    .map(({ name, seed, models: { ours, chain, forest } }) => [
      name,
      seed,
      `${fixed(chain.oursMore, 2)} ± ${fixed(chain.oursMoreError, 2)}`,
      ...[ours, chain, forest].map((model) => fixed(model?.processorSeconds, 0)),
    ]);
  return markdown(["table", "seed", "pushforward − chain", "s", "chain, s", "forest, s"], rows);
}

function aucTable(entries) {
  const names = Object.keys(synthesizers).filter((name) =>
    entries.some(({ synthetic }) => synthetic[name]?.auc),
  );
  const rows = entries.map(({ name, seed, synthetic }) => {
    const distance = (model) => Math.abs((synthetic[model]?.auc ?? Number.NaN) - 0.5);
    const models = names.filter((model) => model !== "rows" && synthetic[model]?.auc !== undefined);
    const nearest = models.sort((a, b) => distance(a) - distance(b))[0];
    const cells = names.map((model) => {
      const { auc, aucError } = synthetic[model] ?? {};
      if (auc === undefined) return undefined;
      const figure = fixed(auc, 3) + (model === "our-rows" ? ` ± ${fixed(aucError, 3)}` : "");
      return model === nearest && models.length > 1 ? `**${figure}**` : figure;
    });
    const tells = synthetic["our-rows"]?.tells?.map(([column]) => `\`${column}\``).join(", ");
    return [name, seed, ...cells, tells];
  });
  return markdown(["table", "seed", ...names.map((name) => synthesizers[name]), "what tells ours"], rows);
}

/** How often ours is nearer to 0.5, and the processor time of its fit and samples as a share of the other's. */
function nearerTable(entries) {
  const rows = ["tvae", "ctgan", "copula", "forest-flow"].flatMap((name) => {
    const pairs = entries
      .map(({ synthetic }) => [synthetic["our-rows"], synthetic[name]])
      .filter(([, other]) => other?.auc !== undefined);
    if (pairs.length === 0) return [];
    const nearer = pairs.filter(
      ([ours, other]) => Math.abs(ours.auc - 0.5) < Math.abs(other.auc - 0.5),
    ).length;
    const shares = pairs.map(([ours, other]) => ours.processorSeconds / other.processorSeconds);
    return [[synthesizers[name], pairs.length, nearer, fixed(mean(shares), 2)]];
  });
  return markdown(["beside", "tables", "pushforward is nearer to 0.5", "its time by the other's"], rows);
}

/** Means over the tables that a model has; all of `compared` have all. */
function qualityTable(entries) {
  const names = Object.keys(synthesizers).filter((name) =>
    entries.some(({ synthetic }) => synthetic[name]?.auc),
  );
  const rows = names.map((name) => {
    const results = entries
      .map(({ synthetic }) => synthetic[name])
      .filter((result) => result?.auc !== undefined);
    const average = (field, digits, measure) =>
      fixed(
        mean(
          results
            .filter((result) => !measure || result.measure === measure)
            .map((result) => result[field])
            .filter((value) => typeof value === "number"),
        ),
        digits,
      );
    const percent = (field) => {
      const values = results.map((result) => result[field]).filter((value) => typeof value === "number");
      return values.length > 0 ? `${(100 * mean(values)).toFixed(1)} %` : undefined;
    };
    return [
      synthesizers[name],
      results.length,
      average("auc", 3),
      average("wasserstein", 2),
      average("numbers", 3),
      average("levels", 3),
      average("coverage", 2),
      average("useful", 2, "R2"),
      average("useful", 2, "F1"),
      percent("copies"),
      percent("forbidden"),
      average("processorSeconds", 0),
    ];
  });
  return markdown(
    [
      "rows of",
      "tables",
      "AUC",
      "Wasserstein",
      "numbers",
      "levels",
      "coverage",
      "R²",
      "F1",
      "copies",
      "forbidden",
      "s",
    ],
    rows,
  );
}

/** Fits of more rows than the other tables have: how good, and the processor time of fit and samples as a share of TVAE's. */
function moreRowsTable(entries) {
  const rows = entries.map(({ name, rows, kinds, models, synthetic }) => {
    const [ours, other] = [synthetic["our-rows"], synthetic.tvae];
    const columns = Object.values(kinds).reduce((sum, count) => sum + count, 0);
    return [
      name,
      `${rows.train} / ${rows.test}`,
      columns,
      `${fixed(models.ours.logProb, 2)} ± ${fixed(models.ours.standardError, 2)}`,
      fixed(ours.auc, 3),
      fixed(other.auc, 3),
      fixed(ours.processorSeconds, 0),
      fixed(other.processorSeconds, 0),
      fixed(ours.processorSeconds / other.processorSeconds, 2),
    ];
  });
  const head = ["table", "rows", "columns", "nats", "AUC", "TVAE's", "s", "TVAE's", "share"];
  return markdown(head, rows);
}

function publishedTable({ models }) {
  const rows = Object.entries(models).map(([name, { wasserstein, coverage, R2, F1, seconds }]) => [
    synthesizers[name],
    fixed(wasserstein, 2),
    fixed(coverage, 2),
    fixed(R2, 3),
    fixed(F1, 3),
    seconds,
  ]);
  return markdown(["rows of", "Wasserstein", "coverage", "R²", "F1", "s"], rows);
}

/** Versions and settings that made the results, each of which some result names. */
function versionLine(entries) {
  const values = new Map();
  for (const { versions } of entries)
    for (const [name, version] of Object.entries(versions))
      values.set(name, (values.get(name) ?? new Set()).add(version));
  return [...values].map(([name, versions]) => `${name} ${[...versions].join(" and ")}`).join(", ");
}

/** The page of results. */
export function pageOf(results) {
  const published = JSON.parse(readFileSync(new URL("published.json", import.meta.url), "utf8"));
  const all = Object.values(results)
    .filter(({ models }) => models.ours?.logProb !== undefined)
    .sort((a, b) => a.name.localeCompare(b.name) || a.seed - b.seed);
  const entries = all.filter(({ rows }) => rows.train <= usualRows);
  const larger = all.filter(
    ({ rows, synthetic }) => rows.train > usualRows && synthetic["our-rows"] && synthetic.tvae,
  );
  const judged = entries.filter(({ synthetic }) => synthetic["our-rows"]?.auc !== undefined);
  const averaged = judged.filter(({ synthetic }) =>
    compared.every((name) => synthetic[name]?.auc !== undefined),
  );
  return `# Mixed tables

Public tables as they come, with text, counts, bounds, dates and missing cells: exact log-densities of rows that were held out, and how good
synthetic rows are, beside other methods. \`npm run bench:tables\` writes the figures and this page;
[its README](../../bench/tables/README.md) says how to run it.

## Exact log-densities

Mean log-density of the held-out rows in nats per row, higher is better, ± its standard error. All models of a line are held to one
schema, which \`describe\` finds: a value on a grid, a level, an atom and a missing cell have a probability, other numbers a density in
the column's own units. **A figure compares with others under the same schema alone**, of which \`schema\` is the digest.

${densityTable(entries)}

\`rows\` are those of training and of testing, drawn by \`seed\`.

${markdown(
  ["beside", "splits", "pushforward has more", "surely more", "surely less", "mean difference"],
  modelsOf(entries)
    .filter((model) => model !== "ours")
    .map((model) => versus(entries, model)),
)}

"Surely" is by more than two standard errors of the mean difference of rows. The chain's differences one by one, and processor time in
seconds of a fit with its scores:

${differenceTable(entries)}

- **pushforward**: \`fit(table, { schema })\`, no other option. Its defaults were chosen on some of these tables: of others expect a
  little less.
- **its marginals**: each column fitted alone, the sum of the log-densities.
- **smoothed counts**: independent marginals that share no code with ours: discounted counts on grids, mixtures of Gaussians elsewhere.
- **boosted chain**: a classifier for each column given those before it in the table (LightGBM, early stopping, calibrated), over levels or
  bins of numbers; in a bin the column's smoothed counts.
- **forest**: an adversarial random forest (\`arfpy\`), whose leaves make an exact density.

To quote a figure, name the table, the schema's digest, the rows, the seed, and the versions: ${versionLine(entries)}. The tables are those of
[Rdatasets](https://vincentarelbundock.github.io/Rdatasets/): ${[...new Map(entries.map(({ name, package: source }) => [name, source]))].map(([name, source]) => `${name} (${source})`).join(", ")}.

## Synthetic rows

As many rows as there are to train on, drawn by each model from a fit of the same rows. Can boosted trees (LightGBM, five-fold
cross-validation, as many synthetic rows as held-out ones) tell them from held-out rows? Area under the curve, ± its standard error; 0.500 is
perfect, the rows of training show what chance gives, and the nearest to 0.5 of the models is bold.

${aucTable(judged)}

${nearerTable(judged)}

Means over the ${averaged.length} tables with rows of TVAE, of others over those of them that they have:

${qualityTable(averaged)}

With more rows (\`--rows 10000\`) the time of the others grows with the rows, and that of \`fit\` less:

${moreRowsTable(larger)}

- **Wasserstein**: of whole rows; a row's distance is the sum over columns of differences of numbers by their range, and 1 for levels that
  differ. **numbers**, **levels**: of single columns, in standard deviations, and total variation.
- **coverage**: share of held-out rows with a synthetic row nearer than their fifth neighbor.
- **R²**, **F1**: of boosted trees that were trained on synthetic rows, on the target of held-out rows (numbers, levels).
- **copies**: share of rows that equal a row of training. **forbidden**: share of rows with a value that the schema has no place for.
  What others draw is moved to the nearest value that is allowed before it is judged, to their advantage.
- **s**: processor time of fit and samples, in seconds, without the start of the program. One thread for the others.

TVAE and CTGAN have their defaults (300 epochs), the Gaussian copula beta marginals as SDV sets it up, and ForestDiffusion a smaller
setting than its own (10 copies of the rows, 20 levels of noise, 50 trees instead of 100, 50 and 100), which would take hours.

Published, ${published.about} ([source](${published.source})); other tables and another machine, for the order of methods:

${publishedTable(published)}
`;
}

export function writePage(results) {
  writeFileSync(new URL("../../docs/results/mixed-tables.md", import.meta.url), pageOf(results));
}
