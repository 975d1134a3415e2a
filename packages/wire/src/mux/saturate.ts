/**
 * Limits and codes go to 2^62-1 on the wire; nothing here counts that far.
 * @module
 */
import type { Cursor } from "../cursor.ts";

/** A varint of the full range, cut to 2^53-1: for limits ("as good as unlimited") and for codes, which are labels. */
export function readSaturated(cursor: Cursor): number {
	const value = cursor.varint62();
	return typeof value === "number" ? value : Number.MAX_SAFE_INTEGER;
}
