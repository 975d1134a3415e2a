/**
 * Keys in a file, read again for each new session and while sessions run.
 * @module
 */
import { open } from "node:fs/promises";
import type { Clock } from "@moq-relay/core";
import { type Key, KeyError, parseKeys, TokenError } from "@moq-relay/token";
import { chooseKey, type KeySource, type KeySourceSink } from "./key-source.ts";
import { KEY_ABSENT_MS, KEY_BYTES_MAX } from "./limits.ts";

/** What a key file needs. */
export interface KeyFileOptions {
	/** The file as messages name it. */
	readonly name: string;
	/** Finds the file to read; undefined when there is none or it may not be read. */
	readonly locate: () => Promise<string | undefined>;
	readonly clock: Clock;
	readonly sink: KeySourceSink;
	/** Before the first keys, trouble is not reported: whoever opened the file asks for it. */
	readonly quiet: boolean;
}

/** A JWK or JWKS file. What it held last counts while it is broken, for a short time while it is absent. */
export class KeyFile implements KeySource {
	readonly #options: KeyFileOptions;
	#text: string | undefined;
	#keys: readonly Key[] = [];
	#absentSinceMs: number | undefined;
	#trouble: string | undefined;
	#reading: Promise<void> | undefined;

	constructor(options: KeyFileOptions) {
		this.#options = options;
	}

	/** Whether it ever held keys and still counts. */
	get isLoaded(): boolean {
		return this.#keys.length > 0;
	}

	/** Why it holds no keys, for an error at start; undefined when it does. */
	get trouble(): string | undefined {
		return this.isLoaded ? undefined : this.#trouble;
	}

	async find(id: string | undefined): Promise<Key> {
		await this.poll();
		const key = this.#absentSinceMs === undefined ? chooseKey(this.#keys, id) : undefined;
		if (key === undefined) throw new TokenError("unknown_key", "there is no key for this token");
		return key;
	}

	poll(): Promise<void> {
		this.#reading ??= this.#read().finally(() => {
			this.#reading = undefined;
		});
		return this.#reading;
	}

	async #read(): Promise<void> {
		const file = await readKeyFile(this.#options.locate);
		if (typeof file === "string") return this.#miss(file);
		this.#absentSinceMs = undefined;
		if (file.text === this.#text) return;
		this.#text = file.text;
		try {
			const keys = parseKeys(file.text);
			for (const key of keys) await key.import("verify");
			const replaced = this.isLoaded;
			this.#keys = keys;
			this.#trouble = undefined;
			this.#warnOfRisks(file.mode);
			if (replaced) this.#options.sink.onChange();
		} catch (error) {
			if (!(error instanceof KeyError)) throw error;
			this.#report(`${error.message}${this.isLoaded ? "; the keys before it still count" : ""}`);
		}
	}

	#miss(trouble: string): void {
		const nowMs = this.#options.clock.nowMs();
		this.#absentSinceMs ??= nowMs;
		// Any peer can name a key that does not exist.
		if (this.isLoaded) this.#report(trouble);
		else this.#trouble = trouble;
		if (!this.isLoaded || nowMs - this.#absentSinceMs < KEY_ABSENT_MS) return;
		this.#keys = [];
		this.#text = undefined;
		this.#options.sink.onChange();
	}

	/** Each trouble once. */
	#report(trouble: string): void {
		if (trouble === this.#trouble) return;
		this.#trouble = trouble;
		if (this.isLoaded || !this.#options.quiet) this.#options.sink.onWarning(`${this.#options.name}: ${trouble}`);
	}

	#warnOfRisks(mode: number): void {
		const { name, sink } = this.#options;
		if (this.#keys.some((key) => key.hasPrivateHalf)) {
			sink.onWarning(`${name} holds a private key, but a relay only verifies; give it the public half`);
		}
		const secret = this.#keys.some((key) => key.hasPrivateHalf || key.symmetric);
		if (secret && (mode & 0o077) !== 0) sink.onWarning(`${name} can be read by others; chmod 600`);
	}
}

/** The file's text and mode, or why there is none. */
async function readKeyFile(locate: KeyFileOptions["locate"]): Promise<{ text: string; mode: number } | string> {
	try {
		const path = await locate();
		if (path === undefined) return "there is no such key file";
		await using file = await open(path, "r");
		const { mode, size } = await file.stat();
		if (size > KEY_BYTES_MAX) return `the key file is longer than ${KEY_BYTES_MAX} bytes`;
		return { text: await file.readFile("utf8"), mode };
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
		return code === "ENOENT" ? "there is no such key file" : `the key file cannot be read (${code})`;
	}
}
