/** Points, energies and models of them: drawn, trained, probed, and taken along. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fit, load, readTable, tableFromRows } from "../../../src/index.ts";
import { runCli } from "../../../test/cli/runCli.ts";
import {
  downloadOf,
  findings,
  isFirefox,
  moved,
  numberOf,
  patience,
  pictureOf,
  settledPictureOf,
  trained,
  type Visit,
  write,
} from "./visit.ts";

/** Registers the tests. */
export function testsOfPoints(visit: Visit): void {
  test("trains two moons to their held-out likelihood", async () => {
    // Ten trainings of 1,000 steps with other seeds ended between -2.21 and -2.24.
    const score = await numberOf(visit.page, ".score b");
    expect(score).toBeGreaterThan(-2.3);
    // Between what a Gaussian scores and the best there is.
    expect(score).toBeGreaterThan(0.5 + (await numberOf(visit.page, '[data-testid="gaussian"]')));
    expect(score).toBeLessThan(0.02 + (await numberOf(visit.page, '[data-testid="law"]')));
    expect(await moved(visit.page)).toEqual([]);
    expect(await visit.page.locator("dt", { hasText: "Steps" }).count()).toBe(2);
  });

  test("the terms of the probe add up to its log-density, wherever it is", async () => {
    for (const [x, y] of [
      ["0.5", "-1"],
      ["-1.5", "0.25"],
    ] as const) {
      await write(visit.page.getByLabel("x", { exact: true }), x);
      await write(visit.page.getByLabel("y", { exact: true }), y);
      await visit.page.getByText(`log-density at (${x}, ${y})`).waitFor({ state: "attached" });
      const sum = await numberOf(visit.page, '[data-testid="sum"]');
      expect(Math.abs(sum - (await numberOf(visit.page, '[data-testid="log-prob"]')))).toBeLessThan(0.002);
    }
  });

  test("the probability inside and outside of the picture is 1, and is written so", async () => {
    const all = (await visit.page.locator(".mass").textContent())!;
    const [inside, outside] = all.match(/[\d.]+/g)!.map(Number);
    expect(Math.abs(inside! + outside! - 1)).toBeLessThan(1e-9);
    expect(all).toMatch(/= 1\.00$/);
  });

  test("the slider moves by keyboard, and everything with it", async () => {
    const slider = visit.page.getByRole("slider", { name: "Place in the flow" });
    const atData = await settledPictureOf(visit.page);
    await slider.focus();
    await visit.page.keyboard.press("Home");
    expect(await slider.getAttribute("aria-valuetext")).toBe("base");
    await expect.poll(() => pictureOf(visit.page), patience).not.toBe(atData);
    await visit.page.keyboard.press("End");
    expect(await slider.getAttribute("aria-valuetext")).toBe("data");
    await expect.poll(() => pictureOf(visit.page), patience).toBe(atData);
  });

  test("the model goes to the command line and back, and one that was fitted there is opened", async () => {
    const models = {
      page: join(visit.folder, "page.safetensors"),
      line: join(visit.folder, "line.safetensors"),
    };
    const probed = join(visit.folder, "probed.csv");
    writeFileSync(probed, "x,y\n-1.5,0.25\n");
    const ofProbe = async (model: string): Promise<number> => {
      const { stdout } = await runCli(["logprob", model, probed, "--out", "-"]);
      return Number(stdout.split("\n")[1]);
    };
    await write(visit.page.getByLabel("x", { exact: true }), "-1.5");
    await write(visit.page.getByLabel("y", { exact: true }), "0.25");
    await visit.page.getByText("log-density at (-1.5, 0.25)").waitFor({ state: "attached" });
    const onPage = await numberOf(visit.page, '[data-testid="log-prob"]');
    const bytes = await downloadOf(visit.page, "Download model");
    writeFileSync(models.page, bytes);
    expect(Math.abs((await ofProbe(models.page)) - onPage)).toBeLessThan(0.002);
    const points = join(visit.folder, "points.csv");
    writeFileSync(points, await downloadOf(visit.page, "Download points"));
    expect((await runCli(["fit", points, "--flow", "gaussian", "--out", models.line])).code).toBe(0);
    const fromLine = await ofProbe(models.line);
    expect(Math.abs(fromLine - onPage)).toBeGreaterThan(0.1);
    for (const [model, value] of [
      [models.line, fromLine],
      [models.page, onPage],
    ] as const) {
      await visit.page.getByLabel("Open model").setInputFiles(model);
      await expect
        .poll(
          async () => Math.abs((await numberOf(visit.page, '[data-testid="log-prob"]')) - value),
          patience,
        )
        .toBeLessThan(0.002);
      expect(await visit.page.locator("figcaption b").textContent()).toMatch(/^Flow of x, y/);
      await trained(visit.page);
    }
    // What is said of an opened model is its own.
    const { stdout } = await runCli(["logprob", models.page, points, "--json"]);
    const { meanLogProb } = JSON.parse(stdout) as { readonly meanLogProb: number };
    expect(Math.abs((await numberOf(visit.page, ".score b")) - meanLogProb)).toBeLessThan(0.002);
    await visit.page.getByRole("button", { name: "Copy as command" }).click();
    await expect
      .poll(() => visit.page.locator(".take [role=status]").textContent())
      .toMatch(/scores the points by the opened model|logprob playground.safetensors points.csv/);
    await visit.page
      .getByLabel("Open model")
      .setInputFiles({ name: "a.txt", mimeType: "", buffer: Buffer.from("no") });
    await expect
      .poll(() => visit.page.getByRole("alert").textContent(), patience)
      .toBe("This file is no model, or not a whole one: nothing was opened.");
    expect(await downloadOf(visit.page, "Download model")).toEqual(bytes);
    // One may have a base of its own, and maps behind it.
    const { flow } = await fit(await readTable(points), {
      flow: "realnvp",
      base: "laplace",
      transforms: 2,
      hidden: [8],
      epochs: 1,
    });
    await visit.page
      .getByLabel("Open model")
      .setInputFiles({ name: "a.safetensors", mimeType: "", buffer: Buffer.from(flow.toBytes()) });
    await visit.page.getByText("not the usual bell curve but a density of its own").waitFor();
    await visit.page.getByText("coupling 2").waitFor();
  });

  test("a model whose data are not here shows its samples and its density, and scores the table that is opened", async () => {
    const heights = Array.from({ length: 400 }, (_, i) => 150 + ((7919 * i) % 401) / 10);
    const rows = heights.flatMap((height, i) => [height, 0.5 * height - 20 + ((31 * i) % 97) / 10]);
    const table = tableFromRows(["height", "weight"], Float64Array.from(rows));
    const { flow } = await fit(table, { flow: "gaussian" });
    const opened = await visit.open("#flow=gaussian,0,0");
    await trained(opened);
    const model = { name: "people.safetensors", mimeType: "", buffer: Buffer.from(flow.toBytes()) };
    await opened.getByLabel("Open model").setInputFiles(model);
    await opened.getByText("The table of this model is not in its file").waitFor();
    await trained(opened);
    // The probe has come to where the model is, and the picture holds nearly all of it.
    const isAsScored = async (): Promise<boolean> => {
      const place = ["height", "weight"].map((axis) => opened.getByLabel(axis, { exact: true }).inputValue());
      const [logProb] = await flow.logProb(Float64Array.from(await Promise.all(place), Number));
      return Math.abs((await numberOf(opened, '[data-testid="log-prob"]')) - logProb!) < 0.01;
    };
    await expect.poll(isAsScored, patience).toBe(true);
    expect(Number.parseFloat((await opened.locator(".mass .model").textContent())!)).toBeGreaterThan(0.9);
    expect(await opened.getByLabel("Samples").isChecked()).toBe(true);
    const csv = ["height,weight", ...heights.map((height, i) => `${height},${rows[2 * i + 1]}`)].join("\n");
    await opened
      .getByLabel("Open its table")
      .setInputFiles({ name: "people.csv", mimeType: "", buffer: Buffer.from(csv) });
    const { mean } = await flow.score(table);
    await expect
      .poll(() => opened.locator(".numbers").textContent(), patience)
      .toMatch(new RegExp(`^${mean.toFixed(2).replace("-", "−")}nats: .* rows of this table`));
    await opened.close();
  });

  test("the picture is taken along as PNG and as SVG", async () => {
    const png = await downloadOf(visit.page, "Picture as PNG");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const side = await visit.page.locator(".picture canvas").evaluate((canvas) => canvas.clientWidth);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([side, side]);
    // An empty one has a few hundred bytes.
    expect(png.length).toBeGreaterThan(20_000);
    const svg = await downloadOf(visit.page, "Picture as SVG");
    const seen = await visit.page.evaluate((text) => {
      const root = new DOMParser().parseFromString(text, "image/svg+xml");
      const texts = Array.from(root.querySelectorAll("text"), ({ textContent }) => textContent);
      const count = (name: string): number => root.querySelectorAll(name).length;
      return {
        errors: count("parsererror"),
        images: count("image"),
        circles: count("circle"),
        lines: count("path"),
        texts,
      };
    }, svg.toString());
    const { errors, images, circles, lines, texts } = seen;
    expect([errors, images]).toEqual([0, 1]);
    expect(circles).toBeGreaterThan(1400);
    expect(lines).toBeGreaterThan(20);
    // Both contours and both axes are labelled.
    expect(texts).toEqual(["50 %", "95 %", "−2", "0", "2", "−2", "0", "2"]);
  });

  test("probe and points are moved and drawn by the keyboard alone", async () => {
    const opened = await visit.open("#flow=gaussian,0,0&other=ncsf&at=7");
    await trained(opened);
    // What is fitted at once has no steps.
    expect(await opened.locator("dt", { hasText: "Steps" }).count()).toBe(0);
    // What the link asks for and cannot have is said where it would be, until something else is chosen there.
    expect(await opened.locator(".inline.message").allTextContents()).toEqual([
      "The flow of this link, ncsf, is a flow of angles, which come round, and the axes of this plane do not (a table of angles has it): nothing is compared.",
      'The place of the slider in this link, "7", is not between 0 and 1.',
    ]);
    const picture = opened.locator(".picture canvas");
    await picture.press("ArrowRight");
    await picture.press("Shift+ArrowDown");
    await expect.poll(() => opened.evaluate(() => location.hash), patience).toMatch(/probe=0\.\d+,1\.0/);
    expect(await opened.locator(".inline.message").count()).toBe(1);
    await opened.getByRole("radio", { name: "Draw your own" }).focus();
    await opened.keyboard.press("Space");
    await picture.focus();
    for (const key of ["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown"]) {
      await opened.keyboard.press("Space");
      await opened.keyboard.press(`Shift+${key}`);
    }
    await expect.poll(() => opened.getByText("60 points").count()).toBeGreaterThan(0);
    await trained(opened);
    expect(Number.isFinite(await numberOf(opened, ".score b"))).toBe(true);
    await opened.close();
  });

  test.skipIf(isFirefox)(
    "a finger draws, slides, holds the probe, and scrolls the page beside it",
    async () => {
      const context = await visit.browser.newContext({
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true,
        serviceWorkers: "block",
      });
      try {
        const phone = await context.newPage();
        const protocol = await context.newCDPSession(phone);
        /** Moves a finger from one place to another, in steps. */
        const stroke = async (
          from: readonly [number, number],
          to: readonly [number, number],
        ): Promise<void> => {
          const touch = (type: string, at?: readonly [number, number]): Promise<unknown> =>
            protocol.send("Input.dispatchTouchEvent", {
              type: type as "touchStart",
              touchPoints: at ? [{ x: at[0], y: at[1] }] : [],
            });
          await touch("touchStart", from);
          for (let i = 1; i <= 12; i++)
            await touch("touchMove", [
              from[0] + ((to[0] - from[0]) * i) / 12,
              from[1] + ((to[1] - from[1]) * i) / 12,
            ]);
          // A finger that rests before it leaves throws nothing: the page does not go on scrolling.
          await phone.waitForTimeout(150);
          await touch("touchMove", to);
          await touch("touchEnd");
        };
        const scrolled = (): Promise<number> => phone.evaluate(() => scrollY);
        await phone.goto(`${visit.host.address}#flow=gaussian,0,0&probe=0,0`);
        await trained(phone);
        const canvas = phone.locator(".picture canvas");
        const box = (await canvas.boundingBox())!;
        const middle = [box.x + box.width / 2, box.y + box.height / 2] as const;
        const probe = (): Promise<string | null> =>
          phone.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("probe"));
        // By the ring, up and down: the probe goes along, and the page stays.
        await phone.getByLabel("x", { exact: true }).waitFor();
        await stroke(middle, [middle[0], middle[1] - 60]);
        await expect.poll(probe, patience).toMatch(/^-?0(\.\d+)?,[1-9]/);
        expect(await scrolled()).toBe(0);
        // Elsewhere the same movement is for the page.
        await stroke([box.x + 20, middle[1] + 100], [box.x + 20, middle[1] - 100]);
        await expect.poll(scrolled, patience).toBeGreaterThan(50);
        await phone.evaluate(() => scrollTo(0, 0));
        await expect.poll(scrolled, patience).toBe(0);
        const slider = phone.getByRole("slider", { name: "Place in the flow" });
        const track = (await slider.boundingBox())!;
        const height = track.y + track.height / 2;
        await stroke([track.x + track.width - 8, height], [track.x + track.width / 2, height]);
        await expect
          .poll(async () => Math.abs(Number(await slider.inputValue()) - 0.5), patience)
          .toBeLessThan(0.1);
        await phone.getByRole("radio", { name: "Draw your own" }).tap({ force: true });
        const drawn = phone.locator(".controls [role=status]");
        await expect.poll(() => drawn.textContent(), patience).toMatch(/^0 points/);
        await canvas.scrollIntoViewIfNeeded();
        const sheet = (await canvas.boundingBox())!;
        const before = await scrolled();
        for (const x of [60, 120, 180, 240])
          await stroke([sheet.x + x, sheet.y + 60], [sheet.x + x, sheet.y + 250]);
        expect(await scrolled()).toBe(before);
        // All four lines are there: the flow that is awaited is of no fewer points.
        await expect
          .poll(async () => Number.parseInt((await drawn.textContent())!, 10), patience)
          .toBeGreaterThan(150);
        await trained(phone);
        expect(Number.isFinite(await numberOf(phone, ".score b"))).toBe(true);
      } finally {
        await context.close();
      }
    },
  );

  test("drawn points are fitted, and the link holds them; two flows are compared", async () => {
    const drawn = await visit.open("#flow=gaussian,0,0&steps=100", [360, 740]);
    expect(await drawn.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await drawn.locator(".tile").last().click();
    const box = (await drawn.locator(".picture canvas").boundingBox())!;
    await drawn.mouse.move(box.x + 60, box.y + 60);
    await drawn.mouse.down();
    await drawn.mouse.move(box.x + 250, box.y + 250, { steps: 40 });
    await drawn.mouse.up();
    await trained(drawn);
    expect(Number.isFinite(await numberOf(drawn, ".score b"))).toBe(true);
    expect(await moved(drawn)).toEqual([]);
    await drawn.getByRole("button", { name: "Compare" }).click();
    await drawn.getByLabel("Kind of flow").last().selectOption("gradient-flow");
    await drawn.waitForFunction(() => document.querySelectorAll(".picture").length === 2);
    await trained(drawn);
    // Which one is ahead is said, by as much as the two scores differ.
    const [first, second] = (await drawn.locator(".score b").allTextContents()).map((text) =>
      Number(text.replace("−", "-")),
    );
    const ahead = (await drawn.getByTestId("ahead").textContent())!;
    const difference = Number(ahead.match(/(\d+\.\d+) ± /)![1]);
    expect(Math.abs(Math.abs(first! - second!) - difference)).toBeLessThan(0.0021);
    // Where both scores are written alike, either may be ahead by the last digit.
    if (first! > second!) expect(ahead).toMatch(/no difference|^Gaussian is/i);
    if (first! < second!) expect(ahead).toMatch(/no difference|^Gradient flow/i);
    await drawn.waitForFunction(
      () => location.hash.includes("points=") && location.hash.includes("gradient-flow"),
    );
    expect(await findings(drawn)).toEqual([]);
    const link = new URL(drawn.url()).hash;
    const again = await visit.open(link, [360, 740]);
    await trained(again);
    expect(await again.locator(".score b").allTextContents()).toEqual(
      await drawn.locator(".score b").allTextContents(),
    );
    expect(await moved(again)).toEqual([]);
    await Promise.all([drawn.close(), again.close()]);
  });

  test("an energy is learned, and a formula that cannot be read says why", async () => {
    const energy = encodeURIComponent("(x - 1)^2 / 2 + 2 * (y + x / 2)^2");
    const opened = await visit.open(`#energy=${energy}&flow=realnvp,2,8&steps=300`);
    await trained(opened);
    // It is a Gaussian, which affine couplings reach: what is left is that of 300 steps.
    expect(await numberOf(opened, ".score b")).toBeLessThan(0.05);
    expect(await numberOf(opened, ".score b")).toBeGreaterThan(-0.02);
    const [kHat, effective] = await opened
      .locator("dt:has-text('k-hat') + dd, dt:has-text('Effective') + dd")
      .allTextContents();
    expect(Number.isFinite(Number(kHat!.replace("−", "-")))).toBe(true);
    expect(Number.parseInt(effective!, 10)).toBeGreaterThan(80);
    // Half the determinant of the precision: 2 pi / sqrt(4) = 3.14.
    expect(await opened.locator(".numbers").textContent()).toContain("is 3.14");
    const before = await opened.locator(".score b").textContent();
    expect(before).not.toBe("–");
    const scored = await opened.locator('[data-testid="sum"]').textContent();
    await write(opened.locator("textarea"), "x^2 +");
    expect(await opened.locator("#formula-state").textContent()).toMatch(/^Not taken yet/);
    await opened.keyboard.press("Enter");
    await expect.poll(() => opened.getByRole("alert").textContent(), patience).toContain("column 6");
    expect(await opened.locator("#formula-state").textContent()).toBe(
      "The picture is of the formula before.",
    );
    // What was there before stays, and can still be asked and taken along.
    expect(await opened.locator(".score b").textContent()).toBe(before);
    await write(opened.getByLabel("x", { exact: true }), "1");
    await expect.poll(() => opened.locator('[data-testid="sum"]').textContent()).not.toBe(scored);
    const kept = await load(await downloadOf(opened, "Download model"));
    expect(kept.columns).toEqual(["x", "y"]);
    expect(await findings(opened)).toEqual([]);
    expect(await moved(opened)).toEqual([]);
    await opened.close();
  });
}
