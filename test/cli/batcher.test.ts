import { expect, it } from "vitest";
import { Batcher } from "../../src/cli/serve/batcher.ts";

it("scores in one pass what waits for the one before, and refuses what waits too long", async () => {
  const passes: number[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const batcher = new Batcher<number>({
    mostWaiting: 5,
    onPass: (rows) => passes.push(rows),
    async score(rows) {
      await gate;
      if (rows.includes(4)) throw new Error("four");
      return Float64Array.from(rows, (row) => 10 * row);
    },
  });
  const soon = performance.now() + 1e6;
  const first = batcher.score([1], soon);
  await new Promise(setImmediate);
  const others = [[2, 3], [4], [5]].map((rows) => batcher.score(rows, soon));
  const late = batcher.score([6], 0);
  await expect(batcher.score([7, 8], soon)).rejects.toMatchObject({ status: 503 });
  open();
  expect(await first).toEqual(Float64Array.of(10));
  const settled = await Promise.allSettled([...others, late]);
  expect(settled).toMatchObject([
    { value: Float64Array.of(20, 30) },
    { reason: { message: "four" } },
    { value: Float64Array.of(50) },
    { reason: { status: 504 } },
  ]);
  // The pass that fails is made once more, a request at a time.
  expect(passes).toEqual([1, 4, 2, 1, 1]);
});
