/**
 * The catalog of a broadcast as it changes.
 * @module
 */
import { type Broadcast, type Clock, type Group, readGroup, type TrackSubscription } from "@moq-relay/core";
import { CATALOG_BYTES_MAX } from "../limits.ts";
import { CATALOG_TRACK, type Catalog, catalogFrom } from "./catalog.ts";
import { MediaError } from "./media-error.ts";
import { mergePatch } from "./merge-patch.ts";

/** Events of reading a catalog. */
export interface CatalogSink {
	/** The catalog as it is now. */
	onCatalog(catalog: Catalog): void;
	/** A catalog can't be read; the sentence says why. The next one may be good. */
	onFault(error: MediaError): void;
	/** The last event: the catalog track ended; undefined well, else with a stream code. */
	onEnd(code: number | undefined): void;
}

/** Follows the catalog track: each group begins with a whole catalog, and further frames of it are merge patches. */
export class CatalogReader {
	readonly #sink: CatalogSink;
	#subscription: TrackSubscription | undefined;
	/** Group of the catalog in force; older groups that come late say nothing. */
	#latest = -1;
	#stop: () => void = () => {};
	#isOver = false;

	/** No event comes before this returns, or after `close`. */
	constructor(broadcast: Broadcast, clock: Clock, sink: CatalogSink) {
		this.#sink = sink;
		clock.after(0, () => {
			if (this.#isOver) return;
			this.#subscription = broadcast.subscribe(CATALOG_TRACK, REQUEST, {
				onInfo: () => {},
				onGroup: (group) => this.#onGroup(group),
				onDatagram: () => {},
				onDropped: () => {},
				onEnd: () => this.#end(undefined),
				onError: (code) => this.#end(code),
			});
		});
	}

	/** Leave; no event follows. */
	close(): void {
		this.#isOver = true;
		this.#stop();
		this.#subscription?.close();
	}

	#onGroup(group: Group): void {
		if (group.sequence < this.#latest) return;
		this.#latest = group.sequence;
		this.#stop();
		let value: unknown;
		let isFirst = true;
		this.#stop = readGroup(group, {
			onFrame: ({ payload }) => {
				if (this.#latest !== group.sequence || this.#isOver) return;
				this.#guard(() => {
					const parsed = parse(payload);
					value = isFirst ? parsed : mergePatch(value, parsed);
					isFirst = false;
					this.#sink.onCatalog(catalogFrom(value));
				});
			},
			onEnd: () => {},
			onAbort: () => {},
		});
	}

	#guard(read: () => void): void {
		try {
			read();
		} catch (thrown) {
			if (!(thrown instanceof MediaError)) throw thrown;
			this.#sink.onFault(thrown);
		}
	}

	#end(code: number | undefined): void {
		if (this.#isOver) return;
		// A group that is still open may yet bring a change, but there is no one left to write it.
		this.#isOver = true;
		this.#stop();
		this.#sink.onEnd(code);
	}
}

function parse(payload: Uint8Array): unknown {
	if (payload.byteLength > CATALOG_BYTES_MAX) throw new MediaError(`the catalog has ${payload.byteLength} bytes`);
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
	} catch (thrown) {
		throw new MediaError("the catalog is not JSON", { cause: thrown });
	}
}

/** Above all media, and the latest. */
const REQUEST = { priority: 100, ordered: false, latencyMs: 30_000, startGroup: undefined, endGroup: undefined };
