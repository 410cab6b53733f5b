// Comes before the page's script: the engine is fetched, compiled and started while that script is still on its way. The build fills in
// the addresses. `src/engine/engine.ts` takes over what is here, and does all of it itself where this came to nothing.
const at = (name) => new URL(name, import.meta.url);

async function start() {
  const worker = new Worker(at("__WORKER__"), { type: "module" });
  try {
    const ready = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => (data.kind === "ready" ? resolve(data) : reject(data));
      worker.onerror = reject;
    });
    ready.catch(() => {});
    const module = await WebAssembly.compileStreaming(fetch(at("__MODULE__")));
    worker.postMessage({ kind: "start", module });
    return { worker, module, ready: await ready };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

self.early = start();
self.early.catch(() => {});
