/**
 * A conditional density: the angle psi of a residue, given its angle phi.
 *
 * Run it after `npm run build`: `node examples/conditional.js`.
 */
import { fileURLToPath } from "node:url";
import { column, fit, readTable } from "pushforward";

const path = fileURLToPath(new URL("../demo/ramachandran.csv.gz", import.meta.url));
const table = await readTable(path);

// One fitted column and one that it is conditioned on: an unconditional density of psi for each phi.
const { flow } = await fit(table, { columns: ["psi"], given: ["phi"], seed: 1, epochs: 4 });

for (const phi of [-60, -120, 60]) {
  const samples = await flow.sample(2000, { seed: 2, given: { phi } });
  const psi = column(samples, "psi").sort();
  const at = (share) => psi[Math.floor(share * psi.length)].toFixed(0).padStart(4);
  console.log(
    `phi ${String(phi).padStart(4)}: psi from ${at(0.05)} by ${at(0.5)} to ${at(0.95)} degrees (5, 50, 95 %)`,
  );
}

// The same flow scores pairs: log p(psi given phi), in nats per degree.
const logProb = await flow.logProb(table);
console.log(`mean log p(psi | phi): ${(logProb.reduce((a, b) => a + b) / logProb.length).toFixed(2)} nats`);
