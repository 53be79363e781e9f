// Opens finished reports in a browser and looks at them as people do.
//
//   REPORTS="a.html b.html" npm test          (or one folder, whose *.html are taken)
//   CHROMIUM=/path/to/chromium                (default: /usr/bin/chromium)

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDTHS = [320, 375, 820, 1280];
const LARGE = 1_500_000; // bytes; above this only what must hold for every size is checked

const reports = (process.env.REPORTS ?? "").split(/\s+/).filter(Boolean).flatMap((entry) =>
  statSync(entry).isDirectory()
    ? readdirSync(entry).filter((name) => name.endsWith(".html")).sort().map((name) => path.join(entry, name))
    : [entry]);

test("REPORTS names at least one report", () => assert.ok(reports.length > 0, "set REPORTS to files or a folder"));

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
});
after(() => browser?.close());

/** Opens a report; `noise` collects every request but its own and every word on the console. */
async function open(file, options) {
  const context = await browser.newContext({ bypassCSP: false, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(path.resolve(file)).href;
  const noise = [];
  page.on("request", (request) => { if (request.url() !== url) noise.push(`request ${request.url()}`); });
  page.on("console", (message) => noise.push(`console ${message.text()}`));
  page.on("pageerror", (error) => noise.push(`error ${error.message}`));
  page.on("dialog", (dialog) => { noise.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  return { page, noise, close: () => context.close() };
}

const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const file of reports) {
  const name = path.basename(file);
  const large = statSync(file).size > LARGE;

  for (const colorScheme of ["light", "dark"]) {
    for (const javaScriptEnabled of [true, false]) {
      test(`${name}: ${colorScheme}, scripts ${javaScriptEnabled ? "on" : "off"}: silent, no sideways scroll`, async () => {
        const { page, noise, close } = await open(file, { colorScheme, javaScriptEnabled });
        for (const width of large ? [375, 1280] : WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          assert.equal(await overflow(page), 0, `at ${width} px`);
          await unfold(page);
          assert.equal(await overflow(page), 0, `at ${width} px, everything unfolded`);
        }
        assert.ok(await page.locator("h1").isVisible());
        assert.equal(await page.locator("h1").count(), 1);
        assert.deepEqual(noise, []);
        await close();
      });
    }

    test(`${name}: ${colorScheme}: nothing that axe objects to`, { skip: large && "too large for axe" }, async () => {
      const { page, close } = await open(file, { colorScheme, bypassCSP: true, viewport: { width: 1280, height: 900 } });
      await unfold(page);
      await page.addScriptTag({ path: AXE });
      const violations = await page.evaluate(async () => (await window.axe.run()).violations
        .map((it) => ({ id: it.id, nodes: it.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} | ${node.failureSummary}`) })));
      assert.deepEqual(violations, []);
      await close();
    });
  }

  test(`${name}: labels of a chart do not overlap`, { skip: large && "looked at in the small ones" }, async () => {
    const { page, close } = await open(file, { javaScriptEnabled: false });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const overlapping = await page.evaluate(() => [...document.querySelectorAll(".lane > svg")].flatMap((lane) => {
        const seen = [...lane.querySelectorAll("text")].map((it) => ({ text: it.textContent, box: it.getBoundingClientRect() }))
          .filter((it) => it.box.width > 0);
        return seen.flatMap((a, i) => seen.slice(i + 1)
          .filter((b) => a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 && a.box.top < b.box.bottom - 3 && b.box.top < a.box.bottom - 3)
          .map((b) => `${a.text} × ${b.text}`));
      }));
      assert.deepEqual(overlapping, [], `at ${width} px`);
    }
    await close();
  });

  test(`${name}: scripts sort, zoom and go back`, async () => {
    const { page, noise, close } = await open(file, { viewport: { width: 1280, height: 900 } });
    const sorts = page.locator("table[data-sort] thead button");
    for (let index = 0; index < await sorts.count(); index += 1) {
      await sorts.nth(index).click();
      await sorts.nth(index).click();
    }
    const zoom = page.locator("[data-zoom]").first();
    if (await zoom.count()) {
      await zoom.click();
      assert.ok(await page.locator("#tl-all").isEnabled());
      await page.locator(".plot").hover();
      assert.match(await page.locator("#tl-out").textContent(), / UTC · /);
      await page.locator("#tl-all").click();
      assert.ok(await page.locator("#tl-all").isDisabled());
    }
    assert.equal(await overflow(page), 0);
    assert.deepEqual(noise, []);
    await close();
  });

  test(`${name}: prints`, { skip: large && "hundreds of pages" }, async () => {
    const { page, noise, close } = await open(file, { colorScheme: "dark" });
    const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
    assert.ok(pdf.length > 1000);
    assert.deepEqual(noise, []);
    await close();
  });
}
