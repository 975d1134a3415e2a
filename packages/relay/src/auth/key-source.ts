/**
 * Where keys come from.
 * @module
 */
import type { Key } from "@moq-relay/token";

/** A file, a folder, or a URL with keys. */
export interface KeySource {
	/**
	 * The key for tokens that name `id`, as fresh as the source promises.
	 * @throws TokenError `unknown_key` when there is none, `backend` when the source does not answer.
	 */
	find(id: string | undefined): Promise<Key>;
	/** Look for changes of keys in use, and report them. Never rejects. */
	poll(): Promise<void>;
}

/** What a source reports. */
export interface KeySourceSink {
	/** Keys that were in use are gone or replaced. */
	onChange(): void;
	/** The source is in trouble or holds something risky; a sentence without secrets. */
	onWarning(message: string): void;
}

/** The one key there is, whatever the token names; of several, the one that it names. */
export function chooseKey(keys: readonly Key[], id: string | undefined): Key | undefined {
	if (keys.length === 1) return keys[0];
	return id === undefined ? undefined : keys.find((key) => key.id === id);
}
