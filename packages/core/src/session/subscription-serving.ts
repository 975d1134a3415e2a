/**
 * The subscriptions that the peer holds on us.
 * @module
 */
import { Code, decodeSubscribe, joinPath, type Subscribe } from "@moq-relay/wire";
import { RequestError } from "../error.ts";
import type { SessionContext } from "./context.ts";
import { StreamError } from "./error.ts";
import { maySubscribe } from "./grant.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";
import { ServedSubscription } from "./served-subscription.ts";

/** All subscriptions of one peer, by the id that it chose. */
export class SubscriptionServing {
	readonly #context: SessionContext;
	readonly #open: Map<number, ServedSubscription> = new Map();

	constructor(context: SessionContext) {
		this.#context = context;
	}

	get size(): number {
		return this.#open.size;
	}

	/** A subscribe stream. @throws Malformed, StreamError when it is not allowed, RequestError when there is no such broadcast. */
	open(stream: MessageStream, body: Uint8Array): MessageHandler {
		const { grant, limits, origin, version, counters } = this.#context;
		const request = decodeSubscribe(body, version);
		this.#check(request, limits.subscriptions);
		// Nothing is attached, looked up or counted for a name that the grant does not cover.
		if (!maySubscribe(grant, request.broadcast)) throw new StreamError(Code.Unauthorized, "subscribe not allowed");
		const path = joinPath(grant.root, request.broadcast);
		const broadcast = origin.broadcast(path);
		if (broadcast === undefined) throw new RequestError(Code.Unroutable, "no such broadcast");
		const served = new ServedSubscription(this.#context, stream, {
			request,
			path,
			onOver: () => this.#remove(request.id),
		});
		this.#open.set(request.id, served);
		counters.subscriptionsServing++;
		served.start(broadcast);
		return served;
	}

	/** End what the grant no longer covers. */
	regrant(): void {
		for (const served of this.#open.values()) {
			if (!maySubscribe(this.#context.grant, served.name)) served.refuse(Code.Unauthorized);
		}
	}

	/** The session is over: detach from every track, without a word on the wire. */
	close(code: number): void {
		for (const served of this.#open.values()) served.onAbort(code);
	}

	#check(request: Subscribe, subscriptionsMax: number): void {
		if (this.#open.size >= subscriptionsMax) throw new StreamError(Code.BoundsExceeded, "too many subscriptions");
		if (this.#open.has(request.id)) throw new StreamError(Code.Duplicate, `subscription ${request.id} twice`);
	}

	#remove(id: number): void {
		if (this.#open.delete(id)) this.#context.counters.subscriptionsServing--;
	}
}
