/** Exports that are damaged: they are refused in one line, or compared. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { type ExportTarget, exportModel, verifyExport } from "../../src/entries/exchange.ts";
import { PushforwardError } from "../../src/errors.ts";
import { type Flow, load } from "../../src/index.ts";
import type { RandomStream } from "../../src/random/philox.ts";
import { rowsAround } from "../exchange/rowsAround.ts";
import { sectionsOf } from "../exchange/wasmSections.ts";
import { attackCases, attackSeed, attackStream } from "./attack.ts";

/** Where the code of a module is: changed, it may go round for ever, as any program may. */
function codeOf(bytes: Uint8Array): readonly [number, number] {
  const code = sectionsOf(bytes).find(({ number }) => number === 10);
  return code ? [code.from, code.to] : [0, 0];
}

/** A part of the bytes, or all of them with some changed; none of what is kept. */
function damaged(bytes: Uint8Array, stream: RandomStream, [from, to]: readonly [number, number]): Uint8Array {
  if (stream.integerBelow(3) === 0) return bytes.slice(0, stream.integerBelow(bytes.length));
  const changed = bytes.slice();
  for (let count = 1 + stream.integerBelow(3); count > 0; count--) {
    const at = stream.integerBelow(bytes.length - (to - from));
    // What files say of themselves stands at their ends.
    const nearEnd = stream.integerBelow(2) === 0 ? bytes.length - 1 - stream.integerBelow(300) : at;
    changed[nearEnd >= from && nearEnd < to ? to + (nearEnd % (bytes.length - to)) : nearEnd] =
      stream.integerBelow(256);
  }
  return changed;
}

const targets: readonly ExportTarget[] = ["wasm", "onnx", "json"];

test("a damaged export is refused in one line, or is compared as it is", async () => {
  const flows = await Promise.all(
    ["gaussian", "columns"].map((name) =>
      load(join(import.meta.dirname, `../files/models/${name}.safetensors`)),
    ),
  );
  const whole = await Promise.all(
    flows.flatMap((flow) =>
      targets.map(
        async (to): Promise<readonly [Flow, string, Uint8Array]> => [
          flow,
          to,
          await exportModel(flow, { to }),
        ],
      ),
    ),
  );
  let refused = 0;
  const cases = attackCases(90);
  for (let k = 0; k < cases; k++) {
    const [flow, to, bytes] = whole[k % whole.length]!;
    const export_ = damaged(bytes, attackStream("exports", k), to === "wasm" ? codeOf(bytes) : [0, 0]);
    const found = await verifyExport(flow, export_, await rowsAround(flow)).catch(
      (caught: unknown) => caught,
    );
    const where = `seed ${attackSeed}, case ${k}, ${to}`;
    if (found instanceof Error) {
      if (!(found instanceof PushforwardError)) throw new Error(where, { cause: found });
      expect(found.message, where).toMatch(/^[^\n]{10,900}$/);
      refused++;
    } else expect(found, where).toMatchObject({ rows: 60 });
  }
  expect(refused).toBeGreaterThan(cases / 4);
});
