/**
 * The signature algorithms, and the kind of key that each needs.
 * @module
 */

/** All algorithms; the key fixes which one a token must have. */
export const ALGORITHMS = [
	"HS256",
	"HS384",
	"HS512",
	"RS256",
	"RS384",
	"RS512",
	"PS256",
	"PS384",
	"PS512",
	"ES256",
	"ES384",
	"EdDSA",
] as const;

/** One of `ALGORITHMS`. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** JWK key type of an algorithm, and its curve where it has one. */
export interface AlgorithmKind {
	readonly kty: "oct" | "RSA" | "EC" | "OKP";
	readonly crv?: "P-256" | "P-384" | "Ed25519";
}

/** Whether a text is an algorithm's name, case included. */
export function isAlgorithm(name: unknown): name is Algorithm {
	return ALGORITHMS.some((algorithm) => algorithm === name);
}

/** The kind of key that `algorithm` needs. */
export function algorithmKind(algorithm: Algorithm): AlgorithmKind {
	switch (algorithm) {
		case "HS256":
		case "HS384":
		case "HS512":
			return { kty: "oct" };
		case "ES256":
			return { kty: "EC", crv: "P-256" };
		case "ES384":
			return { kty: "EC", crv: "P-384" };
		case "EdDSA":
			return { kty: "OKP", crv: "Ed25519" };
		default:
			return { kty: "RSA" };
	}
}
