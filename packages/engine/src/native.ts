/**
 * The compiled library, as TypeScript sees it.
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** One running engine. The queue of a thread is its number; that of commands for none is the number of threads. */
export interface NativeEngine {
	/** Hand over the first `length` bytes of `records`, and the byte strings that they name by index. All are copied. */
	submit(queue: number, records: Uint8Array, length: number, payloads: Uint8Array[]): void;
	/** The events of one thread; null when there are none of any. */
	drain(): Uint8Array | null;
	/** Threads, tapes, bytes of tapes, then the counters of stats.rs. */
	stats(): number[];
	/** Blocks until the threads have ended. */
	close(): void;
}

/** How it is started. */
export interface StartOptions {
	readonly threads: number;
	readonly readAheadBytes: number;
	readonly sessionReadAheadBytes: number;
	readonly streamsPendingMax: number;
	readonly lanesMax: number;
}

interface NativeLibrary {
	readonly NativeEngine: new (options: StartOptions, wake: () => void) => NativeEngine;
}

const path = fileURLToPath(new URL("../native/moq-engine.node", import.meta.url));

/** The library, or one line that says why it is not there. */
export function loadLibrary(): NativeLibrary | string {
	if (!existsSync(path)) return "the engine is not built: run npm run build, which needs cargo";
	try {
		return createRequire(import.meta.url)(path) as NativeLibrary;
	} catch (thrown) {
		const why = thrown instanceof Error ? thrown.message.split("\n", 1)[0] : String(thrown);
		return `the engine does not load (${why}): remove ${path} and run npm run build`;
	}
}
