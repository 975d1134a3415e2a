/**
 * The peer's one-shot requests: FETCH and TRACK.
 * @module
 */
import { Code, decodeFetch, decodeTrack, encodeTrackInfo, joinPath, type Path } from "@moq-relay/wire";
import { RequestError } from "../error.ts";
import type { Broadcast } from "../model/broadcast.ts";
import type { SessionContext } from "./context.ts";
import { StreamError } from "./error.ts";
import { maySubscribe } from "./grant.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";
import { ServedRequest, type ServedRequestOptions } from "./served-request.ts";

/** Fetches and track-info requests that are under way. */
export class RequestServing {
	readonly #context: SessionContext;
	readonly #open: Set<ServedRequest> = new Set();

	constructor(context: SessionContext) {
		this.#context = context;
	}

	get size(): number {
		return this.#open.size;
	}

	/** A fetch stream: the answer is the group's frames. @throws as `SubscriptionServing.open`. */
	fetch(stream: MessageStream, body: Uint8Array): MessageHandler {
		const { track, group, priority, broadcast: name } = decodeFetch(body);
		const broadcast = this.#find(name);
		const { frames } = this.#context.version;
		return this.#add({ part: "fetch", name, stream }, (request) =>
			broadcast.fetch(
				track,
				{ group, priority },
				{
					onGroup: (found) => request.play(found.tape(frames), priority),
					onError: (code) => request.refuse(code),
				},
			),
		);
	}

	/** A track stream: the answer is one TRACK_INFO. @throws as `SubscriptionServing.open`. */
	trackInfo(stream: MessageStream, body: Uint8Array): MessageHandler {
		const { track, broadcast: name } = decodeTrack(body);
		const broadcast = this.#find(name);
		return this.#add({ part: "track", name, stream }, (request) =>
			broadcast.info(
				track,
				(info) => request.answer(encodeTrackInfo(info)),
				(code) => request.refuse(code),
			),
		);
	}

	/** End what the grant no longer covers. */
	regrant(): void {
		for (const request of this.#open) {
			if (!maySubscribe(this.#context.grant, request.name)) request.refuse(Code.Unauthorized);
		}
	}

	/** The session is over. */
	close(): void {
		for (const request of this.#open) request.onAbort();
	}

	#find(name: Path): Broadcast {
		const { grant, limits, origin } = this.#context;
		if (this.#open.size >= limits.requests) throw new StreamError(Code.BoundsExceeded, "too many requests at once");
		if (!maySubscribe(grant, name)) throw new StreamError(Code.Unauthorized, "request not allowed");
		const broadcast = origin.broadcast(joinPath(grant.root, name));
		if (broadcast === undefined) throw new RequestError(Code.Unroutable, "no such broadcast");
		return broadcast;
	}

	#add(options: Omit<ServedRequestOptions, "onOver">, ask: (request: ServedRequest) => () => void): MessageHandler {
		const request = new ServedRequest({ ...options, onOver: () => this.#open.delete(request) });
		this.#open.add(request);
		request.start(ask);
		return request;
	}
}
