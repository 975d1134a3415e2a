/**
 * SUBSCRIBE_UPDATE: later on a subscribe stream, replaces what SUBSCRIBE asked for.
 * @module
 */
import { Cursor } from "../cursor.ts";
import type { LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";
import { type Delivery, readDelivery, writeDelivery } from "./delivery.ts";

/** New wishes. Without `delivery` only the priority is told, and the rest decodes to the defaults. */
export type SubscribeUpdate = Delivery;

/** @throws Malformed */
export function decodeSubscribeUpdate(body: Uint8Array, version: LiteVersion): SubscribeUpdate {
	const cursor = new Cursor(body);
	const delivery = readDelivery(cursor, version.delivery);
	cursor.end();
	return delivery;
}

/** The whole message, size included. */
export function encodeSubscribeUpdate(message: SubscribeUpdate, version: LiteVersion): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writeDelivery(writer, message, version.delivery);
	return writer.close(mark).finish();
}
