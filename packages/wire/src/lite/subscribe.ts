/**
 * SUBSCRIBE: first on a subscribe stream.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { PATH_BYTES_MAX, TRACK_NAME_BYTES_MAX } from "../limits.ts";
import { type Path, parsePath } from "../path.ts";
import type { LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";
import { type Delivery, readDelivery, writeDelivery } from "./delivery.ts";

/** Asks for a track. What the version lacks decodes as unordered, 5000 ms, from the latest group on. */
export interface Subscribe extends Delivery {
	/** Chosen by the subscriber, unique in its session; groups name it. */
	readonly id: number;
	readonly broadcast: Path;
	readonly track: string;
}

/** @throws Malformed */
export function decodeSubscribe(body: Uint8Array, version: LiteVersion): Subscribe {
	const cursor = new Cursor(body);
	const id = cursor.varint();
	const broadcast = parsePath(cursor.string(PATH_BYTES_MAX));
	const track = cursor.string(TRACK_NAME_BYTES_MAX);
	const delivery = readDelivery(cursor, version.delivery);
	cursor.end();
	return { id, broadcast, track, ...delivery };
}

/** The whole message, size included. */
export function encodeSubscribe(message: Subscribe, version: LiteVersion): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.varint(message.id).string(message.broadcast).string(message.track);
	writeDelivery(writer, message, version.delivery);
	return writer.close(mark).finish();
}
