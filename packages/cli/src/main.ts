import { run } from "./run.ts";

const code = await run(process.argv.slice(2));
// The engine's threads and an unread standard input would keep the process alive.
process.stdout.write("", () => process.exit(code));
