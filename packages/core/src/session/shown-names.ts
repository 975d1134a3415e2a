/**
 * The names that one session is shown, all its announce streams together.
 * @module
 */
import type { SessionContext } from "./context.ts";
import { RateLimit } from "./rate.ts";

/** Bounds what a peer that does not read makes us hold, and what listing names over and over costs. */
export class ShownNames {
	readonly #context: SessionContext;
	#bytes = 0;
	#listed: RateLimit | undefined;

	constructor(context: SessionContext) {
		this.#context = context;
	}

	/** Whether a stream may begin with these; what is listed counts, however soon the stream ends. */
	mayList(paths: readonly string[]): boolean {
		const { clock, limits } = this.#context;
		this.#listed ??= new RateLimit(clock, { perSecond: limits.listedBytesPerSecond, burst: limits.listedBurst });
		let bytes = 0;
		for (const path of paths) bytes += bytesOf(path);
		return this.#listed.take(Math.min(bytes, limits.listedBurst));
	}

	/** Whether there is room to show one more; it is counted if so. */
	add(path: string): boolean {
		const bytes = this.#bytes + bytesOf(path);
		if (bytes > this.#context.limits.shownBytes) return false;
		this.#bytes = bytes;
		return true;
	}

	/** It is shown no longer. */
	remove(path: string): void {
		this.#bytes -= bytesOf(path);
	}
}

function bytesOf(path: string): number {
	return path.length + NAME_OVERHEAD_BYTES;
}

/** What a name costs beside its characters: hops, and its place in a set. */
const NAME_OVERHEAD_BYTES = 64;
