/**
 * `[auth]`: who may publish and who may watch.
 * @module
 */
import { anyText, duration, listOf, optional, text, toggle } from "./kind.ts";
import { RELOAD_START } from "./reload.ts";
import { type Shorthand, setting, type Table, table } from "./setting.ts";

/** `[auth.public]`: what needs no token. A prefix of "" is everything. */
export interface PublicConfig {
	readonly subscribe: readonly string[];
	readonly publish: readonly string[];
	/** URL that answers `{subscribe, publish}`. */
	readonly api: string | undefined;
}

/** `[auth.tls]`: obsolete; how the reference once asked key servers. */
export interface AuthTlsConfig {
	readonly root: readonly string[];
	readonly cert: string | undefined;
	readonly key: string | undefined;
	readonly disableVerify: boolean;
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
	readonly tls: AuthTlsConfig;
	/** How far clocks may differ when `exp` and `nbf` are judged. */
	readonly clockToleranceMs: number;
	/** Longest `exp` − `iat`; 0 accepts any, and tokens without them. */
	readonly maxLifetimeMs: number;
}

const KEYS_LIVE = "content: yes, within 2 s and for running sessions; place: no";

const publicShorthand: Shorthand = {
	flag: "--auth-public",
	env: "MOQ_AUTH_PUBLIC",
	doc: 'Prefixes that anyone may both watch and publish; "" is everything',
	reload: RELOAD_START,
	placeholder: "PREFIX",
	fromText: (value) => value.split(",").map((part) => part.trim()),
	expand: (value) => {
		const isList = typeof value === "string" || Array.isArray(value);
		return isList ? { subscribe: value, publish: value } : undefined;
	},
};

const publicTable: Table<PublicConfig> = table(
	{ doc: "What needs no token", shorthand: publicShorthand },
	{
		subscribe: setting(listOf(anyText("a path prefix", "PREFIX")), {
			doc: 'Prefixes that anyone may watch; "" is everything',
			fallback: [],
			emptyIsValue: true,
			reload: RELOAD_START,
		}),
		publish: setting(listOf(anyText("a path prefix", "PREFIX")), {
			doc: 'Prefixes that anyone may publish; "" is everything',
			fallback: [],
			emptyIsValue: true,
			reload: RELOAD_START,
		}),
		api: setting(optional(text("a URL", "URL")), {
			doc: "URL that answers which prefixes are public",
			reload: RELOAD_START,
			pending: "the URL is not asked, so it makes nothing public",
		}),
	},
);

const authTlsTable: Table<AuthTlsConfig> = table(
	{ doc: "Obsolete: key servers are verified with the system's authorities" },
	{
		root: setting(listOf(text("a file", "FILE")), {
			doc: "PEM files of trusted authorities",
			fallback: [],
			reload: RELOAD_START,
			pending: "key servers are verified with the system's authorities",
		}),
		cert: setting(optional(text("a file", "FILE")), {
			doc: "PEM chain to show",
			reload: RELOAD_START,
			pending: "no client certificate is shown to key servers",
		}),
		key: setting(optional(text("a file", "FILE")), {
			doc: "PEM private key of the client certificate",
			reload: RELOAD_START,
			pending: "no client certificate is shown to key servers",
		}),
		disableVerify: setting(toggle(), {
			doc: "Accept any certificate",
			fallback: false,
			reload: RELOAD_START,
			pending: "key servers are verified all the same",
		}),
	},
);

/** The settings of `[auth]`. */
export const authTable: Table<AuthConfig> = table(
	{ doc: "Who may publish and who may watch" },
	{
		key: setting(optional(text("a file or an http(s) URL", "FILE|URL")), {
			doc: "A JWK, or a JWKS of several: a file, or an http(s) URL",
			reload: KEYS_LIVE,
		}),
		keyDir: setting(optional(text("a folder or an http(s) URL", "DIR|URL")), {
			doc: "Where {kid}.jwk is looked up: a folder, or an http(s) URL to put the name behind",
			reload: KEYS_LIVE,
		}),
		refreshIntervalMs: setting(optional(duration(1000)), {
			doc: "How often a key URL is asked again, at least 30 s; without it, as its Cache-Control says",
			key: "refresh_interval",
			reload: RELOAD_START,
		}),
		public: publicTable,
		domains: setting(listOf(text("a domain suffix", "SUFFIX")), {
			doc: "Domains whose labels become path segments: a.b.SUFFIX/foo is the path b/a/foo",
			fallback: [],
			flag: "--auth-domain",
			env: "MOQ_AUTH_DOMAIN",
			reload: RELOAD_START,
			pending: "the host name does not change the path",
		}),
		authApi: setting(optional(text("a URL", "URL")), {
			doc: "URL that judges each connection",
			flag: "--auth-api",
			env: "MOQ_AUTH_API",
			reload: RELOAD_START,
			pending: "the URL is not asked, so it lets nobody in",
		}),
		mtlsTier: setting(optional(text("a label", "LABEL")), {
			doc: "Statistics label (tier) of peers with a client certificate",
			reload: RELOAD_START,
		}),
		clockToleranceMs: setting(duration(), {
			doc: "How far clocks may differ when exp and nbf of a token are judged",
			key: "clock_tolerance",
			fallback: "30s",
			reload: RELOAD_START,
		}),
		maxLifetimeMs: setting(duration(), {
			doc: "Longest time from iat to exp of a token, both then required; 0 accepts any token",
			key: "max_lifetime",
			fallback: "0",
			reload: RELOAD_START,
		}),
		tls: authTlsTable,
	},
);
