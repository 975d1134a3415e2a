/** The processes of one command: when one ends, or the command is asked to end, all of them end. Plain JavaScript, Node 20. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { node } from "./bootstrap.js";

const TETHER = fileURLToPath(new URL("tether.js", import.meta.url));
/** When children are asked a second time, which the relay takes for "now", and when they are ended: ms after the first. */
const AGAIN_MS = 800;
const KILL_MS = 1400;

export class Family {
	#children = new Set();
	#isEnding = false;

	/** End on Ctrl-C and SIGTERM, with exit code 0. */
	constructor() {
		for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => this.end(0));
	}

	get isEnding() {
		return this.#isEnding;
	}

	/**
	 * Run a script to its end; resolves to its last message to us. A failure ends everything with its exit code. What it runs
	 * itself ends with it: it has a process group of its own, which Ctrl-C in a terminal does not reach.
	 */
	async run(script) {
		let answer;
		const child = this.#spawn(script, [process.execPath, script], { detached: true });
		child.on("message", (message) => {
			answer = message;
		});
		const said = new Promise((resolve) => child.once("disconnect", resolve));
		const code = await new Promise((resolve) => child.once("exit", resolve));
		await said;
		if (this.#isEnding) return new Promise(() => {});
		if (code !== 0) {
			this.end(code ?? 1);
			return new Promise(() => {});
		}
		return answer;
	}

	/** Start one of the project's commands, which is to go on for as long as we do. */
	start(name, [main, ...args]) {
		const child = this.#spawn(name, [node, "--enable-source-maps", "--import", TETHER, main, ...args], {
			detached: true,
		});
		child.once("exit", (code, signal) => {
			if (this.#isEnding) return;
			process.stderr.write(`${name} ended ${signal === null ? `with code ${code}` : `by ${signal}`}\n`);
			this.end(code === 0 ? 1 : (code ?? 1));
		});
	}

	/** End every child, kindly first, and then this process. */
	end(code) {
		if (this.#isEnding) return;
		this.#isEnding = true;
		process.exitCode = code;
		if (this.#children.size === 0) process.exit();
		this.#signal("SIGTERM");
		setTimeout(() => this.#signal("SIGTERM"), AGAIN_MS);
		setTimeout(() => {
			this.#signal("SIGKILL");
			process.exit();
		}, KILL_MS);
	}

	#signal(signal) {
		for (const child of this.#children) kill(child, signal);
	}

	#spawn(name, [command, ...args], options) {
		const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], ...options });
		this.#children.add(child);
		child.once("error", (error) => {
			process.stderr.write(`${name}: ${error.message}\n`);
			this.#gone(child);
			this.end(1);
		});
		child.once("exit", () => this.#gone(child));
		return child;
	}

	#gone(child) {
		this.#children.delete(child);
		if (this.#isEnding && this.#children.size === 0) process.exit();
	}
}

/** To the whole process group: a compiler has children of its own. */
function kill(child, signal) {
	try {
		process.kill(-child.pid, signal);
	} catch {
		// it has just ended by itself
	}
}
