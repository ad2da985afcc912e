import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FormatError, UsageError } from "../../src/errors.ts";
import {
  availableThreads,
  gunzip,
  gzip,
  isNode,
  readFileBytes,
  readStandardInput,
  startThread,
  writeFileAtomically,
} from "../../src/platform.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pushforward-platform-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

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
      expect(availableThreads()).toBeGreaterThan(0);
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

describe("gzip and gunzip", () => {
  test.each([0, 1, 1000, 3_000_000])("%i bytes come back", async (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * i) % 251);
    const back = await gunzip(await gzip(bytes));
    expect(Buffer.compare(back, bytes)).toBe(0);
  });

  test("corrupt, truncated and plain bytes are FormatErrors", async () => {
    const good = await gzip(new TextEncoder().encode("some text, some more text"));
    const corrupt = good.slice();
    corrupt[12]! ^= 0xff;
    for (const bytes of [corrupt, good.subarray(0, 20), good.subarray(0, good.length - 4)]) {
      await expect(gunzip(bytes, "a.gz")).rejects.toThrow(/a\.gz is a corrupt or truncated gzip file/);
    }
    await expect(gunzip(new Uint8Array(30), "a.gz")).rejects.toThrow(/not a gzip file/);
    await expect(gunzip(new Uint8Array(30), "a.gz")).rejects.toThrow(FormatError);
  });
});

test("Node is known as Node, and has threads", () => {
  expect(isNode).toBe(true);
  expect(availableThreads()).toBeGreaterThanOrEqual(1);
});

test("a runtime that has no workers is a UsageError that says what to use", () => {
  vi.stubGlobal("process", undefined);
  try {
    const start = () =>
      startThread(
        "",
        () => {},
        () => {},
      );
    expect(start).toThrow(UsageError);
    expect(start).toThrow(/use the reference engine/);
  } finally {
    vi.unstubAllGlobals();
  }
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
