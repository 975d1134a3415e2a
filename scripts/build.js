/** `npm run build`: everything that the commands need; without cargo, everything but the engine. */
import { build } from "./bootstrap.js";

await build({ engine: "optional" });
