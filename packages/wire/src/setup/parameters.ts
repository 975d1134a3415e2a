/**
 * Parameters of the legacy SETUP, in the draft-14 form: even ids carry a varint, odd ones a length and bytes.
 * @module
 */
import { Code } from "../codes.ts";
import type { Cursor } from "../cursor.ts";
import { PARAMETERS_MAX, SETUP_PATH_BYTES_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { decodeUtf8, encodeUtf8 } from "../utf8.ts";
import type { Varint62 } from "../varint.ts";
import type { Writer } from "../writer.ts";

/** What moq-lite endpoints say in a legacy SETUP; none of it matters to moq-lite itself but the path. */
export interface SetupParameters {
	/** Path and query, on transports without a URL. */
	readonly path?: string;
	readonly maxRequestId?: number;
	/** Name of the peer's software; for logs. */
	readonly implementation?: string;
	/** Asks the peer to push its namespaces unasked (moq-transport). */
	readonly solicit?: boolean;
}

/** Unknown parameters are skipped. @throws Malformed for a duplicate, too many, or bytes that do not add up. */
export function readSetupParameters(cursor: Cursor): SetupParameters {
	const count = cursor.varint();
	if (count > PARAMETERS_MAX) throw new Malformed(`${count} parameters`, Code.TooManyParameters);
	const numbers = new Map<Varint62, Varint62>();
	const texts = new Map<Varint62, Uint8Array>();
	for (let i = 0; i < count; i++) {
		const id = cursor.varint62();
		if (numbers.has(id) || texts.has(id)) throw new Malformed(`parameter ${id} twice`, Code.Duplicate);
		if (BigInt(id) % 2n === 0n) numbers.set(id, cursor.varint62());
		else texts.set(id, cursor.take(cursor.varint()));
	}
	return known(numbers, texts);
}

/** Writes those that are present, ids ascending but the implementation last, as the known clients do. */
export function writeSetupParameters(writer: Writer, parameters: SetupParameters): void {
	const { path, maxRequestId, implementation, solicit } = parameters;
	const present = [path, maxRequestId, implementation, solicit].filter((value) => value !== undefined);
	writer.varint(present.length);
	if (path !== undefined) writeText(writer, PATH, path);
	if (maxRequestId !== undefined) writer.varint(MAX_REQUEST_ID).varint(maxRequestId);
	if (solicit !== undefined) writer.varint(SOLICIT).varint(solicit ? 1 : 0);
	if (implementation !== undefined) writeText(writer, IMPLEMENTATION, implementation);
}

function known(numbers: ReadonlyMap<Varint62, Varint62>, texts: ReadonlyMap<Varint62, Uint8Array>): SetupParameters {
	const path = texts.get(PATH);
	if (path !== undefined && path.length > SETUP_PATH_BYTES_MAX) {
		throw new Malformed(`path of ${path.length} bytes`, Code.BoundsExceeded);
	}
	const implementation = texts.get(IMPLEMENTATION);
	const maxRequestId = numbers.get(MAX_REQUEST_ID);
	const solicit = numbers.get(SOLICIT);
	return {
		...(path !== undefined && { path: decodeUtf8(path) }),
		...(maxRequestId !== undefined && { maxRequestId: Number(maxRequestId) }),
		...(implementation !== undefined && { implementation: decodeUtf8(implementation) }),
		...(solicit !== undefined && { solicit: solicit !== 0 }),
	};
}

function writeText(writer: Writer, id: number, text: string): void {
	const bytes = encodeUtf8(text);
	writer.varint(id).varint(bytes.length).bytes(bytes);
}

const PATH = 1;
const MAX_REQUEST_ID = 2;
const IMPLEMENTATION = 7;
const SOLICIT = 0x4_0b5a;
