/**
 * One broadcast as the peer offers it.
 * @module
 */
import type { Path } from "@moq-relay/wire";
import type {
	FetchSink,
	Source,
	SubscribeRequest,
	TrackInfo,
	UpstreamSink,
	UpstreamSubscription,
} from "../model/source.ts";
import type { SessionContext } from "./context.ts";
import { requestFetch } from "./requested-fetch.ts";
import { requestTrackInfo } from "./requested-track-info.ts";
import type { SubscriptionRequesting } from "./subscription-requesting.ts";

/** The source that the routing table gets for a path that the peer announced. Its failures arrive in a later turn. */
export class PeerSource implements Source {
	readonly #context: SessionContext;
	readonly #requesting: SubscriptionRequesting;
	/** As the peer calls it. */
	readonly #name: Path;

	constructor(context: SessionContext, requesting: SubscriptionRequesting, name: Path) {
		this.#context = context;
		this.#requesting = requesting;
		this.#name = name;
	}

	subscribe(track: string, request: SubscribeRequest, sink: UpstreamSink): UpstreamSubscription {
		return this.#requesting.open({ broadcast: this.#name, track }, request, sink);
	}

	fetch(track: string, request: { readonly group: number; readonly priority: number }, sink: FetchSink): () => void {
		return requestFetch(this.#context, { broadcast: this.#name, track, ...request }, sink);
	}

	info(track: string, onInfo: (info: TrackInfo) => void, onError: (code: number) => void): () => void {
		return requestTrackInfo(this.#context, { broadcast: this.#name, track }, { onInfo, onError });
	}
}
