import { defineConfig } from "vitest/config";

export default defineConfig({
  // The built page works wherever it is put: on a domain, in a folder, in a teacher's course page.
  base: "./",
  build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 800 },
  worker: { format: "es" },
  // The examples are the scenario files of the engine's own tests, one folder up.
  server: { fs: { allow: [".."] } },
  test: { include: ["tests/**/*.test.ts"] },
});
