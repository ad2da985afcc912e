/**
 * The server under load: `npm run bench:serve [-- --seconds 10 --rate 1000 --connections 50]`.
 *
 * It fits the default flow to 8 columns, serves it in a process of its own, and asks for the log-density of one row at a time: evenly, from
 * this process, from the first second on; and by `autocannon` (fetched by npx, another process) at a rate and as fast as it goes. At a rate
 * of 1,000 a second `autocannon` sends a thousand requests at once at the beginning of each second, over its connections. Then it sends 500
 * malformed requests.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { fit, tableFromRows } from "pushforward";
import { RandomStream, randomKey } from "pushforward/random";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    rate: { type: "string", default: "1000" },
    connections: { type: "string", default: "50" },
  },
});

const run = promisify(execFile);
const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "pushforward-serve-"));
const model = join(folder, "eight.safetensors");
const columns = [..."abcdefgh"];

/** Eight columns that depend on each other. */
function rows(count) {
  const stream = new RandomStream(randomKey(1));
  const values = new Float64Array(count * 8);
  for (let row = 0; row < count; row++) {
    let before = 0;
    for (let i = 0; i < 8; i++) {
      before = stream.normal() + 0.5 * before * Math.sin(before);
      values[8 * row + i] = before;
    }
  }
  return values;
}

/** What `autocannon` says of requests for the log-density of one row. */
async function load(url, flags) {
  const body = JSON.stringify({ rows: [Array.from(rows(1))] });
  const { stdout } = await run(
    "npx",
    [
      ..."--yes autocannon@9.0.0 --json --method POST --headers content-type=application/json".split(" "),
      ...["--duration", options.seconds, "--connections", options.connections, ...flags],
      ...["--body", body, `${url}/v1/models/eight/logprob`],
    ],
    { maxBuffer: 2 ** 26 },
  );
  const { latency, requests, errors, timeouts, non2xx } = JSON.parse(stdout);
  return {
    requestsPerSecond: Math.round(requests.average),
    p50: latency.p50,
    p99: latency.p99,
    max: latency.max,
    failed: errors + timeouts + non2xx,
  };
}

/**
 * What requests at even distances take, in milliseconds, from when they are due: one that waits for a connection has its wait counted.
 * The first second stands by itself.
 */
async function evenLoad(url) {
  const body = JSON.stringify({ rows: [Array.from(rows(1))] });
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: Number(options.connections) });
  const how = {
    ...{ agent, hostname, port, method: "POST", path: "/v1/models/eight/logprob" },
    headers: { "content-type": "application/json", "content-length": body.length },
  };
  const ask = (due) =>
    new Promise((resolve) => {
      const asked = request(how, (answer) => {
        answer.resume();
        answer.on("end", () =>
          resolve({ due, took: performance.now() - due, isRight: answer.statusCode === 200 }),
        );
      });
      asked.on("error", () => resolve({ due, took: Number.POSITIVE_INFINITY, isRight: false }));
      asked.end(body);
    });
  const start = performance.now();
  const [rate, total] = [Number(options.rate), Number(options.rate) * Number(options.seconds)];
  const asked = [];
  while (asked.length < total) {
    for (const now = performance.now(); asked.length < total; ) {
      const due = start + (1000 * asked.length) / rate;
      if (due > now) break;
      asked.push(ask(due));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const all = await Promise.all(asked);
  agent.destroy();
  const summary = (answers) => {
    const times = answers.map(({ took }) => took).sort((a, b) => a - b);
    const quantile = (share) => Number(times[Math.ceil(share * times.length) - 1].toFixed(1));
    return { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  };
  return {
    requests: all.length,
    ...summary(all),
    failed: all.filter(({ isRight }) => !isRight).length,
    firstSecond: summary(all.filter(({ due }) => due < start + 1000)),
  };
}

/** Bodies that are not requests, each in its own way. */
const malformed = (i) =>
  [
    "{",
    "[]",
    "null",
    '{"rows":[]}',
    '{"rows":[[1,2]]}',
    `{"rows":[[1,2,3,4,5,6,7,"${i}"]]}`,
    `{"rows":[{"a":${i}}]}`,
    '{"rows":[[1,2,3,4,5,6,7,8]],"missing":"what"}',
    "\u0000".repeat(i),
    `{"rows":${"[".repeat(1000)}`,
  ][i % 10];

async function attack(url) {
  const statuses = {};
  for (let i = 0; i < 500; i++) {
    const path = i % 50 === 0 ? "/v1/models/none/logprob" : "/v1/models/eight/logprob";
    const headers = { "content-type": i % 25 === 1 ? "text/plain" : "application/json" };
    const { status } = await fetch(url + path, { method: "POST", headers, body: malformed(i) });
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return statuses;
}

const { flow } = await fit(tableFromRows(columns, rows(4000)), { seed: 1, epochs: 5 });
await flow.save(model);
const server = spawn(process.execPath, [cli, "serve", model, "--port", "0"], {
  stdio: ["ignore", "pipe", "ignore"],
});
try {
  const [line] = await once(server.stdout, "data");
  const url = /http:\S+/.exec(String(line))[0];
  const rate = `${options.rate} a second`;
  console.log(`${rate}, evenly, from the start`, await evenLoad(url));
  console.log(`${rate}, evenly, again`, await evenLoad(url));
  console.log(
    `${rate}, in a burst each second (autocannon)`,
    await load(url, ["--overallRate", options.rate]),
  );
  console.log("as fast as it goes (autocannon)", await load(url, []));
  console.log("500 malformed requests, by status", await attack(url));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  console.log(
    metrics.split("\n").filter((line) => /^pushforward_batch_requests_(sum|count)|^process_/.test(line)),
  );
} finally {
  server.kill("SIGTERM");
  await once(server, "exit");
  rmSync(folder, { recursive: true });
}
