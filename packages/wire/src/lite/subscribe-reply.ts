/**
 * What the publisher says on a subscribe stream. From 03 on a type varint stands before the size-prefixed message.
 * @module
 */
import { Code } from "../codes.ts";
import { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import type { LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";
import { readSubscribeDrop, type SubscribeDrop, writeSubscribeDrop } from "./subscribe-drop.ts";
import { readSubscribeEnd, type SubscribeEnd, writeSubscribeEnd } from "./subscribe-end.ts";
import { readSubscribeOk, type SubscribeOk, writeSubscribeOk } from "./subscribe-ok.ts";
import { readSubscribeStart, type SubscribeStart, writeSubscribeStart } from "./subscribe-start.ts";

/** Any reply to a SUBSCRIBE. */
export type SubscribeReply = SubscribeOk | SubscribeDrop | SubscribeStart | SubscribeEnd;

/** True when replies have a type: read them with `MessageReader.typed`, otherwise with `MessageReader.message` and type 0. */
export function hasReplyType(version: LiteVersion): boolean {
	return version.subscribeReply !== "ok";
}

/** `type` is 0 where replies have none. @throws Malformed */
export function decodeSubscribeReply(type: number, body: Uint8Array, version: LiteVersion): SubscribeReply {
	const cursor = new Cursor(body);
	const reply = readReply(cursor, REPLIES[version.subscribeReply][type], version);
	if (reply === undefined) throw new Malformed(`subscribe reply of type ${type}`, Code.UnexpectedMessage);
	cursor.end();
	return reply;
}

/** The whole message, type and size included. @throws TypeError for a reply that the version lacks. */
export function encodeSubscribeReply(message: SubscribeReply, version: LiteVersion): Uint8Array {
	const type = REPLIES[version.subscribeReply].indexOf(message.reply);
	if (type < 0) throw new TypeError(`${version.name} has no ${message.reply} reply`);
	const writer = new Writer();
	if (hasReplyType(version)) writer.varint(type);
	const mark = writer.open();
	writeReply(writer, message, version);
	return writer.close(mark).finish();
}

function readReply(
	cursor: Cursor,
	reply: SubscribeReply["reply"] | undefined,
	version: LiteVersion,
): SubscribeReply | undefined {
	switch (reply) {
		case "ok":
			return readSubscribeOk(cursor, version);
		case "drop":
			return readSubscribeDrop(cursor);
		case "start":
			return readSubscribeStart(cursor);
		case "end":
			return readSubscribeEnd(cursor);
		case undefined:
			return undefined;
	}
}

function writeReply(writer: Writer, message: SubscribeReply, version: LiteVersion): void {
	switch (message.reply) {
		case "ok":
			return writeSubscribeOk(writer, message, version);
		case "drop":
			return writeSubscribeDrop(writer, message);
		case "start":
			return writeSubscribeStart(writer, message);
		case "end":
			return writeSubscribeEnd(writer, message);
	}
}

/** Position is the type on the wire. */
const REPLIES: { readonly [form in LiteVersion["subscribeReply"]]: readonly SubscribeReply["reply"][] } = {
	ok: ["ok"],
	"ok-drop": ["ok", "drop"],
	"start-end-drop": ["start", "end", "drop"],
};
