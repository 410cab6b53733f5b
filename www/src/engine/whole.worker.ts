/** The worker with all of the engine, once something asks for it. */
import * as engine from "../wasm/cachedojo.js";
import { serve } from "./worker";

serve(engine);
