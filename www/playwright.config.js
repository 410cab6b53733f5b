// `cargo xtask test e2e` serves the built page and names its address and the browser.
export default {
  testDir: "e2e",
  use: {
    baseURL: process.env.PLAYGROUND,
    launchOptions: { executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"] },
  },
};
