/**
 * The JSON form of a key, checked field by field.
 * @module
 */
import { type Algorithm, algorithmKind, isAlgorithm } from "./algorithm.ts";
import { HMAC_SECRET_BYTES_MIN, PREFIXES_MAX, RSA_MODULUS_BITS_MIN } from "./limits.ts";
import type { Grants } from "./permissions.ts";
import { KeyError } from "./token-error.ts";

/** What a key may be used for. */
export type KeyOperation = "sign" | "verify";

/** A checked JWK: base64url fields unpadded, `alg` and `key_ops` present, nothing unknown. */
export interface Jwk {
	readonly kty: "oct" | "RSA" | "EC" | "OKP";
	readonly alg: Algorithm;
	readonly key_ops: readonly KeyOperation[];
	readonly kid?: string;
	/** The fields of the key material: `k`; `n`, `e`, `d` …; `crv`, `x`, `y`, `d`. */
	readonly material: Readonly<Record<string, string>>;
	/** The most that a token of this key may grant. */
	readonly scope?: Grants;
}

/** What a key id may look like: it names a file, so it can never leave a folder. */
export const KEY_ID: RegExp = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Check one key of a JWK or JWKS.
 * @throws KeyError naming the field, never its value.
 */
export function parseJwk(value: unknown): Jwk {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new KeyError("the key is not an object");
	const fields = value as Readonly<Record<string, unknown>>;
	const kty = fields["kty"] ?? "oct";
	const alg = fields["alg"] ?? impliedAlgorithm(fields["crv"]);
	if (!isAlgorithm(alg)) throw new KeyError(`"alg" of the key is missing or unknown; expected one of HS256 … EdDSA`);
	const kind = algorithmKind(alg);
	if (kty !== kind.kty) throw new KeyError(`"alg" ${alg} needs "kty" ${kind.kty}`);
	if (kind.crv !== undefined && fields["crv"] !== kind.crv) throw new KeyError(`"alg" ${alg} needs "crv" ${kind.crv}`);
	const material = parseMaterial(kind.kty, fields);
	checkStrength(kind.kty, material);
	const kid = fields["kid"];
	if (kid !== undefined && (typeof kid !== "string" || !KEY_ID.test(kid))) {
		throw new KeyError(`"kid" must be 1 to 128 of A–Z, a–z, 0–9, "_" and "-"`);
	}
	const scope = parseScope(fields["scope"]);
	return {
		kty: kind.kty,
		alg,
		key_ops: parseOperations(fields["key_ops"]),
		material,
		...(kid !== undefined && { kid }),
		...(scope !== undefined && { scope }),
	};
}

/** The JSON form, as the reference writes it. */
export function formatJwk(jwk: Jwk): Record<string, unknown> {
	const { material, scope, key_ops, ...rest } = jwk;
	return {
		...rest,
		...material,
		key_ops: [...key_ops],
		...(scope !== undefined && { scope: { root: scope.root, put: scope.publish, get: scope.subscribe } }),
	};
}

function parseMaterial(kty: Jwk["kty"], fields: Readonly<Record<string, unknown>>): Record<string, string> {
	const { required, secret } = MATERIAL[kty];
	const material: Record<string, string> = {};
	for (const name of [...required, ...secret]) {
		const value = fields[name];
		if (value === undefined) continue;
		if (name === "crv" && typeof value === "string") material[name] = value;
		else material[name] = base64url(name, value);
	}
	for (const name of required) {
		if (material[name] === undefined) throw new KeyError(`"${name}" of the key is missing`);
	}
	const secrets = secret.filter((name) => material[name] !== undefined);
	if (secrets.length > 0 && secrets.length < secret.length) {
		throw new KeyError(`a private ${kty} key needs all of ${secret.join(", ")}`);
	}
	return material;
}

/** Which fields hold a key's public and private halves; a symmetric key is all secret. */
export const MATERIAL: Readonly<Record<Jwk["kty"], { required: readonly string[]; secret: readonly string[] }>> = {
	oct: { required: ["k"], secret: [] },
	RSA: { required: ["n", "e"], secret: ["d", "p", "q", "dp", "dq", "qi"] },
	EC: { required: ["crv", "x", "y"], secret: ["d"] },
	OKP: { required: ["crv", "x"], secret: ["d"] },
};

function checkStrength(kty: Jwk["kty"], material: Readonly<Record<string, string>>): void {
	if (kty === "oct" && byteLength(material["k"]) < HMAC_SECRET_BYTES_MIN) {
		throw new KeyError(`the secret must have at least ${HMAC_SECRET_BYTES_MIN} bytes`);
	}
	if (kty === "RSA" && byteLength(material["n"]) * 8 < RSA_MODULUS_BITS_MIN) {
		throw new KeyError(`the RSA modulus must have at least ${RSA_MODULUS_BITS_MIN} bits`);
	}
}

/** Padded and plain base64 are read too, as the reference does. */
function base64url(name: string, value: unknown): string {
	if (typeof value === "string") {
		const plain = value
			.trim()
			.replaceAll("+", "-")
			.replaceAll("/", "_")
			.replace(/={1,2}$/, "");
		if (/^[A-Za-z0-9_-]+$/.test(plain) && plain.length % 4 !== 1) return plain;
	}
	throw new KeyError(`"${name}" of the key is not base64url`);
}

function byteLength(base64: string | undefined): number {
	return Math.floor(((base64 ?? "").length * 3) / 4);
}

/** Some tools leave `alg` out; a curve has just one. */
function impliedAlgorithm(crv: unknown): Algorithm | undefined {
	if (crv === "P-256") return "ES256";
	if (crv === "P-384") return "ES384";
	return crv === "Ed25519" ? "EdDSA" : undefined;
}

function parseOperations(value: unknown): KeyOperation[] {
	if (value === undefined) return ["sign", "verify"];
	if (!Array.isArray(value)) throw new KeyError(`"key_ops" of the key is not a list`);
	const list: unknown[] = value;
	return (["sign", "verify"] as const).filter((operation) => list.includes(operation));
}

function parseScope(value: unknown): Grants | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== "object") throw new KeyError(`"scope" of the key is not an object`);
	const { root = "", put = [], get = [] } = value as Readonly<Record<string, unknown>>;
	if (typeof root !== "string") throw new KeyError(`"root" in the key's scope is not text`);
	const scope = { root, publish: scopePaths("put", put), subscribe: scopePaths("get", get) };
	if (scope.publish.length === 0 && scope.subscribe.length === 0) throw new KeyError("the key's scope grants nothing");
	return scope;
}

function scopePaths(name: string, value: unknown): string[] {
	const list: unknown[] = Array.isArray(value) ? value : [value];
	if (list.length > PREFIXES_MAX || !list.every((item) => typeof item === "string")) {
		throw new KeyError(`"${name}" in the key's scope is not a list of at most ${PREFIXES_MAX} paths`);
	}
	return list;
}
