/**
 * A key that signs or verifies tokens. Its material is private to the object: printing or serialising one shows none.
 * @module
 */
import { type CryptoKey, importJWK } from "jose";
import type { Algorithm } from "./algorithm.ts";
import { formatJwk, type Jwk, type KeyOperation, MATERIAL, parseJwk } from "./jwk.ts";
import { KEY_TEXT_BYTES_MAX, KEYS_MAX } from "./limits.ts";
import type { Grants } from "./permissions.ts";
import { KeyError } from "./token-error.ts";

/** One key of a JWK file or JWKS. */
export class Key {
	readonly #jwk: Jwk;
	readonly #imported: Map<KeyOperation, Promise<CryptoKey | Uint8Array>> = new Map();

	constructor(jwk: Jwk) {
		this.#jwk = jwk;
	}

	get algorithm(): Algorithm {
		return this.#jwk.alg;
	}

	/** `kid`; undefined when the key has none. */
	get id(): string | undefined {
		return this.#jwk.kid;
	}

	/** The most that a token of this key may grant; undefined is no bound. */
	get scope(): Grants | undefined {
		return this.#jwk.scope;
	}

	/** One secret shared by those who sign and those who verify. */
	get symmetric(): boolean {
		return this.#jwk.kty === "oct";
	}

	/** Whether it can sign: by its material and by its `key_ops`. */
	get canSign(): boolean {
		return this.#jwk.key_ops.includes("sign") && (this.symmetric || this.hasPrivateHalf);
	}

	get canVerify(): boolean {
		return this.#jwk.key_ops.includes("verify");
	}

	/** An asymmetric key whose private half is here; on a relay that only verifies it is a risk without a use. */
	get hasPrivateHalf(): boolean {
		return this.#jwk.material["d"] !== undefined;
	}

	/**
	 * The half that may be handed out; verifies only.
	 * @throws KeyError when the key is symmetric.
	 */
	toPublic(): Key {
		if (this.symmetric) throw new KeyError(`an ${this.algorithm} key has no public half; use ES256 or EdDSA`);
		return new Key({ ...this.#jwk, material: publicMaterial(this.#jwk), key_ops: ["verify"] });
	}

	/** The JWK with all its secrets, for writing to a file. */
	export(): Record<string, unknown> {
		return formatJwk(this.#jwk);
	}

	/**
	 * The key as WebCrypto has it; made once.
	 * @throws KeyError when the material is wrong, or `use` is not among the key's operations.
	 */
	import(use: KeyOperation): Promise<CryptoKey | Uint8Array> {
		const known = this.#imported.get(use);
		if (known !== undefined) return known;
		const imported = this.#importFresh(use);
		this.#imported.set(use, imported);
		return imported;
	}

	async #importFresh(use: KeyOperation): Promise<CryptoKey | Uint8Array> {
		const possible = use === "sign" ? this.canSign : this.canVerify;
		if (!possible) throw new KeyError(`the key cannot ${use}`);
		// A private key cannot verify in WebCrypto, so verification always uses the public half.
		const material = use === "sign" ? this.#jwk.material : publicMaterial(this.#jwk);
		try {
			return await importJWK({ ...material, kty: this.#jwk.kty, alg: this.#jwk.alg }, this.#jwk.alg);
		} catch {
			// The cause is left out: what a crypto library says about a key may hold parts of it.
			throw new KeyError(`the ${this.algorithm} key's material is not valid`);
		}
	}
}

/**
 * Read a key file: a JWK or a JWKS, as JSON or as base64url of it. At least one key, at most `KEYS_MAX`.
 * @throws KeyError saying what is wrong, never showing the text.
 */
export function parseKeys(text: string): Key[] {
	if (text.length > KEY_TEXT_BYTES_MAX) throw new KeyError(`the key is longer than ${KEY_TEXT_BYTES_MAX} bytes`);
	const value = parseJson(text.trim());
	if (typeof value === "object" && value !== null && "keys" in value) {
		const list: unknown = value.keys;
		if (!Array.isArray(list) || list.length === 0) throw new KeyError(`"keys" holds no key`);
		if (list.length > KEYS_MAX) throw new KeyError(`"keys" holds more than ${KEYS_MAX} keys`);
		return list.map((item: unknown) => new Key(parseJwk(item)));
	}
	return [new Key(parseJwk(value))];
}

/**
 * Read a file of exactly one key.
 * @throws KeyError as `parseKeys`, and when there are several.
 */
export function parseKey(text: string): Key {
	const [key, ...more] = parseKeys(text);
	if (key === undefined || more.length > 0) throw new KeyError("the file holds several keys where one is needed");
	return key;
}

/** The text of a key file, secrets included. */
export function formatKey(key: Key, form: "json" | "base64url"): string {
	if (form === "json") return JSON.stringify(key.export(), undefined, 2);
	return btoa(JSON.stringify(key.export())).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function publicMaterial(jwk: Jwk): Record<string, string> {
	const { secret } = MATERIAL[jwk.kty];
	return Object.fromEntries(Object.entries(jwk.material).filter(([name]) => !secret.includes(name)));
}

function parseJson(text: string): unknown {
	try {
		if (text.startsWith("{")) return JSON.parse(text);
		const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
		return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))));
	} catch {
		// The cause is left out: a JSON error quotes the text, which is a key.
		throw new KeyError("the key is neither JSON nor base64url of JSON");
	}
}
