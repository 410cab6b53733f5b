import init from "./wasm/cachedojo.js";

const engine = document.querySelector("[data-testid=engine]");
await init();
engine.textContent = "The engine is ready.";
