import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, it } from "vitest";
import * as entries from "../entries.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { quickFlags, sampleCsv, writeFiles } from "./runCli.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** npm and npx without this repository's settings, which npm hands down to a test that `npm test` runs. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_"));
  return Object.fromEntries(inherited);
}

it("the packed tarball installs in an empty folder and runs", { timeout: 180_000 }, async () => {
  const cwd = temporaryFolder();
  const run = (command: string, args: readonly string[], folder = cwd): string =>
    execFileSync(command, args, { cwd: folder, env: environment(), encoding: "utf8", stdio: "pipe" });

  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", cwd], root);
  const tarball = readdirSync(cwd).find((name) => name.endsWith(".tgz"));
  expect(tarball).toMatch(/^pushforward-.*\.tgz$/);
  writeFiles(cwd, { "package.json": `{ "private": true, "type": "module" }`, "data.csv": sampleCsv(200) });
  run("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`]);

  expect(run("npx", ["--no-install", "pushforward", "--help"])).toMatch(/^Usage: pushforward/);
  // What npx calls: npm itself takes a second to begin.
  const pushforward = join(cwd, "node_modules", ".bin", "pushforward");
  const fit = ["fit", "data.csv", "--out", "m.safetensors", "--json", ...quickFlags];
  expect(JSON.parse(run(pushforward, fit))).toMatchObject({ out: "m.safetensors" });
  // The font and the rasterizer come along.
  run(pushforward, ["plot", "m.safetensors", "data.csv", "--out", "figure.png"]);
  expect(existsSync(join(cwd, "figure.png"))).toBe(true);
  const library = `import { load, PushforwardError } from "pushforward";
    import { affine, bijectionFromJson } from "pushforward/bijections";
    const flow = await load("m.safetensors");
    // The classes and the registries exist once, whichever entry one comes by.
    try { affine({ features: -1 }) } catch (error) { console.log(error instanceof PushforwardError) }
    console.log(bijectionFromJson(flow.bijection.toJSON()).features === flow.columns.length);
    console.log((await flow.sample(3, { seed: 1 })).rows);
    process.exit(0);`;
  writeFiles(cwd, { "use.js": library });
  expect(run(process.execPath, ["use.js"])).toBe("true\ntrue\n3\n");

  // Every entry, by Node and by a bundler.
  const paths = Object.keys(entries).map((name) => (name === "top" ? "pushforward" : `pushforward/${name}`));
  const imports = paths.map((path, i) => `import * as entry${i} from "${path}";`).join("\n");
  const listed = paths.map((_, i) => `entry${i}`).join(", ");
  writeFiles(cwd, {
    "every.js": `${imports}\nconsole.log(JSON.stringify([${listed}].map((entry) => Object.keys(entry).sort())));\n`,
  });
  const names = Object.values(entries).map((entry) => Object.keys(entry).sort());
  expect(JSON.parse(run(process.execPath, ["every.js"]))).toEqual(names);
  await build({
    configFile: false,
    root: cwd,
    logLevel: "error",
    build: {
      outDir: "bundled",
      minify: false,
      lib: { entry: "every.js", formats: ["es"], fileName: "every" },
    },
  });
  const bundled = readFileSync(join(cwd, "bundled/every.js"), "utf8");
  expect(bundled).not.toMatch(/^import\b.*"pushforward/m);
  expect(JSON.parse(run(process.execPath, ["bundled/every.js"]))).toEqual(names);
});
