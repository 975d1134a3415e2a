/**
 * Sends the packets of an input as a hang broadcast, at the speed it plays.
 * @module
 */
import type { Clock, LocalBroadcast, LocalTrack } from "@moq-relay/core";
import { type AudioRendition, CATALOG_TRACK, type Catalog, encodeCatalog, type VideoRendition } from "./catalog.ts";
import { MediaClock } from "./media-clock.ts";
import { MediaError } from "./media-error.ts";
import type { MediaInput, MediaPacket, MediaTrack } from "./media-input.ts";
import { Pace } from "./pace.ts";
import { TrackSender } from "./track-sender.ts";

/** Priorities that hang uses: catalog above audio above video. */
const PRIORITY = { catalog: 100, audio: 80, video: 60 } as const;

/** Units per second of every track's timestamps. */
const TIMESCALE = 1_000_000;

/** Totals of a running publisher. */
export interface PublishTotals {
	packets: number;
	bytes: number;
	groups: number;
	/** Media time sent, in microseconds. */
	mediaUs: number;
}

/** What to publish, and how. */
export interface MediaPublisherOptions {
	/** Opens the input; again for each turn of the loop. @throws MediaError */
	readonly open: () => Promise<MediaInput>;
	/** Begin again at the end; timestamps go on. */
	readonly loop: boolean;
	readonly broadcast: LocalBroadcast;
	/** Called once, when the broadcast has its tracks: the moment to announce it. */
	readonly onBegin: () => void;
	readonly clock: Clock;
	/** Ends the publishing early, well. */
	readonly signal: AbortSignal;
}

/** One track of the broadcast, in all turns of the loop. */
interface Outgoing {
	readonly track: LocalTrack;
	readonly sender: TrackSender;
}

/** Publishes one input. */
export class MediaPublisher {
	readonly totals: PublishTotals = { packets: 0, bytes: 0, groups: 0, mediaUs: 0 };
	readonly #options: MediaPublisherOptions;
	readonly #clock: MediaClock;
	readonly #outgoing = new Map<string, Outgoing>();

	constructor(options: MediaPublisherOptions) {
		this.#options = options;
		this.#clock = new MediaClock(options.clock, options.signal);
	}

	/** Publish until the input ends (or until stopped, looping), then end all tracks. @throws MediaError when it can't be read. */
	async run(): Promise<void> {
		const { loop, open, signal, broadcast } = this.#options;
		try {
			let offsetUs = 0;
			do {
				const input = await open();
				try {
					const lengthUs = await this.#play(input, offsetUs);
					if (lengthUs <= 0) break; // an input without a packet would loop without end
					offsetUs += lengthUs;
				} finally {
					input.close();
				}
			} while (loop && !signal.aborted);
		} finally {
			for (const { sender } of this.#outgoing.values()) sender.cut();
			broadcast.end();
		}
		if (this.totals.packets === 0 && !signal.aborted) throw new MediaError("the input holds no packet to publish");
	}

	/** Send the input once; how long it is, in µs: as long as its longest track. */
	async #play(input: MediaInput, offsetUs: number): Promise<number> {
		const { signal } = this.#options;
		const paces = input.tracks.map((media) => ({ media, pace: new Pace(media.packets()) }));
		const stop = (): void => {
			for (const { pace } of paces) pace.close();
		};
		signal.addEventListener("abort", stop);
		try {
			// Whichever track has something first sets the time: a live one may stay silent for long.
			const first = await firstPacket(paces.map(({ pace }) => pace));
			if (first === undefined || signal.aborted) return 0;
			this.#clock.start(first.timestampUs);
			this.#begin(input.tracks, first.timestampUs);
			const lengths = await Promise.all(paces.map(({ media, pace }) => this.#send(media, pace, offsetUs)));
			return Math.max(...lengths);
		} finally {
			signal.removeEventListener("abort", stop);
			stop();
		}
	}

	/** Make the tracks, and the catalog that names them; once. */
	#begin(tracks: readonly MediaTrack[], us: number): void {
		if (this.#outgoing.size > 0) return;
		const { broadcast, onBegin } = this.#options;
		for (const { name, description } of tracks) {
			const track = broadcast.track(name, { priority: PRIORITY[description.kind], timescale: TIMESCALE });
			this.#outgoing.set(name, { track, sender: new TrackSender(track, description.kind) });
		}
		const catalog = broadcast.track(CATALOG_TRACK, { priority: PRIORITY.catalog, timescale: TIMESCALE });
		const group = catalog.group();
		group.frame({ timestamp: this.#clock.timestampUs(us), payload: encodeCatalog(catalogOf(tracks)) });
		group.finish();
		onBegin();
	}

	/** Send one track of one turn; its length in µs. */
	async #send(media: MediaTrack, pace: Pace, offsetUs: number): Promise<number> {
		const outgoing = this.#outgoing.get(media.name);
		if (outgoing === undefined) return 0;
		const { sender } = outgoing;
		let beginUs = Number.POSITIVE_INFINITY;
		let endUs = Number.NEGATIVE_INFINITY;
		for (;;) {
			const packet = await pace.next(this.#clock, offsetUs);
			if (packet === undefined) break;
			const groups = sender.groups;
			if (sender.send(packet, this.#clock.timestampUs(packet.timestampUs + offsetUs))) {
				this.totals.packets += 1;
				this.totals.bytes += packet.data.byteLength;
				this.totals.groups += sender.groups - groups;
				this.totals.mediaUs = Math.max(this.totals.mediaUs, packet.timestampUs + offsetUs);
			}
			beginUs = Math.min(beginUs, packet.timestampUs);
			endUs = Math.max(endUs, packet.timestampUs + packet.durationUs);
		}
		return endUs - beginUs;
	}
}

/** The first packet that any track has; undefined when none has one. */
function firstPacket(paces: readonly Pace[]): Promise<MediaPacket | undefined> {
	return new Promise((resolve, reject) => {
		let left = paces.length;
		for (const pace of paces) {
			pace.peek().then((packet) => {
				left -= 1;
				if (packet !== undefined || left === 0) resolve(packet);
			}, reject);
		}
	});
}

function catalogOf(tracks: readonly MediaTrack[]): Catalog {
	const video: Record<string, VideoRendition> = {};
	const audio: Record<string, AudioRendition> = {};
	for (const { name, description } of tracks) {
		if (description.kind === "video") video[name] = description.rendition;
		else audio[name] = description.rendition;
	}
	return {
		...(Object.keys(video).length === 0 ? {} : { video: { renditions: video } }),
		...(Object.keys(audio).length === 0 ? {} : { audio: { renditions: audio } }),
	};
}
