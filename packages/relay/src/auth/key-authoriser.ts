/**
 * The authoriser that `[auth]` describes: tokens verified by keys, and what is public.
 * @module
 */
import { stat } from "node:fs/promises";
import type { Clock, Grant } from "@moq-relay/core";
import { type Claims, permissionsAt, TokenError, verifyToken } from "@moq-relay/token";
import { APP_CODE_FIRST, Code, Malformed, parsePath } from "@moq-relay/wire";
import type { AuthConfig } from "../config/auth.ts";
import { ConfigError } from "../config/config-error.ts";
import type { Log } from "../ops/log.ts";
import type { AuthOutcome, Authoriser, AuthRequest, DoorPolicy } from "./authoriser.ts";
import { KeyFile } from "./key-file.ts";
import { KeyFolder, locateInFolder } from "./key-folder.ts";
import type { KeySource, KeySourceSink } from "./key-source.ts";
import { KeyUrl } from "./key-url.ts";
import { KEY_POLL_MS } from "./limits.ts";

/** What the authoriser needs. */
export interface AuthoriserOptions {
	readonly config: AuthConfig;
	/** How long a key server may take. */
	readonly timeoutMs: number;
	readonly clock: Clock;
	readonly log: Log;
	/** Asks key servers; the global one by default. */
	readonly fetch?: typeof fetch;
	/** Default: every grant holds everywhere. */
	readonly policy?: DoorPolicy;
}

/**
 * Open the key sources and begin to watch them. Key servers are asked when the first token comes.
 * @throws ConfigError when a key file or folder cannot be read or holds no key.
 */
export async function openAuthoriser(options: AuthoriserOptions): Promise<Authoriser> {
	const authoriser = new KeyAuthoriser(options);
	await authoriser.open();
	return authoriser;
}

class KeyAuthoriser implements Authoriser {
	readonly #options: AuthoriserOptions;
	readonly #listeners: Set<() => void> = new Set();
	#sources: readonly KeySource[] = [];
	#cancelPoll: () => void = () => {};
	#closed = false;

	constructor(options: AuthoriserOptions) {
		this.#options = options;
	}

	async open(): Promise<void> {
		const { config } = this.#options;
		const sources: KeySource[] = [];
		// A token that names its key is looked up by that name first.
		if (config.keyDir !== undefined) sources.push(await this.#openFolder(config.keyDir));
		if (config.key !== undefined) sources.push(await this.#openKey(config.key));
		this.#sources = sources;
		if (sources.length > 0) this.#schedulePoll();
	}

	async authorise(request: AuthRequest): Promise<AuthOutcome> {
		const outcome = await this.review(request);
		const { log } = this.#options;
		const { remote, transport, path, door, peerIdentity } = request;
		const about = { remote, transport, path, ...(door === "cluster" && { door }), certificate: peerIdentity?.names[0] };
		if (outcome.ok) log.debug("auth.ok", about);
		else log.warn("auth.fail", { reason: outcome.rejection.reason, ...about }, outcome.rejection.message);
		return outcome;
	}

	async review(request: AuthRequest): Promise<AuthOutcome> {
		try {
			return { ok: true, grant: await this.#judge(request) };
		} catch (error) {
			return { ok: false, rejection: this.#rejection(error) };
		}
	}

	onKeysChanged(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	[Symbol.dispose](): void {
		this.#closed = true;
		this.#cancelPoll();
		this.#listeners.clear();
	}

	async #judge(request: AuthRequest): Promise<Grant> {
		const root = parsePath(request.path);
		if (request.peerCertificate !== undefined) {
			const expires = request.peerIdentity && { expiresAtMs: request.peerIdentity.notAfterMs };
			return this.#admit(request, { root, publish: [""], subscribe: [""], cluster: true, ...expires }, true);
		}
		const token = request.jwt || bearerToken(request.authorization);
		if (token === undefined) {
			if (request.register !== undefined) throw new TokenError("missing", NO_RELAY);
			return this.#admit(request, this.#judgePublic(root), false);
		}
		if (this.#sources.length === 0)
			throw new TokenError("unknown_key", "this relay has no keys, so it takes no tokens");
		const { clock, config } = this.#options;
		const { claims } = await verifyToken(token, (id) => this.#findKey(id), {
			nowMs: clock.wallMs(),
			toleranceMs: config.clockToleranceMs,
			lifetimeMsMax: config.maxLifetimeMs,
		});
		// As older relays have it: neither what is public nor a token for everything lets anyone join.
		if (request.register !== undefined && !claims.cluster) throw new TokenError("scope", NO_RELAY);
		return this.#admit(request, this.#grant(claims, root), claims.cluster);
	}

	#admit(request: AuthRequest, grant: Grant, isRelay: boolean): Grant {
		return this.#options.policy?.admit(request, grant, isRelay) ?? grant;
	}

	#judgePublic(root: string): Grant {
		const { publish, subscribe } = this.#options.config.public;
		const permissions = permissionsAt({ root: "", publish, subscribe }, root);
		if (typeof permissions === "string")
			throw new TokenError("missing", "a token is needed here: add ?jwt= to the URL");
		return { root, ...permissions, cluster: false };
	}

	#grant(claims: Claims, root: string): Grant {
		const permissions = permissionsAt(claims, root);
		if (permissions === "incorrect-root") throw new TokenError("scope", "the token is for another path");
		if (permissions === "no-access") throw new TokenError("scope", "the token grants nothing at this path");
		const everything = root === "" && permissions.publish.includes("") && permissions.subscribe.includes("");
		const { clockToleranceMs } = this.#options.config;
		return {
			root,
			...permissions,
			cluster: claims.cluster || everything,
			...(claims.expires !== undefined && { expiresAtMs: claims.expires * 1000 + clockToleranceMs }),
		};
	}

	async #findKey(id: string | undefined): ReturnType<KeySource["find"]> {
		let unknown: TokenError | undefined;
		for (const source of this.#sources) {
			try {
				return await source.find(id);
			} catch (error) {
				if (!(error instanceof TokenError) || error.reason !== "unknown_key") throw error;
				unknown = error;
			}
		}
		throw unknown ?? new TokenError("unknown_key", "there is no key for this token");
	}

	#rejection(error: unknown): Extract<AuthOutcome, { ok: false }>["rejection"] {
		if (error instanceof Malformed) {
			return { httpStatus: 400, code: Code.Unauthorized, reason: "malformed", message: error.message };
		}
		if (error instanceof TokenError && error.reason !== "backend") {
			return { httpStatus: 401, code: Code.Unauthorized, reason: error.reason, message: error.message };
		}
		if (error instanceof TokenError) {
			return { httpStatus: 502, code: APP_CODE_FIRST + 502, reason: "backend", message: error.message };
		}
		const trouble = error instanceof Error ? error : new Error(String(error));
		this.#options.log.error("auth.keys_fail", { error: trouble }, "a token could not be judged");
		return { httpStatus: 500, code: APP_CODE_FIRST + 500, reason: "backend", message: "the token could not be judged" };
	}

	async #openKey(place: string): Promise<KeySource> {
		if (isUrl(place)) return this.#openUrl(place);
		const { clock } = this.#options;
		const file = new KeyFile({ name: place, locate: async () => place, clock, sink: this.#sink, quiet: true });
		await file.poll();
		if (file.trouble !== undefined) throw keyConfigError("auth.key", place, file.trouble);
		return file;
	}

	async #openFolder(place: string): Promise<KeySource> {
		if (isUrl(place)) {
			const base = place.endsWith("/") ? place : `${place}/`;
			return new KeyFolder((id) => this.#openUrl(`${base}${id}.jwk`));
		}
		const isFolder = await stat(place).then(
			(found) => found.isDirectory(),
			() => false,
		);
		if (!isFolder) throw keyConfigError("auth.key_dir", place, "there is no such folder");
		const { clock } = this.#options;
		return new KeyFolder((id) => {
			const locate = (): Promise<string | undefined> => locateInFolder(place, id);
			return new KeyFile({ name: `${id}.jwk`, locate, clock, sink: this.#sink, quiet: false });
		});
	}

	#openUrl(url: string): KeySource {
		const { clock, timeoutMs, config } = this.#options;
		const asks = this.#options.fetch ?? fetch;
		return new KeyUrl({ url, freshMs: config.refreshIntervalMs, timeoutMs, clock, sink: this.#sink, fetch: asks });
	}

	get #sink(): KeySourceSink {
		const { log } = this.#options;
		return {
			onChange: () => {
				log.info("auth.keys", {}, "keys changed");
				for (const listener of this.#listeners) listener();
			},
			onWarning: (message) => log.warn("auth.keys_fail", {}, message),
		};
	}

	#schedulePoll(): void {
		if (this.#closed) return;
		this.#cancelPoll = this.#options.clock.after(KEY_POLL_MS, () => {
			const polled = Promise.all(this.#sources.map((source) => source.poll()));
			void polled.catch((error: unknown) => void this.#rejection(error)).finally(() => this.#schedulePoll());
		});
	}
}

const NO_RELAY = "to register as a relay, the token needs the claim cluster";

function bearerToken(authorization: string | undefined): string | undefined {
	return /^bearer +([^\s]+) *$/i.exec(authorization ?? "")?.[1];
}

function isUrl(place: string): boolean {
	return /^https?:\/\//i.test(place);
}

function keyConfigError(key: string, place: string, trouble: string): ConfigError {
	const message = `${trouble}; "moq-token generate" makes one`;
	return new ConfigError([{ origin: undefined, key: `${key} = ${JSON.stringify(place)}`, message }]);
}
