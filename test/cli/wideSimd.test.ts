import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { chooseWideSimd, obstacleOf } from "../../src/cli/process/wideSimd.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder();

/** A library whose trial does this. */
const libraryThat = (body: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`export const enableWideSimd = async () => { ${body} };`)}`,
  );
const passing = libraryThat("");
const slow = libraryThat('return "it made no kernel faster in a trial";');
const crashing = libraryThat("process.abort();");

test("a trial in another process decides, and what passed is not tried again", async () => {
  const cache = join(folder, "caches", "pushforward", "wideSimd.json");
  expect(await obstacleOf({ version: "1", library: passing, cache })).toBeNull();
  expect(await obstacleOf({ version: "1", library: crashing, cache })).toBeNull();
  // Another version is another engine.
  expect(await obstacleOf({ version: "2", library: slow, cache })).toBe(
    "it made no kernel faster in a trial",
  );
  expect(Object.keys(JSON.parse(readFileSync(cache, "utf8")) as object)).toHaveLength(2);
});

test.skipIf(process.platform === "win32")(
  "a process that a trial ends is an obstacle, for good after three of them",
  async () => {
    const cache = join(folder, "crashes.json");
    for (let trial = 1; trial <= 3; trial++)
      expect(await obstacleOf({ version: "1", library: crashing, cache })).toBe("its trial failed (SIGABRT)");
    expect(await obstacleOf({ version: "1", library: passing, cache })).toBe("its trial failed (SIGABRT)");
  },
);

test("caches that are damaged, or cannot be written, cost a trial and nothing else", async () => {
  const damaged = join(folder, "damaged.json");
  for (const text of ["{", "null", '{"a":null,"b":{"obstacle":1,"trials":"x"}}'])
    writeFileSync(damaged, text);
  expect(await obstacleOf({ version: "1", library: passing, cache: damaged })).toBeNull();
  expect(Object.values(JSON.parse(readFileSync(damaged, "utf8")) as object)).toEqual([
    { obstacle: null, trials: 1 },
  ]);
  const cache = join(damaged, "no", "folder.json");
  expect(await obstacleOf({ version: "1", library: passing, cache })).toBeNull();
});

test("commands that cannot have it, refuse it or are over soon do not try it", async () => {
  const cache = join(folder, "none.json");
  const wideAfter = async (name: string, ...args: string[]): Promise<unknown> => {
    const command = new Command(name).argument("<data>").option("--engine <name>").option("-n <rows>");
    if (name !== "describe") command.option("--wide").option("--no-wide");
    // commander turns the default of a flag that has a negation on.
    command.setOptionValue("wide", undefined).action(() => undefined);
    command.parse(["x.csv", ...args], { from: "user" });
    await chooseWideSimd(command, { version: "1", library: slow, cache });
    return command.getOptionValue("wide");
  };
  expect(await wideAfter("describe")).toBeUndefined();
  expect(await wideAfter("fit", "--no-wide")).toBe(false);
  expect(await wideAfter("fit", "--engine", "reference")).toBeUndefined();
  expect(await wideAfter("sample", "-n", "1000")).toBeUndefined();
  expect(() => readFileSync(cache)).toThrow();
  const isAble = Number(process.versions.node.split(".")[0]) >= 22;
  expect(await wideAfter("fit")).toBe(isAble ? false : undefined);
  expect(await wideAfter("sample", "-n", "1000000")).toBe(isAble ? false : undefined);
});
