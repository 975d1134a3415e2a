/**
 * SERVER_SETUP: the server's answer to CLIENT_SETUP, on the same stream. Read with `MessageReader.setup`.
 * @module
 */
import { Cursor } from "../cursor.ts";
import { Writer } from "../writer.ts";
import { readSetupParameters, type SetupParameters, writeSetupParameters } from "./parameters.ts";

/** Type of a SERVER_SETUP. */
export const SERVER_SETUP: number = 0x21;

/** The server's choice. */
export interface ServerSetup {
	/** Version number; see `versionOfCode`. */
	readonly version: number;
	readonly parameters: SetupParameters;
}

/** @throws Malformed */
export function decodeServerSetup(body: Uint8Array): ServerSetup {
	const cursor = new Cursor(body);
	const version = Number(cursor.varint62());
	const parameters = readSetupParameters(cursor);
	cursor.end();
	return { version, parameters };
}

/** The whole message: type, 16-bit length, body. */
export function encodeServerSetup(message: ServerSetup): Uint8Array {
	const body = new Writer().varint(message.version);
	writeSetupParameters(body, message.parameters);
	return new Writer().varint(SERVER_SETUP).u16(body.length).bytes(body.finish()).finish();
}
