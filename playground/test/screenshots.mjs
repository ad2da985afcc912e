/**
 * Pictures of the built page for a person to look at: eight states at three widths in both themes, into `screenshots/`; and what moved by
 * itself while it loaded and trained at each width. `--keep` writes the eight that the documentation keeps; `--only first,article` takes a
 * few states.
 */

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launchChromium } from "../../test/browser/chromium.mjs";
import { launchFirefox } from "../../test/browser/firefox.mjs";
import { shiftsOf, watchShifts } from "./layoutShifts.mjs";
import { serve } from "./serve.mjs";

const { values: options } = parseArgs({
  options: { keep: { type: "boolean", default: false }, only: { type: "string" } },
});
const widths = options.keep ? [1280] : [360, 1280, 2560];
const heights = { 360: 780, 1280: 900, 2560: 1400 };
const folder = (name) => fileURLToPath(new URL(name, import.meta.url));
const out = options.keep ? folder("../../docs/images/playground/") : folder("../screenshots/");
mkdirSync(out, { recursive: true });

const trained = (page) =>
  page.waitForFunction(() =>
    [...document.querySelectorAll("figcaption .note")].every(({ textContent }) =>
      /^(done|stopped)$/.test(textContent),
    ),
  );

/** A table with columns of three types, and one row that is out of line. */
const table = [
  "age,city,pay,years",
  ...Array.from({ length: 600 }, (_, i) => {
    const age = 20 + ((7 * i) % 45);
    const pay = 900 + 60 * age + 900 * (i % 3) + ((37 * i) % 800) + (i === 216 ? 9000 : 0);
    return `${age},${["Rome", "Oslo", "Lima"][i % 3]},${pay},${Math.max(0, age - 20 - ((11 * i) % 13))}`;
  }),
].join("\n");

/** The states, each from a link and what is done then. */
const states = {
  first: { link: "steps=500", act: trained },
  halfway: {
    link: "data=spirals,2000&flow=cnf,0,16&steps=200&show=density,contours,samples,grid&at=0.5",
    act: trained,
  },
  compared: { link: "data=pinwheel,2000&other=realnvp,8,32&steps=300", act: trained },
  energy: {
    link: `energy=${encodeURIComponent("((y - sin(pi * x / 2)) / 0.4)^2 / 2")}&flow=realnvp,6,32&steps=500&show=density,contours,samples`,
    act: trained,
  },
  drawn: {
    link: "flow=gaussianization,0,0",
    async act(page) {
      await page.locator(".tile").last().click();
      const { x, y, width } = await page.locator(".picture canvas").boundingBox();
      await page.mouse.move(x + 0.25 * width, y + 0.3 * width);
      await page.mouse.down();
      for (let i = 0; i <= 90; i++) {
        const angle = (i / 90) * 1.7 * Math.PI;
        await page.mouse.move(
          x + width * (0.5 + 0.3 * Math.cos(angle)),
          y + width * (0.5 - 0.3 * Math.sin(angle)),
        );
      }
      await page.mouse.up();
      await trained(page);
    },
  },
  trouble: {
    link: `energy=${encodeURIComponent("x^2 / 8 + (y - x^2 / 4)^2")}&flow=realnvp,4,16&steps=300`,
    async act(page) {
      await trained(page);
      await page.locator("textarea").fill("x^2 / 8 + (y - x^2 / ");
      await page.locator("textarea").blur();
      await page.locator("[role=alert]").waitFor();
    },
  },
  table: {
    link: "flow=gaussian,0,0",
    async act(page) {
      const file = { name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(table) };
      await page.getByLabel("Open a table").setInputFiles(file);
      await page.getByLabel("Seconds of training").fill("2");
      await page.getByRole("button", { name: "Fit", exact: true }).click();
      await page.locator(".strange tbody tr").first().waitFor({ timeout: 120_000 });
    },
  },
  article: {
    link: "flow=gaussian,0,0",
    async act(page) {
      await page.locator(".article").scrollIntoViewIfNeeded();
      await page.locator("figure.live").last().waitFor();
    },
  },
};

const [host, browser] = await Promise.all([
  serve(),
  process.env.BROWSER === "firefox" ? launchFirefox() : launchChromium(),
]);
try {
  for (const [name, { link, act }] of Object.entries(states)) {
    if (options.only && !options.only.split(",").includes(name)) continue;
    for (const width of widths) {
      const viewport = { width, height: heights[width] };
      const page = await browser.newPage({ viewport, serviceWorkers: "block" });
      page.setDefaultTimeout(120_000);
      page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
      await page.addInitScript(watchShifts);
      await page.goto(`${host.address}#${link}`);
      await act(page);
      const shifts = await shiftsOf(page);
      const shift = shifts.reduce((sum, { value }) => sum + value, 0);
      console.log(
        `${name} ${width}: layout shift ${shift.toFixed(4)}${shifts.map(({ value, of }) => `\n  ${value.toFixed(5)} ${of}`).join("")}`,
      );
      for (const theme of options.keep ? ["light"] : ["light", "dark"]) {
        await page.emulateMedia({ colorScheme: theme });
        await page.waitForTimeout(400);
        const path = `${out}${options.keep ? name : `${name}-${width}-${theme}`}`;
        if (options.keep) await page.screenshot({ path: `${path}.jpg`, quality: 50 });
        else await page.screenshot({ path: `${path}.png`, fullPage: true });
      }
      await page.close();
    }
  }
} finally {
  await browser.close();
  await host.close();
}
