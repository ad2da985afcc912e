import { spawn } from "node:child_process";
import { once } from "node:events";
import fs, {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { AbortedError, FormatError, UsageError } from "../../src/errors.ts";
import {
  checkWritable,
  isSameFile,
  readFileBytes,
  readStandardInput,
  writeFileAtomically,
} from "../../src/platform/files.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const folder = temporaryFolder();

const oneLine = (error: unknown): boolean => error instanceof Error && !error.message.includes("\n");

describe("readFileBytes", () => {
  test("reads a file as it is", async () => {
    const path = join(folder, "bytes");
    await writeFile(path, Uint8Array.of(1, 0, 255));
    expect([...(await readFileBytes(path))]).toEqual([1, 0, 255]);
  });

  test.each([
    ["an absent file", "absent.csv", /absent\.csv": there is no such file/],
    ["a folder", ".", /it is a folder, not a file/],
  ])("%s is a FormatError of one line", async (_, name, message) => {
    const error = await readFileBytes(join(folder, name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FormatError);
    expect(oneLine(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  test("in a browser a path is a UsageError that says what to pass", async () => {
    vi.stubGlobal("process", undefined);
    try {
      await expect(readFileBytes("a.csv")).rejects.toThrow(UsageError);
      await expect(readFileBytes("a.csv")).rejects.toThrow(/pass the bytes or a Blob/);
      await expect(writeFileAtomically("a.csv", "")).rejects.toThrow(UsageError);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("writeFileAtomically", () => {
  test("writes and replaces a file, and leaves nothing beside it", async () => {
    const inside = await mkdtemp(join(folder, "write-"));
    const path = join(inside, "out.txt");
    await writeFileAtomically(path, "one");
    await writeFileAtomically(path, new TextEncoder().encode("two"));
    expect(await readFile(path, "utf8")).toBe("two");
    expect(await readdir(inside)).toEqual(["out.txt"]);
  });

  test("a failed write leaves the old file and no temporary one", async () => {
    const inside = await mkdtemp(join(folder, "fail-"));
    const path = join(inside, "out.txt");
    await writeFile(path, "old");
    // What a caller without types may pass: Node refuses it after the temporary file is open.
    await expect(writeFileAtomically(path, { no: "bytes" } as unknown as string)).rejects.toThrow(
      FormatError,
    );
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(inside)).toEqual(["out.txt"]);
  });

  test("a missing folder is named, a folder as the target refused", async () => {
    const missing = join(folder, "nowhere", "out.txt");
    await expect(writeFileAtomically(missing, "x")).rejects.toThrow(/no folder ".*nowhere"/);
    await expect(writeFileAtomically(missing, "x")).rejects.toThrow(FormatError);
    await expect(writeFileAtomically(folder, "x")).rejects.toThrow(/is a folder/);
  });

  test("a symbolic link stays a link", async () => {
    const inside = await mkdtemp(join(folder, "link-"));
    await writeFile(join(inside, "real.txt"), "old");
    await symlink(join(inside, "real.txt"), join(inside, "link.txt"));
    await writeFileAtomically(join(inside, "link.txt"), "new");
    expect(await readFile(join(inside, "real.txt"), "utf8")).toBe("new");
    expect((await readdir(inside)).sort()).toEqual(["link.txt", "real.txt"]);
  });
});

/** The message of a failure, which must be a FormatError of one line. */
async function refusal(work: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(work)
    .then(() => undefined)
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FormatError);
  expect(oneLine(error)).toBe(true);
  return (error as Error).message;
}

const newFolder = (): Promise<string> => mkdtemp(join(folder, "own-"));

describe("paths that lead nowhere", () => {
  test("say which path, why, and what to do", async () => {
    const inside = await newFolder();
    writeFileSync(join(inside, "file"), "");
    symlinkSync("b", join(inside, "a"));
    symlinkSync("a", join(inside, "b"));
    const cases: readonly (readonly [string, RegExp, RegExp])[] = [
      ["file/x", /part of the path is a file, not a folder/, /is a file, not a folder; mend/],
      ["a", /links lead in a circle; mend the link/, /links lead in a circle; mend the link/],
      ["n".repeat(300), /name is too long/, /name is too long; choose a shorter one/],
      ["nul\0", /null character/, /null character/],
      [".", /it is a folder/, /it is a folder, not a file; add a file name/],
    ];
    for (const [name, reading, writing] of cases) {
      // Not `join`, which takes the dot away.
      const path = `${inside}/${name}`;
      expect(await refusal(() => readFileBytes(path))).toMatch(reading);
      expect(await refusal(() => writeFileAtomically(path, "x"))).toMatch(writing);
      expect(await refusal(() => checkWritable(path))).toMatch(writing);
    }
    expect(readdirSync(inside).sort()).toEqual(["a", "b", "file"]);
  });

  test("a full disk says so", async () => {
    expect(await refusal(() => writeFileAtomically("/dev/full", "x"))).toMatch(/the disk is full; free some/);
  });

  // The superuser may write everything.
  test.skipIf(process.getuid?.() === 0)("a file that is read-only is not replaced", async () => {
    const path = join(await newFolder(), "kept");
    writeFileSync(path, "old");
    chmodSync(path, 0o444);
    expect(await refusal(() => writeFileAtomically(path, "x"))).toMatch(/read-only; make it writable/);
    expect(readFileSync(path, "utf8")).toBe("old");
  });
});

describe("links", () => {
  test("to a file that is not there yet stay, and what they lead to is written", async () => {
    const inside = await newFolder();
    mkdirSync(join(inside, "far"));
    mkdirSync(join(inside, "far", "off"));
    // A folder that is a link: `..` after it is the folder `far`.
    symlinkSync("far/off", join(inside, "near"));
    symlinkSync("../new", join(inside, "far", "off", "link"));
    await writeFileAtomically(join(inside, "near", "link"), "text");
    expect(readFileSync(join(inside, "far", "new"), "utf8")).toBe("text");
    expect(lstatSync(join(inside, "near", "link")).isSymbolicLink()).toBe(true);
  });

  test("of all kinds are one file with what they lead to", async () => {
    const inside = await newFolder();
    writeFileSync(join(inside, "file"), "");
    symlinkSync("file", join(inside, "link"));
    symlinkSync("absent", join(inside, "dangling"));
    const same = (a: string, b: string): boolean => isSameFile(join(inside, a), join(inside, b));
    expect([same("file", "link"), same("absent", "dangling"), same("file", "absent")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isSameFile(join(inside, "file"), `${inside}/../${inside.split("/").at(-1)}/file`)).toBe(true);
  });
});

describe("temporary files", () => {
  test("of processes that have ended, and of this number before, are removed at the next write", async () => {
    const inside = await newFolder();
    const path = join(inside, "out.csv");
    const gone = spawn(process.execPath, ["-e", ""]);
    await once(gone, "exit");
    const litter = [`.out.csv.${process.pid}-0.tmp`, `.out.csv.${gone.pid}-1f.tmp`];
    // Of a process that goes on, and of other files.
    const kept = [`.out.csv.${process.ppid}-0.tmp`, ".other.csv.1-0.tmp", ".out.csv.backup", "out.csv.tmp"];
    for (const name of [...litter, ...kept]) writeFileSync(join(inside, name), "");
    checkWritable(path);
    await writeFileAtomically(path, "1");
    expect(readdirSync(inside).sort()).toEqual([...kept, "out.csv"].sort());
  });

  test("that another process takes for litter are written anew", async () => {
    const path = join(await newFolder(), "out");
    const rename = vi.spyOn(fs.promises, "rename");
    rename.mockImplementationOnce(async (from) => {
      fs.rmSync(from);
      throw Object.assign(new Error("gone"), { code: "ENOENT" });
    });
    await writeFileAtomically(path, "text");
    rename.mockRestore();
    expect(readFileSync(path, "utf8")).toBe("text");
    await Promise.all(Array.from({ length: 20 }, (_, i) => writeFileAtomically(path, String(i))));
    expect(readdirSync(join(path, ".."))).toEqual(["out"]);
  });

  test("have names that fit where the file's own does, and keep its permissions", async () => {
    const path = join(await newFolder(), `${"é".repeat(120)}.csv`);
    writeFileSync(path, "old");
    chmodSync(path, 0o606);
    await writeFileAtomically(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o606);
  });
});

describe.skipIf(process.platform === "win32")("named pipes", () => {
  /** A new pipe. */
  async function newPipe(): Promise<string> {
    const path = join(await newFolder(), "pipe");
    await once(spawn("mkfifo", [path]), "exit");
    return path;
  }

  test("carry what is written to who reads", async () => {
    const path = await newPipe();
    const content = "0123456789".repeat(30_000);
    const [read] = await Promise.all([readFileBytes(path), writeFileAtomically(path, content)]);
    expect(Buffer.from(read).toString()).toBe(content);
  });

  test("that nobody is at the other end of are waited for until the signal fires", async () => {
    const path = await newPipe();
    for (const work of [readFileBytes, (at: string, how: object) => writeFileAtomically(at, "x", how)]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 100);
      await expect(work(path, { signal: controller.signal })).rejects.toThrow(AbortedError);
      await expect(work(path, { signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
    }
  });

  test("whose reader goes away are a FormatError", async () => {
    const path = await newPipe();
    const reader = spawn("head", ["-c", "1", path]);
    expect(await refusal(() => writeFileAtomically(path, "x".repeat(1_000_000)))).toMatch(/reader went away/);
    reader.kill();
  });
});

test("standard input that is a terminal is refused, not waited for", async () => {
  const was = Object.getOwnPropertyDescriptor(process.stdin, "isTTY");
  Object.defineProperty(process.stdin, "isTTY", { value: true, configurable: true });
  try {
    await expect(readStandardInput()).rejects.toThrow(UsageError);
  } finally {
    if (was) Object.defineProperty(process.stdin, "isTTY", was);
    else Reflect.deleteProperty(process.stdin, "isTTY");
  }
});
