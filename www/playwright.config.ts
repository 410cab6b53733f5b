import { defineConfig } from "@playwright/test";

/** `cargo xtask test e2e` serves the built page and names its address and the browser. */
export default defineConfig({
  testDir: "tests",
  testMatch: "**/*.spec.ts",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  // How long until a page that never comes is given up: a machine with other work may be ten times slower than this one.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  use: {
    baseURL: process.env.PLAYGROUND ?? "http://127.0.0.1:8080/",
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    // A colour on its way to another has a contrast of its own: nothing is looked at half way. `cost.spec.ts` alone counts what moves.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
    },
  },
});
