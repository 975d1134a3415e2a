/** The command `moq` in a process of its own, as users run it. */
import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { eventually } from "../rust/eventually.ts";
import { Program } from "../rust/program.ts";

const MAIN = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

/** Where its input comes from and its output goes. */
export interface MoqStreams {
	readonly input?: Readable;
	/** File that gets its standard output; without it, the log does. */
	readonly output?: string;
}

/** Run `moq` with these arguments. */
export function moq(args: readonly string[], streams: MoqStreams = {}): Program {
	const name = `moq ${args[0]}`;
	return new Program({ name, command: process.execPath, args: ["-C", "source", MAIN, ...args], ...streams });
}

/** Resolves when the program has said something that fits. */
export async function said(program: Program, pattern: RegExp): Promise<void> {
	await eventually(() => assert.match(program.log.join("\n"), pattern));
}

/** Its exit code must be this one, or else the failure shows what it said. */
export async function mustExit(program: Program, code: number): Promise<void> {
	assert.equal(await program.exited(), code, `${program.name}:\n${program.log.join("\n")}`);
}
