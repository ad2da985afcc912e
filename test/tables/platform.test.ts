import { describe, expect, test, vi } from "vitest";
import { FormatError, UsageError } from "../../src/errors.ts";
import { gunzip } from "../../src/formats/gzip.ts";
import { gzip } from "../../src/platform/packedBytes.ts";
import { availableThreads, isNode, startThread } from "../../src/platform/platform.ts";

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
