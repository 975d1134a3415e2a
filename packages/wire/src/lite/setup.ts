/**
 * SETUP (versions whose `setup` is "streams"): the only message on a unidirectional stream that each side opens.
 * @module
 */
import { Code } from "../codes.ts";
import { Cursor } from "../cursor.ts";
import { PARAMETERS_MAX, SETUP_PATH_BYTES_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { decodeUtf8, encodeUtf8 } from "../utf8.ts";
import { encodeVarint, type Varint62 } from "../varint.ts";
import { Writer } from "../writer.ts";

/** What an endpoint says of itself. */
export interface Setup {
	/** What it can report on probe streams; each level includes those before. */
	readonly probe: "none" | "report" | "increase";
	/** Path and query (`/demo?jwt=…`); from clients alone, on transports without a URL. */
	readonly path: string | undefined;
	/** What a client is here to do. */
	readonly role: "both" | "publisher" | "subscriber";
	/** Cost of the link; undefined when not told. */
	readonly cost: number | undefined;
	/** Origin id; undefined when it has none. */
	readonly origin: Varint62 | undefined;
}

/** A SETUP that says nothing. */
export const SETUP_EMPTY: Setup = { probe: "none", path: undefined, role: "both", cost: undefined, origin: undefined };

/** Unknown parameters are ignored, unknown levels and roles read as the closest known one. @throws Malformed */
export function decodeSetup(body: Uint8Array): Setup {
	const parameters = readParameters(new Cursor(body));
	const path = parameters.get(PATH);
	if (path !== undefined && path.length > SETUP_PATH_BYTES_MAX) {
		throw new Malformed(`path of ${path.length} bytes`, Code.BoundsExceeded);
	}
	return {
		probe: probeLevel(readVarintOf(parameters, PROBE)),
		path: path === undefined || path.length === 0 ? undefined : decodeUtf8(path),
		role: role(readVarintOf(parameters, ROLE)),
		cost: cost(readVarintOf(parameters, COST)),
		origin: readVarintOf(parameters, ORIGIN) || undefined,
	};
}

/** The whole message, size included; what has the default value is left out. */
export function encodeSetup(setup: Setup): Uint8Array {
	const parameters: (readonly [number, Uint8Array])[] = [];
	if (setup.probe !== "none") parameters.push([PROBE, encodeVarint(setup.probe === "report" ? 1 : 2)]);
	if (setup.path !== undefined) parameters.push([PATH, encodeUtf8(setup.path)]);
	if (setup.role !== "both") parameters.push([ROLE, encodeVarint(setup.role === "publisher" ? 1 : 2)]);
	if (setup.cost !== undefined) parameters.push([COST, encodeVarint(setup.cost)]);
	if (setup.origin !== undefined) parameters.push([ORIGIN, encodeVarint(setup.origin)]);
	const writer = new Writer();
	const mark = writer.open();
	writer.varint(parameters.length);
	for (const [id, value] of parameters) writer.varint(id).varint(value.length).bytes(value);
	return writer.close(mark).finish();
}

function readParameters(cursor: Cursor): ReadonlyMap<Varint62, Uint8Array> {
	const count = cursor.varint();
	if (count > PARAMETERS_MAX) throw new Malformed(`${count} parameters`, Code.TooManyParameters);
	const parameters = new Map<Varint62, Uint8Array>();
	for (let i = 0; i < count; i++) {
		const id = cursor.varint62();
		if (parameters.has(id)) throw new Malformed(`parameter ${id} twice`, Code.Duplicate);
		parameters.set(id, cursor.take(cursor.varint()));
	}
	cursor.end();
	return parameters;
}

function readVarintOf(parameters: ReadonlyMap<Varint62, Uint8Array>, id: number): Varint62 | undefined {
	const value = parameters.get(id);
	if (value === undefined) return undefined;
	const cursor = new Cursor(value);
	const number = cursor.varint62();
	cursor.end();
	return number;
}

function probeLevel(value: Varint62 | undefined): Setup["probe"] {
	if (value === undefined || value === 0) return "none";
	// Levels are monotonic: a future one includes all that we know.
	return value === 1 ? "report" : "increase";
}

function role(value: Varint62 | undefined): Setup["role"] {
	if (value === 1) return "publisher";
	return value === 2 ? "subscriber" : "both";
}

function cost(value: Varint62 | undefined): number | undefined {
	return value === undefined ? undefined : Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

const PROBE = 1;
const PATH = 2;
const ROLE = 3;
const COST = 4;
const ORIGIN = 5;
