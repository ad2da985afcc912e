// Builds the documentation site into site/, or serves it while the guides are written (--serve).
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { build, createServer } from "vitepress";
import { deadLinks } from "./checkLinks.mjs";
import { drawParts } from "./parts/drawParts.mjs";

const docs = fileURLToPath(new URL(".", import.meta.url));
const repository = join(docs, "..");
process.chdir(repository);

// The picture of the first page has to lie where files are served as they are.
cpSync(join(docs, "images"), join(docs, "public"), { recursive: true });
// The playground is a page of its own.
const playground = join(repository, "playground", "dist");
if (existsSync(playground)) cpSync(playground, join(docs, "public", "play"), { recursive: true });
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
