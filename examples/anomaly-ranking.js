/**
 * Rank rows by how unusual they are: the lower a row's log-density, the rarer rows like it.
 *
 * A table of machine readings is made up, in which 5 of 2,000 rows break the relation between the columns while
 * each of their values is ordinary by itself. Run it after `npm run build`: `node examples/anomaly-ranking.js`.
 */
import { fit, tableFromRows } from "pushforward";
import { RandomStream, randomKey } from "pushforward/random";

const stream = new RandomStream(randomKey(1));
const broken = new Set([100, 500, 900, 1300, 1700]);
const table = tableFromRows(
  ["load", "temperature", "flow"],
  Array.from({ length: 2000 }, (_, row) => {
    const load = stream.normal();
    const temperature = load ** 2 + 0.2 * stream.normal();
    const flow = Math.exp(0.5 * load) + 0.1 * stream.normal();
    // As hot as at full load, with a flow as if at rest.
    return broken.has(row + 1)
      ? [0.5 * load, 4 + 0.2 * stream.normal(), 1 + 0.1 * stream.normal()]
      : [load, temperature, flow];
  }),
);

const { flow } = await fit(table, { seed: 1, epochs: 100 });
const logProb = await flow.logProb(table);

// Rows are counted from 1, as in every message of the library.
const ranking = Array.from(logProb.keys()).sort((a, b) => logProb[a] - logProb[b]);
const top = ranking.slice(0, 10);
for (const row of top)
  console.log(
    `row ${String(row + 1).padStart(4)}: ${logProb[row].toFixed(1)} nats${broken.has(row + 1) ? "  broken" : ""}`,
  );
console.log(
  `${top.filter((row) => broken.has(row + 1)).length} of the 5 broken rows are among the first 10 of 2,000`,
);
