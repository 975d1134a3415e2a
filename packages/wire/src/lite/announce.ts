/**
 * ANNOUNCE: a broadcast became live, was replaced, or ended.
 * @module
 */
import { Code } from "../codes.ts";
import { Cursor } from "../cursor.ts";
import { HOPS_MAX, PATH_BYTES_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { type Path, parsePath } from "../path.ts";
import type { Varint62 } from "../varint.ts";
import type { LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";

/** One announcement. */
export interface Announce {
	/** "restart" replaces a live broadcast (`announceRestart` only); peers may send a second "active" instead. */
	readonly status: "active" | "ended" | "restart";
	/** Path below the prefix that was asked for. */
	readonly suffix: Path;
	/**
	 * Relays passed, original publisher first. Where the version has but a count, that many `HOP_UNKNOWN`; empty where
	 * it has nothing, and for "ended".
	 */
	readonly hops: readonly Varint62[];
}

/** A relay that did not say who it is: never a loop, never excluded. */
export const HOP_UNKNOWN: number = 0;

/** @throws Malformed */
export function decodeAnnounce(body: Uint8Array, version: LiteVersion): Announce {
	const cursor = new Cursor(body);
	const status = readStatus(cursor, version);
	const suffix = parsePath(cursor.string(PATH_BYTES_MAX));
	const hops = readHops(cursor, version);
	cursor.end();
	return { status, suffix, hops };
}

/**
 * The whole message, size included. "restart" travels as a second "active", which every peer of these versions knows.
 * @throws TypeError for "restart" without `announceRestart`; RangeError above `HOPS_MAX` hops.
 */
export function encodeAnnounce(message: Announce, version: LiteVersion): Uint8Array {
	const { status, suffix, hops } = message;
	if (status === "restart" && !version.announceRestart) throw new TypeError(`${version.name} has no restart`);
	if (hops.length > HOPS_MAX) throw new RangeError(`${hops.length} hops`);
	const writer = new Writer();
	const mark = writer.open();
	writer.u8(status === "ended" ? ENDED : ACTIVE).string(suffix);
	writeHops(writer, status === "ended" ? [] : hops, version);
	return writer.close(mark).finish();
}

function readStatus(cursor: Cursor, version: LiteVersion): Announce["status"] {
	const status = cursor.u8();
	if (status === ENDED) return "ended";
	if (status === ACTIVE) return "active";
	if (status === RESTART && version.announceRestart) return "restart";
	throw new Malformed(`announce status ${status}`);
}

function readHops(cursor: Cursor, version: LiteVersion): Varint62[] {
	if (version.hops === "none") return [];
	const count = cursor.varint();
	if (count > HOPS_MAX) throw new Malformed(`${count} hops`, Code.BoundsExceeded);
	const hops: Varint62[] = [];
	for (let i = 0; i < count; i++) hops.push(version.hops === "ids" ? cursor.varint62() : HOP_UNKNOWN);
	return hops;
}

function writeHops(writer: Writer, hops: readonly Varint62[], version: LiteVersion): void {
	if (version.hops === "none") return;
	writer.varint(hops.length);
	if (version.hops === "ids") for (const hop of hops) writer.varint(hop);
}

const ENDED = 0;
const ACTIVE = 1;
const RESTART = 2;
