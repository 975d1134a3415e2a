/**
 * QX_TRANSPORT_PARAMETERS: the first frame of each side.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { Malformed } from "../malformed.ts";
import { type Varint62, varintLength } from "../varint.ts";
import { Writer } from "../writer.ts";
import { FrameType } from "./frame-type.ts";
import { readSaturated } from "./saturate.ts";

/** What a side grants and supports. A field that was not sent has the value that `DEFAULT_TRANSPORT_PARAMETERS` gives. */
export interface TransportParameters {
	/** 0 for none. */
	readonly idleMs: number;
	/** Credit for all streams together, in bytes. */
	readonly data: number;
	/** Credit for a bidirectional stream that the sender of the parameters opens, in bytes. */
	readonly streamDataBidiLocal: number;
	/** Credit for a bidirectional stream that their receiver opens, in bytes. */
	readonly streamDataBidiRemote: number;
	/** Credit for a unidirectional stream, in bytes. */
	readonly streamDataUni: number;
	readonly streamsBidi: number;
	readonly streamsUni: number;
	/** The largest DATAGRAM frame that is taken, in bytes; 0 for none. */
	readonly datagramFrameBytes: number;
	/** The largest record that is taken, in bytes. */
	readonly recordBytes: number;
	/** RESET_STREAM_AT is understood. */
	readonly resetStreamAt: boolean;
	/** In-band protocol negotiation (TCP and Unix sockets only), as sent; undefined where it was not. */
	readonly applicationProtocols: Uint8Array | undefined;
}

/** A parameters frame. */
export interface TransportParametersFrame {
	readonly type: "transport-parameters";
	readonly parameters: TransportParameters;
}

/** What holds for parameters that were not sent. */
export const DEFAULT_TRANSPORT_PARAMETERS: TransportParameters = {
	idleMs: 0,
	data: 0,
	streamDataBidiLocal: 0,
	streamDataBidiRemote: 0,
	streamDataUni: 0,
	streamsBidi: 0,
	streamsUni: 0,
	datagramFrameBytes: 0,
	recordBytes: 16_382,
	resetStreamAt: false,
	applicationProtocols: undefined,
};

/** The frame; parameters at their default are left out. */
export function encodeTransportParameters(parameters: TransportParameters): Uint8Array {
	const writer = new Writer(128).varint(FrameType.TransportParameters);
	const frame = writer.open();
	for (const [id, field] of INTEGERS) {
		const value = parameters[field];
		if (value === DEFAULT_TRANSPORT_PARAMETERS[field] && field !== "recordBytes") continue;
		writer.varint(id).varint(varintLength(value)).varint(value);
	}
	if (parameters.resetStreamAt) writer.varint(RESET_STREAM_AT).varint(0);
	const protocols = parameters.applicationProtocols;
	if (protocols !== undefined) writer.varint(APPLICATION_PROTOCOLS).varint(protocols.length).bytes(protocols);
	return writer.close(frame).finish();
}

/** Reads what follows the type. Refuses repeated parameters and those of QUIC that have no place here; skips unknown ones. */
export function decodeTransportParameters(cursor: Cursor): TransportParametersFrame {
	const body = new Cursor(cursor.take(cursor.varint()));
	const seen = new Set<Varint62>();
	const parameters: { -readonly [K in keyof TransportParameters]: TransportParameters[K] } = {
		...DEFAULT_TRANSPORT_PARAMETERS,
	};
	while (body.remaining > 0) {
		const id = body.varint62();
		const value = new Cursor(body.take(body.varint()));
		if (FORBIDDEN.has(id)) throw new Malformed(`transport parameter ${id} has no place in QMux`);
		const field = FIELDS.get(id);
		if (field === undefined && id !== RESET_STREAM_AT && id !== APPLICATION_PROTOCOLS) continue;
		if (seen.has(id)) throw new Malformed(`transport parameter ${id} twice`);
		seen.add(id);
		if (id === RESET_STREAM_AT) parameters.resetStreamAt = true;
		else if (id === APPLICATION_PROTOCOLS) parameters.applicationProtocols = value.rest();
		else if (field !== undefined) parameters[field] = readSaturated(value);
		value.end();
	}
	return { type: "transport-parameters", parameters };
}

type IntegerField = Exclude<keyof TransportParameters, "resetStreamAt" | "applicationProtocols">;

const RESET_STREAM_AT = 0x1d;
const APPLICATION_PROTOCOLS = 0x3d4f_9c2a_8b1e_6075n;
const INTEGERS: readonly (readonly [Varint62, IntegerField])[] = [
	[0x01, "idleMs"],
	[0x04, "data"],
	[0x05, "streamDataBidiLocal"],
	[0x06, "streamDataBidiRemote"],
	[0x07, "streamDataUni"],
	[0x08, "streamsBidi"],
	[0x09, "streamsUni"],
	[0x20, "datagramFrameBytes"],
	[0x0571_c594_29cd_0845n, "recordBytes"],
];
const FIELDS: ReadonlyMap<Varint62, IntegerField> = new Map(INTEGERS);
const FORBIDDEN: ReadonlySet<Varint62> = new Set([0, 2, 3, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10]);
