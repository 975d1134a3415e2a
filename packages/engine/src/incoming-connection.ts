/**
 * A peer at the door, over native commands.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import type { EngineConnection } from "./connection.ts";
import type { Incoming, IncomingInfo } from "./incoming.ts";

/** One peer that waits to be let in. */
export class IncomingConnection implements Incoming {
	readonly info: IncomingInfo;
	readonly #connection: EngineConnection;
	#answered = false;

	/** `connection` has no sink yet, so an end that comes before the answer is kept for it. */
	constructor(connection: EngineConnection, info: IncomingInfo) {
		this.info = info;
		this.#connection = connection;
	}

	accept(protocol: string): Connection {
		this.#answer();
		this.#connection.info = { ...this.#connection.info, protocol };
		this.#connection.commands.accept(this.#connection.key, protocol);
		return this.#connection;
	}

	reject(status: number): void {
		this.#answer();
		const { commands, key } = this.#connection;
		commands.reject(key, Math.min(Math.max(Math.trunc(status), 400), 599));
		this.#connection.abandon();
	}

	close(code: number, reason: string): void {
		this.#answer();
		this.#connection.close(code, reason);
	}

	#answer(): void {
		if (this.#answered) throw new TypeError("the peer was answered already");
		this.#answered = true;
	}
}
