// Runs a WebAssembly program (wasm32-wasip1) in Node: `node in_node.mjs PROGRAM.wasm ARGUMENT…`.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [path, ...words] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [path, ...words], returnOnExit: true });
const { instance } = await WebAssembly.instantiate(await readFile(path), wasi.getImportObject());
process.exitCode = wasi.start(instance);
