import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Writes the service worker, which keeps every file of the page: those of the build and those of `public`. */
function offline(): Plugin {
  return {
    name: "offline",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const built = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
        const own = existsSync("public")
          ? readdirSync("public", { recursive: true, withFileTypes: true })
              .filter((entry) => entry.isFile())
              .map(({ parentPath, name }) =>
                `${parentPath}/${name}`.replaceAll("\\", "/").slice("public/".length),
              )
          : [];
        const files = [...built, ...own].toSorted();
        const digest = createHash("sha256").update(files.join("\n"));
        for (const name of own) {
          digest.update(readFileSync(`public/${name}`));
        }
        const source = readFileSync("sw.js", "utf8")
          .replace("__VERSION__", digest.digest("hex").slice(0, 16))
          .replace("__FILES__", JSON.stringify(files));
        this.emitFile({ type: "asset", fileName: "sw.js", source });
      },
    },
  };
}

/** Has `early.js` come before the page's script, with the addresses of the first worker and its module. */
function early(): Plugin {
  return {
    name: "early",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const page = bundle["index.html"];
        if (page?.type !== "asset") {
          throw new Error("the build has no index.html");
        }
        const built = (pattern: RegExp) => {
          const path = Object.keys(bundle).find((name) => pattern.test(name));
          if (path === undefined) {
            throw new Error(`the build has no ${pattern}`);
          }
          return path.slice("assets/".length);
        };
        const source = readFileSync("early.js", "utf8")
          .replace(/^\/\/.*\n/gm, "")
          .replace("__WORKER__", built(/^assets\/first\.worker-.*\.js$/))
          .replace("__MODULE__", built(/^assets\/first_bg-.*\.wasm$/));
        const digest = createHash("sha256").update(source).digest("hex").slice(0, 8);
        const fileName = `assets/early-${digest}.js`;
        this.emitFile({ type: "asset", fileName, source });
        const tag = `<script type="module" crossorigin src="./${fileName}"></script>`;
        page.source = page.source.toString().replace("<!-- early -->", tag);
      },
    },
  };
}

export default defineConfig({
  plugins: [early(), offline()],
  // The built page works wherever it is put: on a domain, in a folder, in a teacher's course page.
  base: "./",
  build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 800 },
  worker: { format: "es" },
  // The examples are the scenario files of the engine's own tests, one folder up.
  server: { fs: { allow: [".."] } },
  test: { include: ["tests/**/*.test.ts"] },
});
