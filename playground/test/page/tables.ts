/** Tables of one's own: read in any format, fitted, asked, and taken along. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { load, tableFromObjects, tableToBytes } from "../../../src/index.ts";
import { runCli } from "../../../test/cli/runCli.ts";
import {
  downloadOf,
  drop,
  findings,
  moved,
  numberOf,
  patience,
  trained,
  type Visit,
  write,
} from "./visit.ts";

/** Registers the tests. */
export function testsOfTables(visit: Visit): void {
  test("a table is fitted; its strangest row is found; rows are drawn given a value, and taken along", async () => {
    const opened = await visit.open("#flow=gaussian,0,0", [360, 740]);
    const lines = Array.from({ length: 400 }, (_, i) => {
      const age = 20 + ((7 * i) % 50);
      return `${age},${["Rome", "Oslo"][i % 2]},${i === 300 ? "" : 100 * age + 900 * (i % 2) + ((13 * i) % 89) + (i === 216 ? 9000 : 0)},${age > 40}`;
    });
    const rows = join(visit.folder, "a.csv");
    writeFileSync(rows, ["age,city,pay,old", ...lines].join("\n"));
    await opened.getByLabel("Open a table").setInputFiles(rows);
    // What the columns are found to be is said before anything is fitted.
    await expect
      .poll(() => opened.locator(".notes small").allTextContents(), patience)
      .toEqual([
        expect.stringMatching(/^integer; /),
        expect.stringMatching(/^categorical; 2 levels/),
        expect.stringMatching(/^integer; /),
        expect.stringMatching(/^boolean; /),
      ]);
    await write(opened.getByLabel("Seconds of training"), "1");
    await opened.getByRole("button", { name: "Fit", exact: true }).click();
    expect(await opened.locator(".strange tbody th").first().textContent()).toBe("217");
    expect(await moved(opened)).toEqual([]);
    // Beside the score stands that of what needs no training, which is lower: pay follows from the others.
    await expect
      .poll(() => numberOf(opened, '[data-testid="reference"]'), patience)
      .toBeLessThan((await numberOf(opened, ".score b")) - 0.5);
    // A row that is strange for a missing cell alone can be left out.
    const missing = opened.locator(".strange tbody tr", { hasText: "missing" });
    expect(await missing.locator("th").allTextContents()).toEqual(["301"]);
    await opened.getByLabel("also rows that are strange for a missing cell").uncheck();
    expect(await missing.count()).toBe(0);
    expect(await opened.locator(".strange tbody th").first().textContent()).toBe("217");
    const at = opened.getByLabel("at", { exact: true });
    await opened.getByLabel("Hold").selectOption("old");
    expect(await at.inputValue()).toBe("true");
    expect(
      await opened
        .locator("#levels option")
        .evaluateAll((all) => all.map((each) => each.getAttribute("value"))),
    ).toEqual(["false", "true"]);
    await opened.getByLabel("Hold").selectOption("city");
    // What cannot be is said beside the button, before anything is drawn.
    await write(at, "Paris");
    const said = opened.locator("#drawn");
    await expect
      .poll(() => said.textContent(), patience)
      .toBe("city cannot be Paris: its levels are Oslo, Rome.");
    for (const name of ["Draw", "Download synthetic rows"])
      expect(await opened.getByRole("button", { name, exact: true }).isDisabled()).toBe(true);
    await write(at, "Oslo");
    await opened.getByRole("button", { name: "Draw", exact: true }).click();
    await expect
      .poll(() => said.textContent(), patience)
      .toMatch(/^1,000 rows given city = Oslo are in the picture/);
    expect(await opened.locator(".keys .model").textContent()).toContain("given city = Oslo");
    const synthetic = await downloadOf(opened, "Download synthetic rows");
    const [header, ...drawn] = synthetic.toString().trim().split("\n");
    expect(header).toBe("age,city,pay,old");
    expect(drawn.length).toBe(1000);
    expect(drawn.every((row) => row.split(",")[1] === "Oslo")).toBe(true);
    // The command line scores the page's model as the page does; alone its rows are all that there is to see, until its table is opened.
    const model = join(visit.folder, "mixed.safetensors");
    writeFileSync(model, await downloadOf(opened, "Download model"));
    expect((await load(readFileSync(model))).columns).toEqual(["age", "city", "pay", "old"]);
    const { stdout } = await runCli(["logprob", model, rows, "--json"]);
    const { meanLogProb } = JSON.parse(stdout) as { readonly meanLogProb: number };
    expect(await moved(opened)).toEqual([]);
    await opened.getByRole("button", { name: "Close table" }).click();
    await drop(opened, "mixed.safetensors", readFileSync(model));
    await opened.getByText("The table that it was fitted to is not in its file").waitFor();
    const numbers = opened.locator(".numbers");
    await expect
      .poll(() => numbers.textContent(), patience)
      .toMatch(/^−[\d.]+nats: .* rows that it draws itself/);
    expect(await opened.locator(".strange").count()).toBe(0);
    await opened.getByLabel("Open its table").setInputFiles(rows);
    await expect
      .poll(() => numbers.textContent(), patience)
      .toMatch(new RegExp(`^${meanLogProb.toFixed(2).replace("-", "−")}nats: .* rows of this table`));
    expect(await opened.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(await findings(opened)).toEqual([]);
    // A link holds no table.
    expect(await opened.evaluate(() => location.hash)).not.toMatch(/a\.csv|Oslo|pay/);
    // What is not a table says so, and the table before it stays.
    await drop(opened, "b.parquet", Buffer.from("PAR1 and no more"));
    await expect.poll(() => opened.locator(".banner").textContent(), patience).toContain("b.parquet");
    expect(await opened.locator(".file").textContent()).toBe("a.csv");
    await opened.close();
  });

  const small = tableFromObjects([
    { height: 1.5, town: "Rome", count: 3 },
    { height: null, town: "Oslo", count: 4 },
    { height: 2.5, town: null, count: 5 },
  ]);
  /** Waits until that table is shown, under the name of a file. */
  const isSmallShown = async (opened: Page, name: string): Promise<void> => {
    await opened.locator(".file", { hasText: name }).waitFor();
    expect(await opened.locator(".controls .note").first().textContent()).toMatch(/^3 rows, 3 columns/);
  };

  test("a table of any format is read, and its reader loaded when it comes", async () => {
    const opened = await visit.open("#flow=gaussian,0,0");
    await trained(opened);
    const asked = visit.host.requests.length;
    const readers = (): string[] =>
      visit.host.requests
        .slice(asked)
        .filter((name) => /parquet|arrow-|json|fzstd/i.test(name) && name.endsWith(".js"));
    expect(readers()).toEqual([]);
    for (const kind of ["csv", "parquet", "arrow", "jsonl"] as const) {
      await drop(opened, `t.${kind}`, await tableToBytes(small, kind));
      await isSmallShown(opened, `t.${kind}`);
      expect(readers().some((name) => name.includes("parquet"))).toBe(kind !== "csv");
      expect(readers().some((name) => name.includes("arrow"))).toBe(kind === "arrow" || kind === "jsonl");
    }
    await opened.close();
  });

  test("a table is pasted", async () => {
    const opened = await visit.open("#flow=gaussian,0,0");
    await trained(opened);
    for (const [text, name] of [
      ["height\ttown\tcount\n1.5\tRome\t3\n\tOslo\t4\n2.5\t\t5\n", "pasted.tsv"],
      [Buffer.from(await tableToBytes(small, "csv")).toString(), "pasted.csv"],
      [Buffer.from(await tableToBytes(small, "jsonl")).toString(), "pasted.jsonl"],
      [
        Buffer.from(await tableToBytes(small, "json"))
          .toString()
          .replaceAll("},", "},\n"),
        "pasted.json",
      ],
    ] as const) {
      await opened.evaluate((pasted) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", pasted);
        // Firefox takes the text by names of its own.
        const init = { clipboardData, data: pasted, dataType: "text/plain" };
        dispatchEvent(new ClipboardEvent("paste", init));
      }, text);
      await isSmallShown(opened, name);
    }
    await opened.close();
  });

  test("what a reader was not sure of is said and asked, and a flow of angles takes what looks like one", async () => {
    const opened = await visit.open("#flow=gaussian,0,0");
    await trained(opened);
    // One without a header, and not in UTF-8, is read as its reader advises.
    await drop(opened, "old.csv", Buffer.from("1,2\n3,4\n5,6 für Köln\n", "latin1"));
    await opened.locator(".file", { hasText: "old.csv" }).waitFor();
    expect(await opened.locator(".controls .note").allTextContents()).toEqual(
      expect.arrayContaining([
        "The file is not UTF-8: it seems to be windows-1252, and is read as that.",
        expect.stringMatching(/^The first line holds numbers and is taken for a row/),
      ]),
    );
    // How numbers with two readings are read is asked once, for all columns that have such.
    const doubtful = Array.from(
      { length: 40 },
      (_, i) => `${1 + (i % 9)},${100 + i}\t${1 + (i % 7)},${200 + i}`,
    );
    await drop(opened, "doubt.tsv", Buffer.from(["a\tb", ...doubtful].join("\n")));
    await opened.locator(".file", { hasText: "doubt.tsv" }).waitFor();
    await opened
      .getByLabel("Numbers such as 1,100 can be read in two ways, in a, b")
      .selectOption("decimal-comma");
    const readings = opened.locator(".notes select option:checked");
    expect(await readings.allTextContents()).toEqual(["1,234 is 1.234", "1,234 is 1.234"]);
    // Which columns a flow of angles takes, and what it takes them for.
    const headings = Array.from(
      { length: 200 },
      (_, i) => `${(i * 37) % 360},${i % 24},${3 * i},${["a", "b"][i % 2]}`,
    );
    await drop(opened, "angles.csv", Buffer.from(["heading,hour,speed,site", ...headings].join("\n")));
    await opened.locator(".file", { hasText: "angles.csv" }).waitFor();
    await opened.getByLabel("Kind of flow for the table").selectOption("ncsf");
    const seen = opened.locator(".notes select option:checked");
    expect(await seen.allTextContents()).toEqual([
      "as it looks: angle in degrees",
      "as it looks: hour of the day",
      "as it looks: no angle, left out",
      "as it looks: no angle, left out",
    ]);
    expect(await opened.locator(".notes .refusal").count()).toBe(0);
    await opened.getByLabel("What speed is taken for").selectOption("angle:360");
    expect(await opened.locator(".notes .refusal").textContent()).toMatch(
      /from 0 to 597, more than one turn of 360/,
    );
    await opened.getByLabel("What hour is taken for").selectOption("left out");
    await write(opened.getByLabel("Seconds of training"), "1");
    await opened.getByRole("button", { name: "Fit", exact: true }).click();
    await expect
      .poll(() => opened.locator(".numbers").textContent(), patience)
      .toMatch(/held-out rows.*Flow of heading, speed: NCSF/);
    // Of many columns the first are named, and the score has what it is held against.
    const many = Array.from({ length: 200 }, (_, i) =>
      Array.from({ length: 42 }, (_, k) => Math.sin(i * (k + 1) + k * k).toFixed(3)).join(","),
    );
    const header = Array.from({ length: 42 }, (_, k) => `c${k}`).join(",");
    await drop(opened, "many.csv", Buffer.from([header, ...many].join("\n")));
    await opened.locator(".file", { hasText: "many.csv" }).waitFor();
    await opened.getByLabel("Kind of flow for the table").selectOption("gaussian");
    await opened.getByRole("button", { name: "Fit", exact: true }).click();
    await expect
      .poll(() => opened.locator(".numbers").textContent(), patience)
      .toContain("Flow of c0, c1, c2, c3, c4, c5, c6, c7 and 34 others: ");
    const referred = () => numberOf(opened, '[data-testid="reference"]');
    await expect.poll(referred, patience).toBe(await numberOf(opened, ".score b"));
    // Of them all any can be seen, and those are listed that make a row strange.
    await opened.getByLabel("Another column of the pair plot").selectOption("c41");
    expect(await opened.getByLabel("c41", { exact: true }).isChecked()).toBe(true);
    const blamed = opened.locator(".strange tbody .blamed");
    await blamed.first().waitFor();
    expect(await blamed.first().textContent()).toMatch(/^c\d+ −?[\d.]+, usual /);
    expect(await opened.locator(".strange thead th").count()).toBeLessThan(4 + 42);
    // A large one, with mixed columns and missing cells, dropped.
    await opened.evaluate(() => {
      const row = (_: unknown, i: number): string =>
        `${(i % 101) / 4},${["Rome", "Oslo"][i % 2]},${i % 97 ? (i * 7919) % 1009 : ""}\n`;
      const data = new DataTransfer();
      data.items.add(new File(["a,b,c\n", ...Array.from({ length: 40_000 }, row)], "large.csv"));
      dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    });
    await opened.locator(".file", { hasText: "large.csv" }).waitFor();
    await opened.getByLabel("Kind of flow for the table").selectOption("columns");
    expect(await opened.locator(".controls .note").first().textContent()).toMatch(/^40,000 rows/);
    await write(opened.getByLabel("Seconds of training"), "1");
    await opened.getByRole("button", { name: "Fit", exact: true }).click();
    await opened.locator(".strange tbody th").first().waitFor();
    await opened.close();
  });
}
