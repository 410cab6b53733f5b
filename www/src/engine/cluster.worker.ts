/** The worker for scripts with a simulated cluster: its module leaves out lessons, reports, programs, races and services. */
import * as engine from "../wasm/cluster.js";
import { serve } from "./worker";

serve(engine);
