/**
 * `[auth]`: who may publish and who may watch.
 * @module
 */

/** `[auth.public]`: what needs no token. A prefix of "" is everything. */
export interface PublicConfig {
	readonly subscribe: readonly string[];
	readonly publish: readonly string[];
	/** URL that answers `{subscribe, publish}`. */
	readonly api: string | undefined;
}

/** `[auth]`. */
export interface AuthConfig {
	/** A JWK or JWKS: file, or http(s) URL. */
	readonly key: string | undefined;
	/** Folder or base URL of `{kid}.jwk`. */
	readonly keyDir: string | undefined;
	/** How often a key URL is asked again; undefined follows its Cache-Control. */
	readonly refreshIntervalMs: number | undefined;
	readonly public: PublicConfig;
	readonly domains: readonly string[];
	readonly authApi: string | undefined;
	readonly mtlsTier: string | undefined;
	/** How far clocks may differ when `exp` and `nbf` are judged. */
	readonly clockToleranceMs: number;
	/** Longest `exp` − `iat`; 0 accepts any, and tokens without them. */
	readonly maxLifetimeMs: number;
}
