/**
 * What stateless resets are made with: a secret that outlives the process, so that the next one can tell the peers of this
 * one that it does not know them.
 * @module
 */
import { createPrivateKey, hkdfSync } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ConfigError } from "../config/config-error.ts";
import type { Identity } from "./identity.ts";
import { RESET_SECRET_BYTES_MAX, RESET_SECRET_BYTES_MIN } from "./limits.ts";

/** Where the secret comes from. */
export interface ResetSecretSource {
	/** `server.quic.reset_key`. */
	readonly file: string | undefined;
	/** The first identity that was read from files; undefined for throw-away ones, which the next process does not have. */
	readonly identity: Identity | undefined;
	/** What tells this listener from others with the same certificate: host name and address. */
	readonly place: string;
}

/**
 * The content of the file, or what follows from the private key and the place. Undefined where nothing outlives the process.
 * @throws ConfigError for a file that cannot be used.
 */
export async function readResetSecret({ file, identity, place }: ResetSecretSource): Promise<Uint8Array | undefined> {
	if (file !== undefined) return readSecret(file);
	if (identity === undefined) return undefined;
	// The same key in another PEM form is the same key.
	const key = createPrivateKey(identity.key).export({ type: "pkcs8", format: "der" });
	return new Uint8Array(hkdfSync("sha256", key, "", `${PURPOSE} ${place}`, RESET_SECRET_BYTES_MIN));
}

async function readSecret(file: string): Promise<Uint8Array> {
	let bytes: Uint8Array;
	try {
		if ((await stat(file)).size > RESET_SECRET_BYTES_MAX) fail(`${file} is too large; 32 random bytes are enough`);
		bytes = await readFile(file);
	} catch (error) {
		if (error instanceof ConfigError) throw error;
		const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
		return fail(`${file} cannot be read${code}; make one with: head -c 32 /dev/urandom`);
	}
	if (bytes.byteLength >= RESET_SECRET_BYTES_MIN) return bytes;
	return fail(`${file} holds ${bytes.byteLength} bytes; ${RESET_SECRET_BYTES_MIN} random ones are needed`);
}

function fail(message: string): never {
	throw new ConfigError([{ origin: undefined, key: "server.quic.reset_key", message }]);
}

const PURPOSE = "moq-relay stateless reset";
