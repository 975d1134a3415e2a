/**
 * A certificate chain with its key, as it was read and checked.
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ConfigError } from "../config/config-error.ts";
import { PEM_BYTES_MAX } from "./limits.ts";

/** One identity that the relay shows. */
export interface Identity {
	/** PEM, leaf first. */
	readonly chain: string;
	/** PEM. */
	readonly key: string;
	/** DNS names and IP addresses of the leaf, lower case. */
	readonly names: readonly string[];
	/** SHA-256 of the leaf, lower-case hex. */
	readonly fingerprint: string;
	readonly notBeforeMs: number;
	readonly notAfterMs: number;
}

/** Where identities come from; the n-th certificate belongs to the n-th key. */
export interface IdentityFiles {
	readonly cert: readonly string[];
	readonly key: readonly string[];
	/** The setting that names them, for errors: `server.tls`. */
	readonly setting: string;
}

/** Read and check every pair. @throws ConfigError naming the file and the remedy. */
export async function readIdentities(files: IdentityFiles, nowMs: number): Promise<readonly Identity[]> {
	if (files.cert.length !== files.key.length) {
		fail(`${files.setting}.key`, `${files.cert.length} certificates but ${files.key.length} keys; give a key for each`);
	}
	return Promise.all(
		files.cert.map(async (certFile, at) => {
			const keyFile = files.key[at] ?? "";
			const chain = await readPem(certFile, `${files.setting}.cert`);
			const key = await readPem(keyFile, `${files.setting}.key`);
			return checkIdentity({ chain, key, certFile, keyFile, setting: files.setting }, nowMs);
		}),
	);
}

/** An identity from PEM texts that belong together. @throws when they are no certificate. */
export function identityOf(chain: string, key: string): Identity {
	const leaf = new X509Certificate(chain);
	return {
		chain,
		key,
		names: namesOf(leaf),
		fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
		notBeforeMs: leaf.validFromDate.getTime(),
		notAfterMs: leaf.validToDate.getTime(),
	};
}

interface Pair {
	readonly chain: string;
	readonly key: string;
	readonly certFile: string;
	readonly keyFile: string;
	readonly setting: string;
}

function checkIdentity(pair: Pair, nowMs: number): Identity {
	const certSetting = `${pair.setting}.cert`;
	const keySetting = `${pair.setting}.key`;
	let identity: Identity;
	try {
		identity = identityOf(pair.chain, pair.key);
	} catch {
		// OpenSSL's own message says nothing that an operator could use.
		return fail(certSetting, `${pair.certFile} is not a PEM certificate`);
	}
	let matches: boolean;
	try {
		matches = new X509Certificate(pair.chain).checkPrivateKey(createPrivateKey(pair.key));
	} catch {
		// As above; the text may quote the key, too.
		return fail(keySetting, `${pair.keyFile} is not an unencrypted PEM private key`);
	}
	if (!matches) fail(keySetting, `${pair.keyFile} does not belong to the certificate in ${pair.certFile}`);
	if (identity.notAfterMs <= nowMs) {
		const since = new Date(identity.notAfterMs).toISOString();
		fail(certSetting, `${pair.certFile} expired on ${since}; renew it`);
	}
	return identity;
}

async function readPem(file: string, setting: string): Promise<string> {
	try {
		if ((await stat(file)).size > PEM_BYTES_MAX) fail(setting, `${file} is too large for a PEM file`);
		return await readFile(file, "utf8");
	} catch (error) {
		if (error instanceof ConfigError) throw error;
		return fail(setting, `${file} ${readTrouble(error)}`);
	}
}

function readTrouble(error: unknown): string {
	const code = error instanceof Error && "code" in error ? error.code : undefined;
	if (code === "ENOENT") return "does not exist";
	if (code === "EACCES") return "may not be read by this user";
	return `cannot be read (${String(code)})`;
}

function namesOf(leaf: X509Certificate): readonly string[] {
	const entries = leaf.subjectAltName?.split(", ") ?? [];
	return entries.flatMap((entry) => {
		const [kind = "", ...rest] = entry.split(":");
		const name = rest.join(":").toLowerCase();
		return kind === "DNS" || kind === "IP Address" ? [name] : [];
	});
}

function fail(key: string, message: string): never {
	throw new ConfigError([{ origin: undefined, key, message }]);
}
