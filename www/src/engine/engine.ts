import moduleUrl from "../wasm/cachedojo_bg.wasm?url";
import type { FromWorker, ToWorker } from "./worker";

/** The engine in its worker. The module is compiled once, however often the worker is ended. */
export class Engine {
  readonly #module: Promise<WebAssembly.Module>;
  readonly #hear: (message: FromWorker) => void;
  #worker: Promise<Worker>;

  constructor(hear: (message: FromWorker) => void) {
    this.#hear = hear;
    this.#module = compile();
    this.#worker = this.#spawn();
  }

  /** Messages sent before the module has arrived wait for it, in order. */
  send(message: ToWorker): void {
    this.#worker.then((worker) => worker.postMessage(message), this.#alreadyTold);
  }

  /** Ends whatever the engine is doing, at once; a fresh one stands ready for the next message. */
  restart(): void {
    this.#worker.then((worker) => {
      worker.onmessage = null;
      worker.terminate();
    }, this.#alreadyTold);
    this.#worker = this.#spawn();
  }

  /** Why there is no worker was heard as `failed` when it came out. */
  readonly #alreadyTold = () => {};

  async #spawn(): Promise<Worker> {
    try {
      const module = await this.#module;
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
      worker.onerror = ({ message }) => this.#hear({ kind: "failed", message });
      worker.postMessage({ kind: "start", module } satisfies ToWorker);
      return worker;
    } catch (error) {
      this.#hear({ kind: "failed", message: String(error) });
      throw error;
    }
  }
}

async function compile(): Promise<WebAssembly.Module> {
  const response = await fetch(moduleUrl);
  if (!response.ok) {
    throw new Error(`${moduleUrl}: ${response.status} ${response.statusText}`);
  }
  const isLabelled = response.headers.get("content-type")?.startsWith("application/wasm");
  return isLabelled
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
