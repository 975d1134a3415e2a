import { runCommand } from "./command.ts";
import { processIo } from "./command-io.ts";

process.exitCode = await runCommand(process.argv.slice(2), processIo);
