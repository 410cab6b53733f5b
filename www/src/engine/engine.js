import moduleUrl from "../wasm/cachedojo_bg.wasm?url";
import workerUrl from "./worker.ts?worker&url";
/**
 * The engine in its worker. The module is compiled once, however often the worker is ended; the worker's own script is
 * kept too, so that a fresh worker stands ready without a network.
 */
export class Engine {
  #module;
  #hear;
  #worker;
  #script;
  constructor(hear) {
    this.#hear = hear;
    this.#module = compile();
    this.#worker = this.#spawn();
  }
  /** Messages sent before the module has arrived wait for it, in order. */
  send(message) {
    this.#worker.then((worker) => worker.postMessage(message), this.#alreadyTold);
  }
  /** Ends whatever the engine is doing, at once; a fresh one stands ready for the next message. */
  restart() {
    this.#worker.then((worker) => {
      worker.onmessage = null;
      worker.onerror = null;
      worker.terminate();
    }, this.#alreadyTold);
    this.#worker = this.#spawn();
  }
  /** After `unloaded`: fetches everything again. */
  retry() {
    this.#module = compile();
    this.#worker = this.#spawn();
  }
  /** Why there is no worker was heard as `failed` when it came out. */
  #alreadyTold = () => {};
  async #spawn() {
    try {
      const module = await this.#module;
      const worker = await this.#answering(module);
      worker.onmessage = ({ data }) => this.#hear(data);
      worker.onerror = ({ message }) => this.#hear({ kind: "failed", message });
      return worker;
    } catch (error) {
      this.#hear({ kind: "unloaded", message: String(error) });
      throw error;
    }
  }
  /** A worker that has answered once: from its address, else, where that cannot be reached, from the copy kept here. */
  async #answering(module) {
    try {
      const worker = await this.#started(workerUrl, module);
      this.#script ??= keep(workerUrl).then((script) => {
        document.documentElement.dataset.engine = script === undefined ? "lent" : "kept";
        return script;
      });
      return worker;
    } catch (error) {
      const script = await this.#script;
      if (script === undefined) {
        throw error;
      }
      const copy = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
      try {
        return await this.#started(copy, module);
      } finally {
        URL.revokeObjectURL(copy);
      }
    }
  }
  #started(address, module) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(address, { type: "module" });
      worker.onmessage = ({ data }) => {
        if (data.kind === "failed") {
          reject(new Error(data.message));
          return;
        }
        this.#hear(data);
        resolve(worker);
      };
      worker.onerror = ({ message }) => {
        worker.terminate();
        reject(new Error(message ?? `${address} cannot be loaded`));
      };
      worker.postMessage({ kind: "start", module });
    });
  }
}
/** The text at this address, or nothing where it cannot be had: then the next worker needs the network again. */
async function keep(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
async function compile() {
  const response = await fetch(moduleUrl);
  if (!response.ok) {
    throw new Error(`${moduleUrl}: ${response.status} ${response.statusText}`);
  }
  const isLabelled = response.headers.get("content-type")?.startsWith("application/wasm");
  return isLabelled
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
