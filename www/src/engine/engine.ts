import wholeModuleUrl from "../wasm/cachedojo_bg.wasm?url";
import clusterModuleUrl from "../wasm/cluster_bg.wasm?url";
import firstModuleUrl from "../wasm/first_bg.wasm?url";
import clusterWorkerUrl from "./cluster.worker.ts?worker&url";
import firstWorkerUrl from "./first.worker.ts?worker&url";
import wholeWorkerUrl from "./whole.worker.ts?worker&url";
import type { FromWorker, Larger, ToWorker } from "./worker";

/** The engine comes in three sizes, each with all of the one before: what the first screen needs, clusters, and all of it. */
const SIZES = {
  first: { module: firstModuleUrl, worker: firstWorkerUrl },
  cluster: { module: clusterModuleUrl, worker: clusterWorkerUrl },
  whole: { module: wholeModuleUrl, worker: wholeWorkerUrl },
} satisfies Record<Size, unknown>;
type Size = "first" | Larger;

/** What `early.js` has made of the first size before this script came. */
interface Early {
  worker: Worker;
  module: WebAssembly.Module;
  ready: FromWorker;
}

const { early } = globalThis as { early?: Promise<Early> };

/**
 * The engine in its worker. The module is compiled once, however often the worker is ended; the worker's own script is
 * kept too, so that a fresh worker stands ready without a network.
 */
export class Engine {
  #size: Size = "first";
  #module: Promise<WebAssembly.Module>;
  readonly #hear: (message: FromWorker) => void;
  #worker: Promise<Worker>;
  #script: Promise<string | undefined> | undefined;

  constructor(hear: (message: FromWorker) => void) {
    this.#hear = hear;
    const module = early?.then(({ module }) => module);
    this.#module = module?.catch(() => compile("first")) ?? compile("first");
    this.#worker = this.#spawn(early);
  }

  /** Messages sent before the module has arrived wait for it, in order. */
  send(message: ToWorker): void {
    this.#worker.then((worker) => worker.postMessage(message), this.#alreadyTold);
  }

  /** Ends whatever the engine is doing, at once; a fresh one stands ready for the next message. */
  restart(): void {
    this.#end();
    this.#worker = this.#spawn();
  }

  /** From now on at least so much of the engine answers. What was asked of the smaller one is to be asked again. */
  enlarge(size: Larger): void {
    this.#end();
    if (this.#size !== "whole" && this.#size !== size) {
      this.#size = size;
      this.#module = compile(this.#size);
      this.#script = undefined;
      document.documentElement.dataset.engine = "lent";
    }
    this.#worker = this.#spawn();
  }

  #end(): void {
    this.#worker.then((worker) => {
      worker.onmessage = null;
      worker.onerror = null;
      worker.terminate();
    }, this.#alreadyTold);
  }

  /** After `unloaded`: fetches everything again. */
  retry(): void {
    this.#module = compile(this.#size);
    this.#worker = this.#spawn();
  }

  /** Why there is no worker was heard as `unloaded` when it came out. */
  readonly #alreadyTold = () => {};

  async #spawn(early?: Promise<Early>): Promise<Worker> {
    const size = this.#size;
    try {
      const there = await early?.catch(() => undefined);
      const worker = there?.worker ?? (await this.#answering(size, this.#module));
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
      worker.onerror = ({ message }) => this.#hear({ kind: "failed", message });
      if (there) {
        this.#hear(there.ready);
        this.#keep(size);
      }
      return worker;
    } catch (error) {
      if (size === this.#size) {
        this.#hear({ kind: "unloaded", message: String(error) });
      }
      throw error;
    }
  }

  /** A worker that has answered once: from its address, else, where that cannot be reached, from the copy kept here. */
  async #answering(size: Size, module: Promise<WebAssembly.Module>): Promise<Worker> {
    try {
      const worker = await this.#started(SIZES[size].worker, module);
      this.#keep(size);
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

  /** Keeps the script of this size's workers, unless another size has taken its place meanwhile. */
  #keep(size: Size): void {
    if (size !== this.#size) {
      return;
    }
    this.#script ??= textAt(SIZES[size].worker).then((script) => {
      if (size === this.#size) {
        document.documentElement.dataset.engine = script === undefined ? "lent" : "kept";
      }
      return script;
    });
  }

  /** The worker's script is loaded while the module is still being compiled. */
  #started(address: string, module: Promise<WebAssembly.Module>): Promise<Worker> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(address, { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === "failed") {
          worker.terminate();
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
      module.then(
        (module) => worker.postMessage({ kind: "start", module } satisfies ToWorker),
        (error) => {
          worker.terminate();
          reject(error);
        },
      );
    });
  }
}

/** The text at this address, or nothing where it cannot be had: then the next worker needs the network again. */
async function textAt(address: string): Promise<string | undefined> {
  try {
    const response = await fetch(address);
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}

async function compile(size: Size): Promise<WebAssembly.Module> {
  const moduleUrl = SIZES[size].module;
  const response = await fetch(moduleUrl);
  if (!response.ok) {
    throw new Error(`${moduleUrl}: ${response.status} ${response.statusText}`);
  }
  const isLabelled = response.headers.get("content-type")?.startsWith("application/wasm");
  return isLabelled
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
