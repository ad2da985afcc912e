/** The built page in a browser, as a visitor uses it. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import * as chromium from "../../test/browser/chromium.mjs";
import * as firefox from "../../test/browser/firefox.mjs";
import { watchShifts } from "./layoutShifts.mjs";
import { buildPage } from "./page/build.ts";
import { testsOfPoints } from "./page/points.ts";
import { testsOfTables } from "./page/tables.ts";
import { isFirefox, trained, type Visit } from "./page/visit.ts";
import { testsOfWholePage } from "./page/wholePage.ts";
import { serve } from "./serve.mjs";

const path = isFirefox ? firefox.findFirefox() : chromium.findChromium();
const { remedy } = isFirefox ? firefox : chromium;
// One build, one browser and one first training for all tests of the page, which stand in files by what they are about.
describe.skipIf(path === undefined)(
  `the playground in ${isFirefox ? "Firefox" : "Chromium"}${path ? "" : ` (skipped: ${remedy})`}`,
  () => {
    let browser: Browser;
    let host: Awaited<ReturnType<typeof serve>>;
    let page: Page;
    let firstRequests: readonly string[] = [];
    const complaints: string[] = [];
    const folder = mkdtempSync(join(tmpdir(), "playground-"));

    const visit: Visit = {
      get browser() {
        return browser;
      },
      get host() {
        return host;
      },
      get page() {
        return page;
      },
      get firstRequests() {
        return firstRequests;
      },
      folder,
      async open(link, [width, height] = [1280, 900]) {
        const opened = await browser.newPage({ viewport: { width, height }, serviceWorkers: "block" });
        opened.on("console", (message) => {
          const isOfPlaywright = message.text().endsWith("blocked by Playwright");
          if (/error|warning/.test(message.type()) && !isOfPlaywright) complaints.push(message.text());
        });
        opened.on("pageerror", (error) => complaints.push(error.message));
        await opened.addInitScript(watchShifts);
        // What is waited for comes, however much else the machine does.
        opened.setDefaultTimeout(90_000);
        await opened.goto(`${host.address}${link}`);
        await opened.bringToFront();
        return opened;
      },
    };

    beforeAll(async () => {
      await buildPage();
      [host, browser] = await Promise.all([
        serve(),
        isFirefox ? firefox.launchFirefox() : chromium.launchChromium(),
      ]);
      page = await visit.open("#data=moons,2000&steps=350");
      await trained(page);
      firstRequests = [...host.requests];
      // It builds the page, too.
    }, 300_000);
    afterAll(async () => {
      await browser?.close();
      await host?.close();
      rmSync(folder, { recursive: true });
      expect(complaints).toEqual([]);
    });

    testsOfPoints(visit);
    testsOfTables(visit);
    testsOfWholePage(visit);
  },
);
