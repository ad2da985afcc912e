import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { quickFlags, sampleCsv, writeFiles } from "./runCli.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** npm and npx without this repository's settings, which npm hands down to a test that `npm test` runs. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_"));
  return Object.fromEntries(inherited);
}

it("the packed tarball installs in an empty folder and runs", { timeout: 180_000 }, () => {
  const cwd = temporaryFolder();
  const run = (command: string, args: readonly string[], folder = cwd): string =>
    execFileSync(command, args, { cwd: folder, env: environment(), encoding: "utf8", stdio: "pipe" });

  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", cwd], root);
  const tarball = readdirSync(cwd).find((name) => name.endsWith(".tgz"));
  expect(tarball).toMatch(/^pushforward-.*\.tgz$/);
  writeFiles(cwd, { "package.json": `{ "private": true, "type": "module" }`, "data.csv": sampleCsv(200) });
  run("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`]);

  expect(run("npx", ["--no-install", "pushforward", "--help"])).toMatch(/^Usage: pushforward/);
  const fit = [
    "--no-install",
    "pushforward",
    "fit",
    "data.csv",
    "--out",
    "m.safetensors",
    "--json",
    ...quickFlags,
  ];
  expect(JSON.parse(run("npx", fit))).toMatchObject({ out: "m.safetensors" });
  // The font and the rasterizer come along.
  run("npx", ["--no-install", "pushforward", "plot", "m.safetensors", "data.csv", "--out", "figure.png"]);
  expect(existsSync(join(cwd, "figure.png"))).toBe(true);
  const library = `import { load } from "pushforward";
    const flow = await load("m.safetensors");
    console.log((await flow.sample(3, { seed: 1 })).rows);
    process.exit(0);`;
  writeFiles(cwd, { "use.js": library });
  expect(run(process.execPath, ["use.js"])).toBe("3\n");
});
