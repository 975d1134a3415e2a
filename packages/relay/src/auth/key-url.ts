/**
 * Keys at an http(s) URL.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import { type Key, KeyError, parseKeys, TokenError } from "@moq-relay/token";
import { chooseKey, type KeySource, type KeySourceSink } from "./key-source.ts";
import { KEY_BYTES_MAX, KEY_FRESH_MS, KEY_FRESH_MS_MAX, KEY_FRESH_MS_MIN, KEY_NEGATIVE_MS } from "./limits.ts";

/** What a key URL needs. */
export interface KeyUrlOptions {
	readonly url: string;
	/** How long an answer counts; undefined as its Cache-Control says. */
	readonly freshMs: number | undefined;
	/** How long the server may take. */
	readonly timeoutMs: number;
	readonly clock: Clock;
	readonly sink: KeySourceSink;
	/** Follows no redirects and keeps no cookies. */
	readonly fetch: typeof fetch;
}

/** A JWK or JWKS behind a URL. An answer counts for its time; after that a server that does not answer lets nobody in. */
export class KeyUrl implements KeySource {
	readonly #options: KeyUrlOptions;
	#keys: readonly Key[] = [];
	#text: string | undefined;
	#freshUntilMs: number = Number.NEGATIVE_INFINITY;
	/** Until when the last failure is remembered. */
	#failure: { readonly error: TokenError; readonly untilMs: number } | undefined;
	#askedMs: number = Number.NEGATIVE_INFINITY;
	#asking: Promise<void> | undefined;

	constructor(options: KeyUrlOptions) {
		this.#options = options;
	}

	async find(id: string | undefined): Promise<Key> {
		if (this.#isStale) await this.#ask();
		const key = chooseKey(this.#keys, id);
		if (key !== undefined) return key;
		// A key that was added since the last answer.
		if (this.#options.clock.nowMs() - this.#askedMs >= KEY_NEGATIVE_MS) await this.#ask();
		const added = chooseKey(this.#keys, id);
		if (added === undefined) throw new TokenError("unknown_key", "there is no key for this token");
		return added;
	}

	async poll(): Promise<void> {
		if (this.#text === undefined || !this.#isStale) return;
		try {
			await this.#ask();
		} catch (error) {
			// A server that does not answer withdraws nothing from sessions that run; #ask has warned.
			if (!(error instanceof TokenError)) throw error;
		}
	}

	get #isStale(): boolean {
		return this.#options.clock.nowMs() >= this.#freshUntilMs;
	}

	/** One request at a time, and none while a failure is remembered. */
	async #ask(): Promise<void> {
		if (this.#failure !== undefined && this.#options.clock.nowMs() < this.#failure.untilMs) throw this.#failure.error;
		this.#asking ??= this.#fetch().finally(() => {
			this.#asking = undefined;
		});
		await this.#asking;
	}

	async #fetch(): Promise<void> {
		const { clock, sink } = this.#options;
		try {
			const { text, freshMs } = await fetchKeys(this.#options);
			const keys = parseKeys(text);
			for (const key of keys) await key.import("verify");
			this.#accept(text, keys, freshMs);
		} catch (cause) {
			const error = keyFailure(cause);
			if (this.#failure?.error.message !== error.message)
				sink.onWarning(`${hostOf(this.#options.url)}: ${error.message}`);
			this.#failure = { error, untilMs: clock.nowMs() + KEY_NEGATIVE_MS };
			// The server says that the key is gone.
			if (error.reason === "unknown_key") this.#accept(undefined, [], KEY_NEGATIVE_MS);
			throw error;
		} finally {
			this.#askedMs = clock.nowMs();
		}
		this.#failure = undefined;
	}

	#accept(text: string | undefined, keys: readonly Key[], freshMs: number): void {
		const changed = this.#text !== undefined && this.#text !== text;
		this.#text = text;
		this.#keys = keys;
		this.#freshUntilMs = this.#options.clock.nowMs() + freshMs;
		if (changed) this.#options.sink.onChange();
	}
}

async function fetchKeys(options: KeyUrlOptions): Promise<{ text: string; freshMs: number }> {
	const response = await options.fetch(options.url, {
		redirect: "error",
		headers: { accept: "application/jwk+json, application/jwk-set+json, application/json, text/plain" },
		signal: AbortSignal.timeout(options.timeoutMs),
	});
	if (response.status === 404 || response.status === 410) {
		await response.body?.cancel();
		throw new TokenError("unknown_key", "the key server has no such key");
	}
	if (!response.ok) {
		await response.body?.cancel();
		throw new TokenError("backend", `the key server answered ${response.status}`);
	}
	return { text: await readBounded(response), freshMs: freshness(response, options.freshMs) };
}

async function readBounded(response: Response): Promise<string> {
	const decoder = new TextDecoder();
	let text = "";
	for await (const chunk of response.body ?? []) {
		text += decoder.decode(chunk, { stream: true });
		if (text.length > KEY_BYTES_MAX) throw new TokenError("backend", "the key server's answer is too long");
	}
	return text + decoder.decode();
}

/** How long the answer counts: as configured, else its max-age, else a minute. */
function freshness(response: Response, configuredMs: number | undefined): number {
	if (configuredMs !== undefined) return configuredMs;
	const control = response.headers.get("cache-control") ?? "";
	if (/\b(no-store|no-cache)\b/i.test(control)) return KEY_FRESH_MS_MIN;
	const seconds = /\bmax-age=(\d{1,9})\b/i.exec(control)?.[1];
	const ageMs = Number(response.headers.get("age") ?? 0) * 1000;
	const freshMs = seconds === undefined ? KEY_FRESH_MS : Number(seconds) * 1000 - (Number.isFinite(ageMs) ? ageMs : 0);
	return Math.min(Math.max(freshMs, KEY_FRESH_MS_MIN), KEY_FRESH_MS_MAX);
}

function keyFailure(cause: unknown): TokenError {
	if (cause instanceof TokenError) return cause;
	if (cause instanceof KeyError) return new TokenError("backend", `the key server's answer: ${cause.message}`);
	const timedOut = cause instanceof Error && cause.name === "TimeoutError";
	return new TokenError("backend", timedOut ? "the key server takes too long" : "the key server cannot be reached", {
		cause,
	});
}

function hostOf(url: string): string {
	return URL.parse(url)?.host ?? "key server";
}
