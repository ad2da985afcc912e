// Dead links of the site as it was built: VitePress sees those of the sources alone.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

/** Text with the entities of an address read. */
const unescaped = (text) => text.replaceAll("&amp;", "&").replaceAll("&#39;", "'").replaceAll("&quot;", '"');

/** Links within a built site that lead to no page, file or heading, each as `page: link`. */
export function deadLinks(site, base = "/") {
  const pages = new Map(
    readdirSync(site, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".html"))
      .map((file) => [file.replaceAll("\\", "/"), readFileSync(join(site, file), "utf8")]),
  );
  const headings = new Map();
  const headingsOf = (page) => {
    if (!headings.has(page))
      headings.set(
        page,
        new Set(Array.from(pages.get(page).matchAll(/\bid="([^"]+)"/g), ([, id]) => unescaped(id))),
      );
    return headings.get(page);
  };
  /** The page of an address; undefined where there is none, null for a file of another kind. */
  const pageAt = (address) => {
    const file = address.replace(/^\//, "");
    const index = posix.join(file, "index.html");
    if (pages.has(file)) return file;
    if (pages.has(`${file}.html`)) return `${file}.html`;
    if (pages.has(index)) return index;
    const asset = join(site, file);
    return existsSync(asset) && statSync(asset).isFile() ? null : undefined;
  };
  const dead = [];
  for (const [page, text] of pages)
    for (const [, link] of text.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)) {
      const href = decodeURI(unescaped(link));
      if (/^([a-z]+:|\/\/)/i.test(href)) continue;
      const [path, heading] = href.split("#");
      const address = path.startsWith("/")
        ? relative(base, path)
        : path === ""
          ? page
          : posix.join(dirname(page), path);
      const target = pageAt(address);
      const isDead = target === undefined || (target !== null && heading && !headingsOf(target).has(heading));
      if (isDead) dead.push(`${page}: ${href}`);
    }
  return dead;
}
