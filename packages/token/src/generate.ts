/**
 * Makes new keys.
 * @module
 */
import { exportJWK, generateKeyPair } from "jose";
import { type Algorithm, algorithmKind } from "./algorithm.ts";
import { parseJwk } from "./jwk.ts";
import { Key } from "./key.ts";
import type { Grants } from "./permissions.ts";

/** What a new key is to be; the id is random where none is given. */
export interface GenerateOptions {
	readonly algorithm: Algorithm;
	readonly id?: string | undefined;
	/** The most that its tokens may grant. */
	readonly scope?: Grants | undefined;
}

/**
 * A fresh key with both halves.
 * @throws KeyError for an id or a scope that is not allowed.
 */
export async function generateKey(options: GenerateOptions): Promise<Key> {
	const { algorithm, id = randomId(), scope } = options;
	const { kty } = algorithmKind(algorithm);
	return new Key(
		parseJwk({
			...(kty === "oct" ? { k: randomSecret(algorithm) } : await randomPair(algorithm)),
			kty,
			alg: algorithm,
			kid: id,
			key_ops: ["sign", "verify"],
			...(scope !== undefined && { scope: { root: scope.root, put: scope.publish, get: scope.subscribe } }),
		}),
	);
}

async function randomPair(algorithm: Algorithm): Promise<Record<string, unknown>> {
	const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
	return { ...(await exportJWK(privateKey)) };
}

/** As long as the hash: more adds nothing, less weakens it (RFC 2104). */
function randomSecret(algorithm: Algorithm): string {
	const bits = Number(algorithm.slice(2));
	const bytes = crypto.getRandomValues(new Uint8Array(bits / 8));
	return btoa(String.fromCharCode(...bytes));
}

function randomId(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
