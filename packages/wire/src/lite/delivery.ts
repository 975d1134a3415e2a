/**
 * What a subscriber wants of a track, as SUBSCRIBE, SUBSCRIBE_UPDATE and SUBSCRIBE_OK carry it.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import type { Writer } from "../writer.ts";

/** Which groups, in which order, and how late. */
export interface Delivery {
	/** 0–255, higher first. */
	readonly priority: number;
	/** True: oldest group first; false: newest group first. */
	readonly ordered: boolean;
	/** How late a group may be before it is skipped, in whole ms. */
	readonly latencyMs: number;
	/** First group wanted; undefined is the latest one there is. */
	readonly startGroup: number | undefined;
	/** Last group wanted, inclusive; undefined is no end. */
	readonly endGroup: number | undefined;
}

/** What a version without the field is taken to mean, in ms. */
export const LATENCY_MS_DEFAULT: number = 5000;

/** A delivery of which the message tells the priority alone. */
export function priorityOnly(priority: number): Delivery {
	return { priority, ordered: false, latencyMs: LATENCY_MS_DEFAULT, startGroup: undefined, endGroup: undefined };
}

/** Read all fields, or the priority alone. */
export function readDelivery(cursor: Cursor, whole: boolean): Delivery {
	const priority = cursor.u8();
	if (!whole) return priorityOnly(priority);
	return {
		priority,
		ordered: cursor.bool(),
		latencyMs: cursor.varint(),
		startGroup: cursor.optional(),
		endGroup: cursor.optional(),
	};
}

/** Write all fields, or the priority alone. */
export function writeDelivery(writer: Writer, delivery: Delivery, whole: boolean): void {
	writer.u8(delivery.priority);
	if (!whole) return;
	writer.bool(delivery.ordered).varint(delivery.latencyMs);
	writer.optional(delivery.startGroup).optional(delivery.endGroup);
}
