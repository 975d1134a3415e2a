/**
 * PROBE (versions with `probe`): a report on a probe stream, of which the opener sends nothing but the type.
 * @module
 */
import { Cursor } from "../cursor.ts";
import type { LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";

/** The publisher's view of the connection. */
export interface Probe {
	/** Estimated send rate in bits per second; undefined when unknown. */
	readonly bitrate: number | undefined;
	/** Smoothed round-trip time in ms; undefined when unknown, and always without `probeRtt`. */
	readonly rttMs: number | undefined;
}

/** @throws Malformed */
export function decodeProbe(body: Uint8Array, version: LiteVersion): Probe {
	const cursor = new Cursor(body);
	const bitrate = known(cursor.varint());
	const rttMs = version.probeRtt ? known(cursor.varint()) : undefined;
	cursor.end();
	return { bitrate, rttMs };
}

/** The whole message, size included. Fractions are rounded, and a measured 0 to 1, since 0 on the wire is unknown. */
export function encodeProbe(message: Probe, version: LiteVersion): Uint8Array {
	const writer = new Writer();
	const mark = writer.open();
	writer.varint(measured(message.bitrate));
	if (version.probeRtt) writer.varint(measured(message.rttMs));
	return writer.close(mark).finish();
}

function known(value: number): number | undefined {
	return value === 0 ? undefined : value;
}

function measured(value: number | undefined): number {
	return value === undefined ? 0 : Math.max(1, Math.round(value));
}
