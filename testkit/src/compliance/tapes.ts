/**
 * Tapes, headers and policies for the lane checks.
 * @module
 */
import { type LanePolicy, limits, Tape } from "@moq-relay/core";
import { pieces } from "../bytes.ts";
import type { SeededRandom } from "../seeded-random.ts";

/** Gives nothing up before the usual budget. */
export const POLICY: LanePolicy = {
	priority: 100,
	order: "newest",
	latencyMs: Number.POSITIVE_INFINITY,
	budgetBytes: limits.LANE_BUDGET_BYTES,
};

/** A finished tape. */
export function tapeOf(chunks: readonly Uint8Array[]): Tape {
	const tape = new Tape("lite-05");
	for (const chunk of chunks) tape.append(chunk);
	tape.finish();
	return tape;
}

/** Random odd chunks of `bytes`. */
export function chunksOf(bytes: Uint8Array, random: SeededRandom): Uint8Array[] {
	return pieces(bytes, random, Math.max(1, bytes.byteLength >>> 3));
}

/** Four bytes that tell plays apart. */
export function header(tag: number): Uint8Array {
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, tag);
	return bytes;
}

/** More than any carrier holds on its way (kernel buffers included), in chunks that share one piece of memory. */
export function hugeTape(): Tape {
	const chunk = new Uint8Array(HUGE_CHUNK_BYTES);
	return tapeOf(Array.from({ length: HUGE_TAPE_BYTES / HUGE_CHUNK_BYTES }, () => chunk));
}

const HUGE_CHUNK_BYTES = 64 * 1024;

/** Size of `hugeTape()` in bytes. */
export const HUGE_TAPE_BYTES: number = 24 * 1024 * 1024;
