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
		const connection = this.#connection;
		if (!this.#answered) {
			this.#answered = true;
			connection.info = { ...connection.info, protocol };
			connection.commands.accept(connection.key, protocol);
		}
		return connection;
	}

	reject(status: number): void {
		const connection = this.#connection;
		if (this.#answered) return connection.close(0, "");
		this.#answered = true;
		connection.commands.reject(connection.key, Math.min(Math.max(Math.trunc(status), 400), 599));
		connection.abandon();
	}

	close(code: number, reason: string): void {
		this.#answered = true;
		this.#connection.close(code, reason);
	}
}
