#!/usr/bin/env node
// Plain JavaScript for any Node from 20 on: hands over to the Node that the project pins.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
if (!existsSync(main)) {
	process.stderr.write('moq-token: not built yet; run "npm run build" in the project\'s folder first\n');
	process.exit(2);
}
const node = createRequire(import.meta.url).resolve("node/bin/node");
const args = ["--enable-source-maps", main, ...process.argv.slice(2)];
if (typeof process.execve === "function") {
	process.execve(node, [node, ...args], process.env);
}

// Older Nodes cannot replace themselves: the channel tells the child when this process dies, however it dies.
const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) {
	process.on(signal, () => {
		// A terminal sends its interrupt to the whole process group, so the child has it already.
		if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
	});
}
child.on("error", (error) => {
	process.stderr.write(`moq-token: cannot start ${node}: ${error.message}; run "npm install"\n`);
	process.exit(2);
});
child.on("exit", (code, signal) => {
	if (signal === null) process.exit(code ?? 1);
	process.removeAllListeners(signal);
	process.kill(process.pid, signal);
});
