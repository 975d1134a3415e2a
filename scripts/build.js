/** `npm run build`: everything that the commands need; without cargo, everything but the engine. */
import { build } from "./bootstrap.js";

const engine = await build({ engine: "optional" });
// `npm start` runs this as a child, and wants to know.
process.send?.({ engine });
process.disconnect?.();
