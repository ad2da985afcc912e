// Pages of files that the guides link to: sources and examples, shown as they are.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const docs = fileURLToPath(new URL("..", import.meta.url));
const repository = join(docs, "..");

/** Folders of the repository's files that are no guides. */
const isGuide = (file) => file.startsWith("docs/");
const isExample = (file) => /^examples\/[^/]+\.js$/.test(file);

/** Address of the page of a file, named by its path in the repository. */
export function pageOfFile(file) {
  if (isExample(file)) return `/examples/${file.slice("examples/".length, -".js".length)}`;
  if (file === "docs/results/README.md") return "/results/";
  if (isGuide(file)) return `/${file.slice("docs/".length).replace(/\.md$/, "")}`;
  if (file === "README.md") return "/";
  return `/source/${pageName(file)}`;
}

/** Name of the page of a file: an address has no slash within it, and none ends in .md. */
export function pageName(file) {
  return file.replace(/\.md$/, "").replaceAll("/", "~");
}

/** The examples, by name. */
export function examples() {
  return readdirSync(join(repository, "examples"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => `examples/${name}`);
}

/** Markdown of a file: its text in a block, or as it is where it is Markdown. */
export function contentOfFile(file) {
  const text = readFileSync(join(repository, file), "utf8");
  if (file.endsWith(".md")) {
    // Links of a page that has moved are those of its old place.
    return text.replaceAll(/\]\((?![a-z]+:|#|\/)([^)\s#]+)(#[^)\s]*)?\)/gi, (_, path, anchor = "") => {
      const target = relative(repository, normalize(join(repository, dirname(file), path))).replaceAll(
        "\\",
        "/",
      );
      return `](${/\.(png|svg)$/.test(path) ? `/${relative("docs", target)}` : pageOfFile(target)}${anchor})`;
    });
  }
  const fence = "`".repeat(4);
  return `# ${file}\n\n${fence}${extname(file).slice(1).replace("mjs", "js")}\n${text.trimEnd()}\n${fence}\n`;
}

/** Files outside of this folder that a guide links to, and those that they link to in turn. */
export function linkedFiles() {
  const found = new Set();
  const visit = (file) => {
    const text = readFileSync(join(repository, file), "utf8");
    for (const [, path] of text.matchAll(/\]\((?![a-z]+:|#|\/)([^)\s#]+)[^)]*\)/gi)) {
      const target = relative(repository, normalize(join(repository, dirname(file), path))).replaceAll(
        "\\",
        "/",
      );
      if (isGuide(target) || isExample(target) || found.has(target) || target === "README.md") continue;
      if (!/\.(ts|js|mjs|json|md|py|txt)$|(^|\/)LICENSE$/.test(target)) continue;
      found.add(target);
      if (target.endsWith(".md")) visit(target);
    }
  };
  const guides = readdirSync(docs, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".md") && !/^(reference|source|node_modules|\.vitepress)/.test(file),
  );
  for (const file of guides) visit(join("docs", file));
  return [...found];
}
