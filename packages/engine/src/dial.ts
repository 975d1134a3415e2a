/**
 * One connect: attempts at several addresses, of which the first to answer wins.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import { ConnectError } from "./connect-error.ts";
import type { EngineConnection } from "./connection.ts";
import type { Failed } from "./event-reader.ts";
import { ADDRESSES_MAX, ATTEMPT_DELAY_MS } from "./limits.ts";
import type { ConnectOptions } from "./options.ts";

/** What the engine lends a dial. */
export interface DialHost {
	/** Start an attempt; one of the two follows once, unless it is cancelled first. Returns the cancellation. */
	attempt(address: { readonly host: string; readonly port: number }, dial: Dial): () => void;
}

const TIMEOUT_MS = 10_000;

/** A connect under way. */
export class Dial {
	readonly options: ConnectOptions;
	readonly result: Promise<Connection>;
	readonly #host: DialHost;
	readonly #addresses: { readonly host: string; readonly port: number }[];
	/** Cancellations of the attempts under way. */
	readonly #attempts = new Set<() => void>();
	readonly #resolve: (connection: Connection) => void;
	readonly #reject: (error: ConnectError) => void;
	readonly #deadline: NodeJS.Timeout;
	readonly #onAbort = (): void => this.#end(new ConnectError("aborted", "connect was aborted"));
	#next: NodeJS.Timeout | undefined;
	#settled = false;

	constructor(host: DialHost, options: ConnectOptions) {
		this.#host = host;
		this.options = options;
		this.#addresses = options.addresses.slice(0, ADDRESSES_MAX);
		const { promise, resolve, reject } = Promise.withResolvers<Connection>();
		this.result = promise;
		this.#resolve = resolve;
		this.#reject = reject;
		const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
		this.#deadline = setTimeout(
			() => this.#end(new ConnectError("timeout", `no answer in ${timeoutMs} ms`)),
			timeoutMs,
		);
		options.signal?.addEventListener("abort", this.#onAbort);
		if (options.signal?.aborted === true) this.#onAbort();
		else this.#start();
	}

	/** An attempt made it. */
	onConnected(connection: EngineConnection, cancel: () => void): void {
		this.#attempts.delete(cancel);
		if (this.#settled) {
			connection.close(0, "");
			return;
		}
		this.#resolve(connection);
		this.#settle();
	}

	/** An attempt came to nothing; the next address has its turn at once. */
	onFailed(failed: Failed, cancel: () => void): void {
		this.#attempts.delete(cancel);
		if (this.#settled) return;
		const more = this.#addresses.length > 0;
		if (more) this.#start();
		else if (this.#attempts.size === 0) this.#end(errorOf(failed));
	}

	/** The engine is closing. */
	abandon(): void {
		this.#end(new ConnectError("engine", "the engine was closed"));
	}

	#start(): void {
		clearTimeout(this.#next);
		const address = this.#addresses.shift();
		if (address === undefined) {
			if (this.#attempts.size === 0) this.#end(new ConnectError("options", "no address to connect to"));
			return;
		}
		this.#attempts.add(this.#host.attempt(address, this));
		if (this.#addresses.length > 0) this.#next = setTimeout(() => this.#start(), ATTEMPT_DELAY_MS);
	}

	#end(error: ConnectError): void {
		if (this.#settled) return;
		this.#reject(error);
		this.#settle();
	}

	#settle(): void {
		this.#settled = true;
		clearTimeout(this.#deadline);
		clearTimeout(this.#next);
		this.options.signal?.removeEventListener("abort", this.#onAbort);
		for (const cancel of this.#attempts) cancel();
		this.#attempts.clear();
	}
}

function errorOf(failed: Failed): ConnectError {
	const detail = {
		...(failed.kind === "status" ? { status: failed.status } : {}),
		...(failed.kind === "closed" ? { code: failed.code } : {}),
	};
	return new ConnectError(failed.kind, failed.message, detail);
}
