/**
 * Rank rows by how strange they are, and say which column is to blame.
 *
 * A table of machine readings is made up, in which 5 of 2,000 rows break the relation between the columns while
 * each of their values is ordinary by itself. Run it after `npm run build`: `node examples/anomaly-ranking.js`.
 */
import { fit, tableFromRows } from "pushforward";
import { anomalies } from "pushforward/diagnostics";
import { RandomStream, randomKey } from "pushforward/random";

const stream = new RandomStream(randomKey(1));
const broken = new Set([100, 500, 900, 1300, 1700]);
const reading = (row) => {
  const load = stream.normal();
  const temperature = load ** 2 + 0.2 * stream.normal();
  const flow = Math.exp(0.5 * load) + 0.1 * stream.normal();
  // As hot as at full load, with a flow as if at rest.
  return broken.has(row)
    ? [0.5 * load, 4 + 0.2 * stream.normal(), 1 + 0.1 * stream.normal()]
    : [load, temperature, flow];
};
const columns = ["load", "temperature", "flow"];
const ordinary = tableFromRows(
  columns,
  Array.from({ length: 2000 }, () => reading()),
);
const table = tableFromRows(
  columns,
  Array.from({ length: 2000 }, (_, i) => reading(i + 1)),
);

const { flow } = await fit(ordinary, { seed: 1, epochs: 15 });
const { rows, ranking } = await anomalies(flow, table, { seed: 1 });

const top = ranking.slice(0, 10).map((place) => rows[place]);
for (const { row, score, blame, expected } of top) {
  const [{ column, share }] = blame;
  console.log(
    `row ${String(row).padStart(4)}: ${score.toFixed(1)} nats, ${Math.round(100 * share)} % by ${column} (${expected[column].toFixed(1)} expected)${broken.has(row) ? "  broken" : ""}`,
  );
}
console.log(
  `${top.filter(({ row }) => broken.has(row)).length} of the 5 broken rows are among the first 10 of 2,000`,
);
