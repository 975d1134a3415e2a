/**
 * The peer's interest in announcements.
 * @module
 */
import { Code, decodeAnnounceRequest, joinPath } from "@moq-relay/wire";
import type { SessionContext } from "./context.ts";
import { StreamError } from "./error.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";
import { ServedInterest } from "./served-interest.ts";
import { ShownNames } from "./shown-names.ts";

/** The announce streams that the peer opened. */
export class AnnounceServing {
	readonly #context: SessionContext;
	readonly #open: Set<ServedInterest> = new Set();
	readonly #names: ShownNames;
	#withdrawn = false;

	constructor(context: SessionContext) {
		this.#context = context;
		this.#names = new ShownNames(context);
	}

	get size(): number {
		return this.#open.size;
	}

	/** An announce stream. A prefix outside the grant is no error: there is nothing to see under it. @throws Malformed, StreamError */
	open(stream: MessageStream, body: Uint8Array): MessageHandler {
		const { grant, limits, version } = this.#context;
		const request = decodeAnnounceRequest(body, version);
		if (this.#open.size >= limits.interests) throw new StreamError(Code.BoundsExceeded, "too many announce streams");
		const interest = new ServedInterest(this.#context, stream, {
			prefix: joinPath(grant.root, request.prefix),
			excludeHop: request.excludeHop,
			names: this.#names,
			onOver: () => this.#open.delete(interest),
		});
		this.#open.add(interest);
		if (this.#withdrawn) interest.onStart([]);
		else interest.start();
		return interest;
	}

	/** Retract everything, and show nothing more. */
	withdraw(): void {
		this.#withdrawn = true;
		for (const interest of this.#open) interest.withdraw();
	}

	/** Show and hide what the new grant covers and does not. */
	regrant(): void {
		if (this.#withdrawn) return;
		for (const interest of this.#open) interest.regrant();
	}

	/** The session is over. */
	close(): void {
		for (const interest of this.#open) interest.onAbort();
	}
}
