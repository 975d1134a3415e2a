/**
 * CLIENT_SETUP: the client's first message where no protocol name told the version. Read with `MessageReader.setup`.
 * @module
 */
import { Code } from "../codes.ts";
import { Cursor } from "../cursor.ts";
import { SETUP_VERSIONS_MAX } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { LITE_VERSIONS, type LiteVersion } from "../version.ts";
import { Writer } from "../writer.ts";
import { readSetupParameters, type SetupParameters, writeSetupParameters } from "./parameters.ts";

/** Type of a CLIENT_SETUP, which is also that of its stream. */
export const CLIENT_SETUP: number = 0x20;

/** The client's offer. */
export interface ClientSetup {
	/** Version numbers (`LiteVersion.code`, or others'), the client's favourite first. */
	readonly versions: readonly number[];
	readonly parameters: SetupParameters;
}

/** @throws Malformed */
export function decodeClientSetup(body: Uint8Array): ClientSetup {
	const cursor = new Cursor(body);
	const count = cursor.varint();
	if (count > SETUP_VERSIONS_MAX) throw new Malformed(`${count} versions`, Code.BoundsExceeded);
	const versions: number[] = [];
	// A number beyond 2^53 is none of ours, so rounding does no harm.
	for (let i = 0; i < count; i++) versions.push(Number(cursor.varint62()));
	const parameters = readSetupParameters(cursor);
	cursor.end();
	return { versions, parameters };
}

/** The whole message: type, 16-bit length, body. */
export function encodeClientSetup(message: ClientSetup): Uint8Array {
	const body = new Writer().varint(message.versions.length);
	for (const version of message.versions) body.varint(version);
	writeSetupParameters(body, message.parameters);
	return new Writer().varint(CLIENT_SETUP).u16(body.length).bytes(body.finish()).finish();
}

/**
 * The server's pick: the first version in the client's order that we support and that SETUP can choose; undefined
 * ends the session with `Code.Version`.
 */
export function pickSetupVersion(
	offered: readonly number[],
	versions: readonly LiteVersion[] = LITE_VERSIONS,
): LiteVersion | undefined {
	for (const code of offered) {
		const version = versions.find((candidate) => candidate.code === code && candidate.setup === "in-band");
		if (version !== undefined) return version;
	}
	return undefined;
}
