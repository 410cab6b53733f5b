/** The worker of the first screen: its module leaves out what only lessons, reports and simulated clusters take. */
import * as engine from "../wasm/first.js";
import { serve } from "./worker";

serve(engine);
