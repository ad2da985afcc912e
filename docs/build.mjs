// Builds the documentation site into site/, or serves it while the guides are written (--serve).
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { build, createServer } from "vitepress";
import { deadLinks } from "./checkLinks.mjs";
import { drawParts } from "./parts/drawParts.mjs";

const docs = fileURLToPath(new URL(".", import.meta.url));
const repository = join(docs, "..");
process.chdir(repository);

// The picture of the first page has to lie where files are served as they are. Those of the playground are in its guide, and a folder of
// that guide's name would be in its way.
const ofPlayground = join(docs, "images", "playground");
cpSync(join(docs, "images"), join(docs, "public"), {
  recursive: true,
  filter: (source) => source !== ofPlayground,
});
// The playground is a page of its own; of an earlier one nothing is left.
const playground = join(repository, "playground", "dist");
const play = join(docs, "public", "play");
rmSync(play, { recursive: true, force: true });
if (existsSync(playground)) {
  cpSync(playground, play, { recursive: true, filter: (source) => !source.endsWith("_headers") });
  // Hosts read such a file in the root alone.
  const headers = readFileSync(join(playground, "_headers"), "utf8");
  writeFileSync(join(docs, "public", "_headers"), headers.replace(/^\/\*$/m, "/play/*"));
}
await drawParts(join(docs, "public", "parts"));
rmSync(join(docs, "reference"), { recursive: true, force: true });
const reference = await Application.bootstrapWithPlugins({
  options: join(repository, "typedoc.json"),
  plugin: ["typedoc-plugin-markdown"],
  out: join(docs, "reference"),
  projectDocuments: [],
  entryFileName: "index",
  hidePageHeader: true,
  hideBreadcrumbs: true,
  parametersFormat: "table",
  propertiesFormat: "table",
  interfacePropertiesFormat: "table",
  useCodeBlocks: true,
});
const project = await reference.convert();
if (!project) throw new Error("The reference cannot be made: see the messages above.");
reference.validate(project);
await reference.generateOutputs(project);
if (reference.logger.hasErrors() || reference.logger.hasWarnings()) process.exit(1);

if (process.argv.includes("--serve")) {
  const server = await createServer(docs);
  await server.listen();
  server.printUrls();
} else {
  await build(docs);
  const dead = deadLinks(join(repository, "site"), process.env.SITE_BASE);
  for (const link of dead) process.stderr.write(`dead link: ${link}\n`);
  if (dead.length > 0) process.exit(1);
}
