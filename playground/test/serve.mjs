/** Serves the built page as a static host does: files, and nothing else. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../dist/", import.meta.url);
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".png": "image/png",
  ".json": "application/json",
};
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Starts a server; without `isolated` it is a host that sets no headers. */
export async function serve({ isolated = true } = {}) {
  const requests = [];
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    requests.push(pathname);
    const file = new URL(pathname === "/" ? "index.html" : pathname.slice(1), root);
    try {
      if (!fileURLToPath(file).startsWith(fileURLToPath(root))) throw new Error("outside");
      const content = await readFile(file);
      response.writeHead(200, {
        ...(isolated ? isolation : {}),
        "Content-Type": types[extname(file.pathname)] ?? "application/octet-stream",
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
