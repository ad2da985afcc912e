/**
 * Compiled programs in a folder, for later processes; in Node alone.
 *
 * A file holds what an engine makes of a program, by a digest of the program's structure, of the engine's options and of this build of the
 * library. What is not whole, or cannot be read, is compiled as if it were not there, and written anew. V8 compiles the code of each
 * process itself.
 *
 * @module
 */

import type { Program } from "../../../graph/program.ts";
import { inPieces } from "../../../platform/pieces.ts";
import { nodeModule, warn } from "../../../platform/platform.ts";
import { reasonOf } from "../../../platform/systemErrors.ts";
import { bytesOf, digestOf } from "../../../random/digest.ts";
import type { CompiledProgram } from "../compileProgram.ts";

declare const pushforwardBuild: string | undefined;

/** Which build of the library this is; its sources are none. */
const build = typeof pushforwardBuild === "string" ? pushforwardBuild : "source";

/** What all files may have together, in bytes, and one alone; the oldest are removed. */
const mostBytes = 2 ** 28;
const mostBytesOfFile = 2 ** 23;

const extension = ".program";
/** Milliseconds after which a temporary file is nobody's: a day. */
const oldestTemporary = 24 * 3600 * 1000;
/** Hexadecimal digits of a digest, which are the first bytes of a file. */
const digestLength = 32;

const notHere = "a browser has no folder for compiled programs: leave the cache out";

/** What is asked of a folder. */
export interface ProgramRequest {
  /** What says all of the program; without it the program is written, and looked at. */
  readonly structure: string | undefined;
  /** What else the code depends on. */
  readonly machine: unknown;
  readonly write: () => Promise<Partial<Program>>;
  readonly compile: (program: Partial<Program>) => Promise<CompiledProgram>;
  readonly signal: AbortSignal | undefined;
}

/** The compiled program that a folder has, or one that is compiled now and kept there. */
export async function programFrom(folder: string, request: ProgramRequest): Promise<CompiledProgram> {
  const { structure, machine, write, compile, signal } = request;
  let program: Partial<Program> | undefined;
  if (structure === undefined) program = await write();
  let name = structure;
  if (program) {
    const { structureOfProgram } = await import("./programName.ts");
    name = await inPieces(structureOfProgram(program), signal);
  }
  const text = new TextEncoder().encode(JSON.stringify([build, machine, name]));
  const path = nodeModule("node:path", notHere).join(folder, digestOf([text]) + extension);
  const known = await read(path);
  if (known) return known;
  const compiled = await compile(program ?? (await write()));
  await keep(folder, path, compiled);
  return compiled;
}

function v8(): typeof import("node:v8") {
  return globalThis.process.getBuiltinModule("node:v8");
}

/** What a file holds; undefined where there is none, or it is not whole. */
async function read(path: string): Promise<CompiledProgram | undefined> {
  try {
    const file = await nodeModule("node:fs", notHere).promises.readFile(path);
    const content = file.subarray(digestLength);
    if (file.subarray(0, digestLength).toString("latin1") !== digestOf([bytesOf(content)])) return undefined;
    return v8().deserialize(content) as CompiledProgram;
  } catch {
    return undefined;
  }
}

let warned = false;

/** Writes a file, and removes the oldest where there are too many. What cannot be written is said once. */
async function keep(folder: string, path: string, compiled: CompiledProgram): Promise<void> {
  const fs = nodeModule("node:fs", notHere).promises;
  const { join } = nodeModule("node:path", notHere);
  try {
    const content = v8().serialize(compiled);
    if (content.length > mostBytesOfFile) return;
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const digest = new TextEncoder().encode(digestOf([bytesOf(content)]));
    // Written apart and renamed: nobody reads a part of a file, and two processes that write one do not meet.
    const [random] = globalThis.crypto.getRandomValues(new Uint32Array(1));
    const temporary = `${path}.${globalThis.process.pid}-${random!.toString(16)}.tmp`;
    try {
      await fs.writeFile(temporary, Buffer.concat([digest, content]), { mode: 0o600 });
      await fs.rename(temporary, path);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
    const files = [];
    for (const name of await fs.readdir(folder)) {
      const status = await fs.stat(join(folder, name)).catch(() => undefined);
      if (!status?.isFile() || !name.includes(extension)) continue;
      // A process that was killed leaves what it wrote.
      const isLitter = name.endsWith(".tmp") && Date.now() - status.mtimeMs > oldestTemporary;
      if (isLitter) await fs.rm(join(folder, name), { force: true });
      else if (name.endsWith(extension)) files.push({ name, size: status.size, time: status.mtimeMs });
    }
    let size = 0;
    for (const file of files.sort((a, b) => b.time - a.time))
      if ((size += file.size) > mostBytes) await fs.rm(join(folder, file.name), { force: true });
  } catch (error) {
    if (warned) return;
    warned = true;
    warn(`Compiled programs cannot be kept in "${folder}": ${reasonOf(error)}.`);
  }
}
