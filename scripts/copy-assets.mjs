/** Puts the font that figures are set in, and its licence, beside the built modules. Part of `npm run build`. */
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const fonts = new URL("node_modules/dejavu-fonts-ttf/", root);
const dist = new URL("dist/", root);

await mkdir(dist, { recursive: true });
for (const [from, to] of [
  ["ttf/DejaVuSans.ttf", "DejaVuSans.ttf"],
  ["LICENSE", "DejaVuSans.LICENSE"],
]) {
  await copyFile(fileURLToPath(new URL(from, fonts)), fileURLToPath(new URL(to, dist)));
}
