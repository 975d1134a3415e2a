/**
 * SUBSCRIBE_OK (01–04): the publisher accepts, and says what it will do. Part of `SubscribeReply`.
 * @module
 */
import type { Cursor } from "../cursor.ts";
import type { LiteVersion } from "../version.ts";
import type { Writer } from "../writer.ts";
import { type Delivery, priorityOnly, readDelivery, writeDelivery } from "./delivery.ts";

/** Acceptance; what the version lacks decodes to priority 0 and the defaults. */
export interface SubscribeOk extends Delivery {
	readonly reply: "ok";
}

/** Reads the fields of the version. */
export function readSubscribeOk(cursor: Cursor, version: LiteVersion): SubscribeOk {
	if (version.subscribeOk === "empty") return { reply: "ok", ...priorityOnly(0) };
	return { reply: "ok", ...readDelivery(cursor, version.subscribeOk === "delivery") };
}

/** Writes the fields of the version. */
export function writeSubscribeOk(writer: Writer, message: SubscribeOk, version: LiteVersion): void {
	if (version.subscribeOk !== "empty") writeDelivery(writer, message, version.subscribeOk === "delivery");
}
