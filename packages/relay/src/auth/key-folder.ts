/**
 * Keys in a folder, or behind a base URL: one place for each key id.
 * @module
 */
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { type Key, TokenError } from "@moq-relay/token";
import type { KeySource } from "./key-source.ts";
import { KEY_FOLDER_MAX, KEY_REQUESTS_MAX } from "./limits.ts";

/** Opens the source of one key id, which is well formed. */
export type OpenKey = (id: string) => KeySource;

/** Sources by key id, kept once they had a key. */
export class KeyFolder implements KeySource {
	readonly #open: OpenKey;
	readonly #known: Map<string, KeySource> = new Map();
	readonly #asking: Map<string, Promise<Key>> = new Map();

	constructor(open: OpenKey) {
		this.#open = open;
	}

	async find(id: string | undefined): Promise<Key> {
		if (id === undefined) throw new TokenError("unknown_key", "the token names no key");
		const known = this.#known.get(id);
		if (known !== undefined) return known.find(id);
		const asking = this.#asking.get(id);
		if (asking !== undefined) return asking;
		if (this.#asking.size >= KEY_REQUESTS_MAX) throw new TokenError("backend", "too many keys are being looked up");
		const asked = this.#ask(id).finally(() => this.#asking.delete(id));
		this.#asking.set(id, asked);
		return asked;
	}

	async poll(): Promise<void> {
		await Promise.all([...this.#known.values()].map((source) => source.poll()));
	}

	async #ask(id: string): Promise<Key> {
		const source = this.#open(id);
		const key = await source.find(id);
		const [oldest] = this.#known.keys();
		if (this.#known.size >= KEY_FOLDER_MAX && oldest !== undefined) this.#known.delete(oldest);
		this.#known.set(id, source);
		return key;
	}
}

/**
 * The real place of `{id}.jwk` in a folder; undefined when there is none, or when links lead out of the folder.
 * Links within it are fine: that is how Kubernetes swaps its files.
 */
export async function locateInFolder(folder: string, id: string): Promise<string | undefined> {
	const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, `${id}.jwk`))]);
	return path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`) ? path : undefined;
}
