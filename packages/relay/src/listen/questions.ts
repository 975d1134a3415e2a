/**
 * A worker's open questions to main, each with the socket that waits for the answer.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { FromWorker, ToWorker, WebRequest } from "./doorway.ts";
import { ASK_MS, ASKS_MAX } from "./limits.ts";

/** An upgrade that waits. */
export interface UpgradeWaiting {
	readonly socket: Duplex;
	/** Complete the upgrade; false when the request was no proper one, and has been answered so. */
	admit(ask: number): boolean;
	/** Answer with an HTTP status instead. */
	refuse(status: number, message: string): void;
}

interface Open {
	readonly response: ServerResponse | undefined;
	readonly upgrade: UpgradeWaiting | undefined;
	readonly forget: () => void;
}

/** Asks, and carries out what main answers. */
export class Questions {
	readonly #say: (message: FromWorker) => void;
	readonly #open = new Map<number, Open>();
	#next = 1;

	constructor(say: (message: FromWorker) => void) {
		this.#say = say;
	}

	/** Questions without an answer. */
	get size(): number {
		return this.#open.size;
	}

	/** Ask about a request; false when too many wait. */
	request(request: WebRequest, response: ServerResponse): boolean {
		if (this.#open.size >= ASKS_MAX) return false;
		const ask = this.#next++;
		const gone = (): void => this.#gone(ask);
		const timer = setTimeout(() => response.destroy(), ASK_MS);
		response.on("close", gone);
		const forget = (): void => {
			clearTimeout(timer);
			response.off("close", gone);
		};
		this.#open.set(ask, { response, upgrade: undefined, forget });
		this.#say({ say: "request", ask, request });
		return true;
	}

	/** Ask about an upgrade; false when too many wait. */
	upgrade(request: WebRequest, upgrade: UpgradeWaiting): boolean {
		if (this.#open.size >= ASKS_MAX) return false;
		const ask = this.#next++;
		const gone = (): void => this.#gone(ask);
		const timer = setTimeout(() => upgrade.socket.destroy(), ASK_MS);
		upgrade.socket.on("close", gone);
		const forget = (): void => {
			clearTimeout(timer);
			upgrade.socket.off("close", gone);
		};
		this.#open.set(ask, { response: undefined, upgrade, forget });
		this.#say({ say: "upgrade", ask, request });
		return true;
	}

	/** Carry an answer out. */
	answer(message: Extract<ToWorker, { readonly ask: number }>): void {
		const open = this.#open.get(message.ask);
		if (open === undefined) return;
		if (open.upgrade !== undefined) this.#answerUpgrade(message, open, open.upgrade);
		else if (open.response !== undefined) this.#answerRequest(message, open, open.response);
	}

	#answerUpgrade(message: Extract<ToWorker, { readonly ask: number }>, open: Open, upgrade: UpgradeWaiting): void {
		this.#close(message.ask, open);
		if (message.do === "admit") {
			if (!upgrade.admit(message.ask)) this.#say({ say: "gone", ask: message.ask });
		} else if (message.do === "refuse") {
			upgrade.refuse(message.status, message.message);
		}
	}

	#answerRequest(message: Extract<ToWorker, { readonly ask: number }>, open: Open, response: ServerResponse): void {
		switch (message.do) {
			case "head":
				response.writeHead(message.status, message.headers);
				break;
			case "body":
				response.write(message.bytes, () => {
					this.#say({ say: "sent", ask: message.ask, bytes: message.bytes.byteLength });
				});
				break;
			case "cut":
				this.#close(message.ask, open);
				response.destroy();
				break;
			default:
				this.#close(message.ask, open);
				response.end();
				break;
		}
	}

	#close(ask: number, open: Open): void {
		open.forget();
		this.#open.delete(ask);
	}

	#gone(ask: number): void {
		const open = this.#open.get(ask);
		if (open === undefined) return;
		this.#close(ask, open);
		this.#say({ say: "gone", ask });
	}
}
