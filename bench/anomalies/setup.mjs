/**
 * `npm run bench:anomalies-peers`: installs what `npm run bench:anomalies` compares with, beside this file, and nothing
 * elsewhere. It needs python3 of version 3.11 or newer with venv.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL(".", import.meta.url));
const run = (program, ...parameters) => execFileSync(program, parameters, { cwd, stdio: "inherit" });
if (!existsSync(`${cwd}.venv`)) run("python3", "-m", "venv", ".venv");
run(".venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", "requirements.txt");
console.log("done: npm run bench:anomalies -- FOLDER");
