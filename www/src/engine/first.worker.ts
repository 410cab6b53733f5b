/** The worker of the first screen: its module leaves out lessons, reports, programs, races, simulated clusters and services. */
import * as engine from "../wasm/first.js";
import { serve } from "./worker";

serve(engine);
