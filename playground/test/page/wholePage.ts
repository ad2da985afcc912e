/** The page as such: what it loads, threads, visits without a network, the article, and who wants less motion. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { serve } from "../serve.mjs";
import { findings, isFirefox, patience, pictureOf, trained, type Visit, write } from "./visit.ts";

/** Registers the tests. */
export function testsOfWholePage(visit: Visit): void {
  test("loads less than 200 kB of script after gzip, from its own host alone", async () => {
    const loaded = await visit.page.evaluate(() =>
      performance.getEntriesByType("resource").map(({ name }) => name),
    );
    expect(loaded.every((name) => name.startsWith(visit.host.address) || name.startsWith("blob:"))).toBe(
      true,
    );
    // Scripts are files, and the policy of the page holds it to that.
    const policy = await visit.page
      .locator("meta[http-equiv=Content-Security-Policy]")
      .getAttribute("content");
    expect(policy).toMatch(/default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
    expect(await visit.page.locator("script:not([src])").count()).toBe(0);
    const scripts = new Set(visit.firstRequests.filter((name) => name.endsWith(".js")));
    const contents = new Map(
      Array.from(scripts, (name) => [
        name,
        readFileSync(fileURLToPath(new URL(`../../dist${name}`, import.meta.url))),
      ]),
    );
    // A worker begins with one file: another would be asked for when that has been read.
    for (const [name, content] of contents)
      if (name.includes("Worker-")) expect(content.toString()).not.toMatch(/\bfrom ?"\.\//);
    const sizes = Array.from(contents.values(), (content) => gzipSync(content).length);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(200_000);
  });

  test.skipIf(isFirefox)(
    "several threads train where memory may be shared, one elsewhere, to the same end",
    async () => {
      const ends = new Set<string | null>();
      for (const isolated of [true, false]) {
        const place = await serve({ isolated });
        const tab = await visit.browser.newPage({ serviceWorkers: "block" });
        try {
          const protocol = await tab.context().newCDPSession(tab);
          await protocol.send("Emulation.setHardwareConcurrencyOverride", { hardwareConcurrency: 4 });
          await tab.goto(`${place.address}#flow=realnvp,2,8&steps=150`);
          await trained(tab);
          expect(await tab.locator(".numbers").textContent()).toContain(
            isolated ? "on 3 threads" : "on 1 thread",
          );
          expect(await tab.locator("footer").textContent()).toContain(
            isolated ? "3 train, of 4 cores" : "One thread trains",
          );
          ends.add(await tab.locator(".score b").textContent());
        } finally {
          await tab.close();
          await place.close();
        }
      }
      expect(ends.size).toBe(1);
    },
  );

  test("works without a network after the first visit, on a host that sets no headers", async () => {
    const plain = await serve({ isolated: false });
    const context = await visit.browser.newContext();
    try {
      const tab = await context.newPage();
      await tab.goto(plain.address);
      expect(await tab.evaluate(() => crossOriginIsolated)).toBe(false);
      await expect.poll(() => tab.locator("footer").textContent(), patience).toContain("One thread trains");
      await tab.evaluate(() => navigator.serviceWorker.ready);
      await plain.close();
      await tab.goto(`${plain.address}#flow=gaussian,0,0`);
      await tab.reload();
      await trained(tab);
      expect(await tab.evaluate(() => crossOriginIsolated)).toBe(true);
      expect(await tab.locator("footer").textContent()).toContain("Threads share memory");
    } finally {
      await context.close();
    }
  });

  test.skipIf(isFirefox).each([
    { thing: "flow", file: "fitGaussian", link: "#flow=gaussian,0,0", begin: async () => {} },
    {
      thing: "table",
      file: "fitColumnsTable",
      link: "",
      begin: async (tab: Page) => {
        const text = ["a,b", ...Array.from({ length: 60 }, (_, i) => `${i % 7},${(5 * i) % 11}`)].join("\n");
        const file = { name: "a.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
        await tab.getByLabel("Open a table").setInputFiles(file);
        await write(tab.getByLabel("Seconds of training"), "0.1");
        await tab.getByRole("button", { name: "Fit", exact: true }).click();
      },
    },
  ])("another worker begins anew where one stands still: $thing", async ({ thing, file, link, begin }) => {
    const tab = await visit.browser.newPage({ serviceWorkers: "block" });
    try {
      let asked = 0;
      // The first worker comes to a place where it waits for ever, as Firefox at times does.
      await tab.route(`**/${file}-*.js`, (route) =>
        asked++ > 0
          ? route.continue()
          : route.fulfill({
              contentType: "text/javascript",
              headers: { "Cross-Origin-Embedder-Policy": "require-corp" },
              body: "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
            }),
      );
      await tab.clock.install();
      await tab.goto(`${visit.host.address}${link}`);
      await begin(tab);
      await expect.poll(() => asked, patience).toBe(1);
      for (; asked < 2; await tab.waitForTimeout(100)) await tab.clock.fastForward(5000);
      expect(await tab.getByRole("alert").textContent()).toContain("stood still: another begins anew");
      if (thing === "flow") await trained(tab);
      else expect(await tab.locator(".score b").textContent()).toMatch(/\d/);
    } finally {
      await tab.close();
    }
  });

  test("the article has seven figures, each answering when it is dragged", async () => {
    await visit.page.locator(".article").scrollIntoViewIfNeeded();
    const figures = visit.page.locator("figure.live");
    await figures.last().waitFor();
    expect(await figures.count()).toBe(7);
    for (const figure of await figures.all()) {
      const before = await figure.locator(".answer").textContent();
      await figure.getByRole("slider").first().focus();
      for (let i = 0; i < 3; i++) await visit.page.keyboard.press("ArrowLeft");
      expect(await figure.locator(".answer").textContent()).not.toBe(before);
    }
    // The rate of the log-likelihood along its gradient flow.
    const rates: number[] = [];
    const flow = figures.nth(2);
    for (const time of ["0", "0.5", "1", "2", "3"]) {
      await flow.getByRole("slider").fill(time);
      rates.push(Number(await flow.locator(".answer b").textContent()));
    }
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(0);
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
  });

  test("has no findings of axe, with the article below and the slider halfway", async () => {
    await visit.page.getByRole("slider", { name: "Place in the flow" }).fill("0.5");
    expect(await findings(visit.page)).toEqual([]);
  });

  test.skipIf(isFirefox)("who wants less motion sees the quarters of a training", async () => {
    const context = await visit.browser.newContext({ reducedMotion: "reduce", serviceWorkers: "block" });
    try {
      const still = await context.newPage();
      // Long enough for pictures on a machine that does other work, too.
      await still.goto(`${visit.host.address}#steps=1500`);
      const phase = still.locator("figcaption .note");
      const seen = new Set<string>();
      await expect.poll(() => phase.textContent(), patience).toMatch(/^training: step/);
      while ((await phase.textContent())!.startsWith("training")) {
        // Pictures that are looked at one after the other are all that the machine would do.
        await still.waitForTimeout(100);
        const picture = await pictureOf(still);
        if ((await phase.textContent())!.startsWith("training")) seen.add(picture);
      }
      // That of the beginning may be on its way when the training begins; then there is one at each quarter before the end.
      expect(seen.size).toBeGreaterThan(1);
      expect(seen.size).toBeLessThan(6);
      await expect.poll(async () => seen.has(await pictureOf(still)), patience).toBe(false);
      // It plays on request alone, from stop to stop.
      const slider = still.getByRole("slider", { name: "Place in the flow" });
      expect(await slider.inputValue()).toBe("1");
      await still.getByRole("button", { name: "Normalize" }).click();
      await expect.poll(() => slider.inputValue(), patience).toBe("0.8");
      // Samples are what moves on the way to the data.
      const samples = still.getByRole("checkbox", { name: "Samples" });
      expect(await samples.isChecked()).toBe(false);
      await still.getByRole("button", { name: "Push forward" }).click();
      await expect.poll(() => samples.isChecked(), patience).toBe(true);
      expect(await still.getByRole("checkbox", { name: "Data", exact: true }).isChecked()).toBe(false);
    } finally {
      await context.close();
    }
  });
}
