/**
 * How often ordinary rows get a small p-value: `npm run bench:anomalies-coverage`. Of tables that are drawn anew, clean ones and such with
 * a tenth of strange rows, continuous and discrete ones; alone, and beside a flow with calibration rows. Prints a Markdown table.
 */
import { anomalies } from "../../dist/diagnostics.js";
import { fit, tableFromRows } from "../../dist/index.js";
import { RandomStream, randomKey, split } from "../../dist/random.js";

const levels = [0.01, 0.05, 0.1, 0.2];
const rowsATable = 200;
const columns = ["a", "b", "c"];

/** An ordinary row of each kind of table, and a strange one. */
const kinds = {
  continuous: {
    ordinary: (stream) => {
      const a = stream.normal();
      return [a, a ** 2 + 0.3 * stream.normal(), Math.exp(a / 2) + 0.2 * stream.normal()];
    },
    strange: (stream) => [3 * stream.normal(), 6 * stream.normal(), 4 * stream.normal()],
  },
  discrete: {
    ordinary: (stream) => {
      const a = Math.floor(3 * stream.uniform() ** 2);
      return [a, Math.round(a + stream.normal()), Math.round(stream.normal()) / 10];
    },
    strange: (stream) => [2, Math.round(-3 + stream.normal()), Math.round(4 * stream.normal()) / 10],
  },
};

const rowsOf = ({ ordinary, strange }, count, share, stream) =>
  Array.from({ length: count }, (_, i) => (i < share * count ? strange(stream) : ordinary(stream)));

/** Shares of the ordinary rows up to each level, of each table, as means with their standard errors. */
function line(name, kind, share, perTable) {
  const cells = levels.map((_, i) => {
    const shares = perTable.map((each) => each[i]);
    const mean = shares.reduce((sum, each) => sum + each / shares.length, 0);
    const variance = shares.reduce((sum, each) => sum + (each - mean) ** 2 / (shares.length - 1), 0);
    return `${mean.toFixed(4)} +- ${Math.sqrt(variance / shares.length).toFixed(4)}`;
  });
  console.log(`| ${[name, kind, `${100 * share} %`, ...cells].join(" | ")} |`);
}

const sharesOf = (found, from) => {
  const pValues = found.rows.slice(from).map(({ pValue }) => pValue);
  return levels.map((level) => pValues.filter((p) => p <= level).length / pValues.length);
};

console.log(`| p-values | table | strange rows | ${levels.map((level) => `p <= ${level}`).join(" | ")} |`);
console.log(`| ${["---", "---", ...new Array(levels.length + 1).fill("---:")].join(" | ")} |`);
for (const [kind, draw] of Object.entries(kinds))
  for (const share of [0, 0.1]) {
    const perTable = [];
    for (let seed = 0; seed < 60; seed++) {
      const stream = new RandomStream(split(randomKey(seed), kind));
      const table = tableFromRows(columns, rowsOf(draw, rowsATable, share, stream));
      perTable.push(sharesOf(await anomalies(table, { logProb: false, seed }), share * rowsATable));
    }
    line("of a table alone", kind, share, perTable);
  }
for (const [kind, draw] of Object.entries(kinds)) {
  const { flow } = await fit(
    tableFromRows(columns, rowsOf(draw, 300, 0, new RandomStream(split(randomKey(0), "fit")))),
    {
      flow: "gaussian",
    },
  );
  for (const share of [0, 0.1]) {
    const perTable = [];
    for (let seed = 0; seed < 20; seed++) {
      const stream = new RandomStream(split(randomKey(seed), `${kind} new`));
      const [calibration, table] = [share, 0].map((own) =>
        tableFromRows(columns, rowsOf(draw, rowsATable, own, stream)),
      );
      perTable.push(sharesOf(await anomalies(flow, table, { calibration, seed }), 0));
    }
    line("against calibration rows", kind, share, perTable);
  }
}
