/**
 * One broadcast as the samples of the renditions that are wanted of it.
 * @module
 */
import type { Broadcast, Clock, Frame, SubscribeRequest } from "@moq-relay/core";
import { CATALOG_MS } from "../limits.ts";
import type { Catalog } from "./catalog.ts";
import { CatalogReader } from "./catalog-reader.ts";
import { type MediaSample, unpackerOf } from "./container.ts";
import { descriptionOfInit } from "./init-segment.ts";
import { MediaError } from "./media-error.ts";
import { type Choice, type Chosen, chooseRenditions, type Wish } from "./rendition-choice.ts";
import { type FramePosition, TrackReader } from "./track-reader.ts";

/** The two kinds of media. */
export type MediaKind = "video" | "audio";

/** What to take of a broadcast. */
export interface ViewerOptions {
	readonly broadcast: Broadcast;
	readonly wish: Wish;
	/** How tracks are subscribed to; the priority is hang's for each kind. */
	readonly request: Omit<SubscribeRequest, "priority">;
	readonly clock: Clock;
}

/** Events of viewing. */
export interface ViewerSink {
	/** Once, before any sample. */
	onChoice(choice: Choice): void;
	/** Samples of one kind come in decode order; those of one frame have one position. */
	onSample(kind: MediaKind, sample: MediaSample, position: FramePosition): void;
	/** A group was left out or cut short. */
	onSkipped(kind: MediaKind): void;
	/**
	 * The last event: undefined when every track ended well; a stream code when the broadcast refused or broke; an error
	 * when it can't be used at all.
	 */
	onEnd(reason: undefined | number | MediaError): void;
}

/** Views one broadcast; a publisher that comes back is another one. */
export class BroadcastViewer {
	readonly #options: ViewerOptions;
	readonly #sink: ViewerSink;
	readonly #catalog: CatalogReader;
	readonly #readers = new Map<MediaKind, TrackReader>();
	/** What is read so far; settled when the sink has been told. */
	#choice: Choice = {};
	/** Why nothing of a catalog could be chosen. */
	#fault: MediaError | undefined;
	#state: "choosing" | "describing" | "viewing" | "over" = "choosing";
	/** What happened before the choice was settled. */
	#held: (() => void)[] = [];
	#cancelWait: (() => void) | undefined;

	/** No event comes before this returns, or after `close`. */
	constructor(options: ViewerOptions, sink: ViewerSink) {
		this.#options = options;
		this.#sink = sink;
		this.#catalog = new CatalogReader(options.broadcast, options.clock, {
			onCatalog: (catalog) => this.#onCatalog(catalog),
			onFault: (error) => {
				this.#fault = error;
			},
			onEnd: (code) => this.#onCatalogEnd(code),
		});
	}

	/** Leave; no event follows. */
	close(): void {
		this.#finish(() => {});
	}

	/** Read what is there at once, so that nothing is missed, but wait a moment for the kind that is not. */
	#onCatalog(catalog: Catalog): void {
		if (this.#state !== "choosing") return;
		this.#guard(() => this.#choose(catalog));
		const { wish, clock } = this.#options;
		const { video, audio } = this.#choice;
		if ((video !== undefined || wish.video === "none") && (audio !== undefined || wish.audio === "none")) {
			this.#settle();
		} else if (video !== undefined || audio !== undefined || this.#fault !== undefined) {
			// Browsers add their sources one by one.
			this.#cancelWait ??= clock.after(CATALOG_MS, () => this.#settle());
		}
	}

	#choose(catalog: Catalog): void {
		this.#fault = undefined;
		let found: Choice | undefined;
		try {
			found = chooseRenditions(catalog, this.#options.wish);
		} catch (thrown) {
			// The next catalog may have it.
			if (!(thrown instanceof MediaError)) throw thrown;
			this.#fault = thrown;
		}
		const { video, audio } = { ...found, ...this.#choice };
		this.#choice = { ...(video && { video }), ...(audio && { audio }) };
		if (video !== undefined && !this.#readers.has("video")) this.#read("video", video);
		if (audio !== undefined && !this.#readers.has("audio")) this.#read("audio", audio);
	}

	/** Without a catalog nothing can be chosen; with one, the media tracks say when it is over. */
	#onCatalogEnd(code: number | undefined): void {
		if (this.#state !== "choosing") return;
		if (this.#readers.size > 0) {
			this.#settle();
			return;
		}
		const empty = this.#fault ?? new MediaError("the broadcast has no video or audio that can be used");
		this.#finish(() => this.#sink.onEnd(code ?? empty));
	}

	#settle(): void {
		this.#cancelWait?.();
		if (this.#state !== "choosing") return;
		if (this.#fault !== undefined) {
			this.#fail(this.#fault);
			return;
		}
		this.#state = "describing";
		describe(this.#choice).then(
			(described) => this.#view(described),
			(thrown: unknown) => this.#fail(thrown),
		);
	}

	#view(choice: Choice): void {
		if (this.#state !== "describing") return;
		this.#state = "viewing";
		this.#sink.onChoice(choice);
		const held = this.#held;
		this.#held = [];
		for (const event of held) this.#guard(event);
	}

	/** Now, or when the sink knows the choice. */
	#tell(event: () => void): void {
		if (this.#state === "viewing") this.#guard(event);
		else if (this.#state !== "over") this.#held.push(event);
	}

	#read(kind: MediaKind, { track, rendition }: NonNullable<Choice[MediaKind]>): void {
		const unpack = unpackerOf(rendition.container);
		const { broadcast, request, clock } = this.#options;
		const onFrame = (frame: Frame, position: FramePosition): void => {
			for (const sample of unpack(frame.payload, { first: position.first, kind })) {
				if (this.#state !== "over") this.#sink.onSample(kind, sample, position);
			}
		};
		const reader = new TrackReader(
			{ broadcast, track, request: { ...request, priority: PRIORITY[kind] }, clock },
			{
				onFrame: (frame, position) => this.#tell(() => onFrame(frame, position)),
				onSkipped: () => this.#tell(() => this.#sink.onSkipped(kind)),
				onEnd: () => this.#tell(() => this.#onTrackEnd(kind)),
				onError: (code) => this.#tell(() => this.#finish(() => this.#sink.onEnd(code))),
			},
		);
		this.#readers.set(kind, reader);
	}

	#onTrackEnd(kind: MediaKind): void {
		this.#readers.delete(kind);
		if (this.#readers.size === 0) this.#finish(() => this.#sink.onEnd(undefined));
	}

	#guard(step: () => void): void {
		try {
			step();
		} catch (thrown) {
			this.#fail(thrown);
		}
	}

	#fail(thrown: unknown): void {
		const error =
			thrown instanceof MediaError ? thrown : new MediaError("the broadcast can't be used", { cause: thrown });
		this.#finish(() => this.#sink.onEnd(error));
	}

	#finish(tell: () => void): void {
		if (this.#state === "over") return;
		this.#state = "over";
		this.#held = [];
		this.#cancelWait?.();
		this.#catalog.close();
		for (const reader of this.#readers.values()) reader.close();
		tell();
	}
}

/** CMAF renditions may leave their description to the init segment. */
async function describe(choice: Choice): Promise<Choice> {
	const [video, audio] = await Promise.all([described(choice.video), described(choice.audio)]);
	return { ...(video && { video }), ...(audio && { audio }) };
}

async function described<Rendition extends NonNullable<Choice[MediaKind]>["rendition"]>(
	chosen: Chosen<Rendition> | undefined,
): Promise<Chosen<Rendition> | undefined> {
	if (chosen === undefined) return undefined;
	const { container, description } = chosen.rendition;
	if (container.kind !== "cmaf" || description !== undefined) return chosen;
	const found = await descriptionOfInit(container.init);
	return found === undefined ? chosen : { ...chosen, rendition: { ...chosen.rendition, description: found } };
}

/** hang's: sound above picture. */
const PRIORITY = { audio: 80, video: 60 } as const;
