// Runs the attacks of test/attacks at length: node scripts/attack.mjs [NAME] [--seed N] [--scale K | --count K]
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: String(Math.floor(Date.now() / 1000)) },
    scale: { type: "string", default: "20" },
    count: { type: "string" },
  },
});
const { seed, scale, count } = values;
console.log(`seed ${seed}, ${count ? `${count} cases` : `${scale} times the cases of npm test`}`);
const files = positionals.length > 0 ? positionals.map((name) => `test/attacks/${name}`) : ["test/attacks"];
const { status } = spawnSync("npx", ["vitest", "run", "--testTimeout", "3600000", ...files], {
  stdio: "inherit",
  env: { ...process.env, ATTACK_SEED: seed, ATTACK_SCALE: scale, ATTACK_COUNT: count ?? "" },
});
process.exitCode = status ?? 1;
