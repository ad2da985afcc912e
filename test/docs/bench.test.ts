import { join } from "node:path";
import { expect, test } from "vitest";
import { root, runNode } from "./project.ts";

const selection = "--json --quick --rounds 1 --only realnvp --workload step,sample --features 2 --batch 64";

test("the benchmark prints an array of results, with nothing of the peers set up", async () => {
  const printed = await runNode(
    [join(root, "bench/bench.mjs"), ...selection.split(" "), "--implementations", "pushforward"],
    root,
  );
  const results: unknown = JSON.parse(printed);
  const workloads = [
    ["step", 64],
    ["sample", 2000],
  ];
  const plain = workloads.flatMap(([workload, batch]) =>
    [1, 2].map((threads) => ({
      workload,
      flow: "realnvp",
      features: 2,
      batch,
      implementation: "pushforward",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      threads,
      wide: false,
      // 8 networks 1 -> 128 -> 128 -> 2.
      parameters: 8 * (2 * 128 + 129 * 128 + 129 * 2),
      medianMs: expect.any(Number),
      minMs: expect.any(Number),
      maxMs: expect.any(Number),
      rounds: 1,
    })),
  );
  expect((results as { wide: boolean }[]).filter(({ wide }) => !wide)).toEqual(plain);
});
