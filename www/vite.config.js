import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
/** Writes the service worker, which keeps every file of the page: those of the build and those of `public`. */
function offline() {
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
                        .map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll("\\", "/").slice("public/".length))
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
export default defineConfig({
    plugins: [offline()],
    // The built page works wherever it is put: on a domain, in a folder, in a teacher's course page.
    base: "./",
    build: { target: "es2023", assetsInlineLimit: 0, chunkSizeWarningLimit: 800 },
    worker: { format: "es" },
    // The examples are the scenario files of the engine's own tests, one folder up.
    server: { fs: { allow: [".."] } },
    test: { include: ["tests/**/*.test.ts"] },
});
