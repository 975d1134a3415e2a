/**
 * Our interest in what the peer announces: one announce stream for each prefix that it may publish under.
 * @module
 */
import { BidiType, encodeAnnounceRequest, openStream, parsePath } from "@moq-relay/wire";
import type { SessionContext } from "./context.ts";
import { isCovered, widestOf } from "./grant.ts";
import { HeldInterest } from "./held-interest.ts";
import { MessageStream } from "./message-stream.ts";
import type { SubscriptionRequesting } from "./subscription-requesting.ts";

/** The announce streams that we opened. */
export class AnnounceListening {
	readonly #context: SessionContext;
	readonly #requesting: SubscriptionRequesting;
	readonly #open: Map<string, HeldInterest> = new Map();

	constructor(context: SessionContext, requesting: SubscriptionRequesting) {
		this.#context = context;
		this.#requesting = requesting;
	}

	get size(): number {
		return this.#open.size;
	}

	/** Ask for everything that the grant lets the peer publish, or for more where that is wanted. */
	start(): void {
		const { publish, asked = publish } = this.#context.grant;
		for (const prefix of widestOf(asked)) {
			if (!isCovered([...this.#open.keys()], prefix)) this.#ask(prefix);
		}
	}

	/** End what the grant no longer covers, and ask for what it does now. */
	regrant(): void {
		for (const interest of this.#open.values()) interest.regrant();
		this.start();
	}

	/** The session is over: what the peer announced lingers, in case it returns. */
	close(): void {
		for (const interest of this.#open.values()) interest.onAbort();
	}

	#ask(prefix: string): void {
		const { origin, version } = this.#context;
		const interest = new HeldInterest(this.#context, parsePath(prefix), {
			requesting: this.#requesting,
			onOver: () => this.#open.delete(prefix),
		});
		const stream = MessageStream.open(this.#context, interest);
		if (stream === undefined) return;
		this.#open.set(prefix, interest);
		interest.attach(stream);
		const request = encodeAnnounceRequest({ prefix: interest.prefix, excludeHop: origin.id }, version);
		stream.write(openStream(BidiType.Announce, request));
	}
}
