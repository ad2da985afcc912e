/** `npm run bench:tables-peers`: what `npm run bench:tables` compares with, in `.venv` beside this file: about 2.5 GB. */
import { fileURLToPath } from "node:url";
import { setUpPython } from "../peers/pythonPeers.mjs";

setUpPython(fileURLToPath(new URL(".", import.meta.url)));
console.log("done: npm run bench:tables");
