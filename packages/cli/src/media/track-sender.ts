/**
 * One media track on its way out: packets into groups and frames.
 * @module
 */
import type { LocalGroup, LocalTrack } from "@moq-relay/core";
import { Writer } from "@moq-relay/wire";
import { AUDIO_GROUP_US } from "../limits.ts";
import type { MediaPacket } from "./media-input.ts";

/** Cuts a track into groups: at each key frame of a video, every half second of a sound. */
export class TrackSender {
	readonly #track: LocalTrack;
	readonly #kind: "video" | "audio";
	#open: { readonly group: LocalGroup; readonly sinceUs: number } | undefined;
	#groups = 0;

	constructor(track: LocalTrack, kind: "video" | "audio") {
		this.#track = track;
		this.#kind = kind;
	}

	/** Groups begun so far. */
	get groups(): number {
		return this.#groups;
	}

	/** Send one packet at its time on the wire, in µs. False when it was left out: nothing can be decoded before a key frame. */
	send(packet: MediaPacket, timestampUs: number): boolean {
		if (this.#begins(packet, timestampUs)) {
			this.#open?.group.finish();
			this.#open = { group: this.#track.group(), sinceUs: timestampUs };
			this.#groups += 1;
		}
		if (this.#open === undefined) return false;
		this.#open.group.frame({ timestamp: timestampUs, payload: legacyFrame(timestampUs, packet.data) });
		return true;
	}

	/** The group in progress is complete; the next packet begins another one. */
	cut(): void {
		this.#open?.group.finish();
		this.#open = undefined;
	}

	#begins(packet: MediaPacket, timestampUs: number): boolean {
		if (this.#kind === "video") return packet.key;
		return this.#open === undefined || timestampUs - this.#open.sinceUs >= AUDIO_GROUP_US;
	}
}

/** hang's `legacy` container: a varint of microseconds, then the payload of the codec. */
function legacyFrame(timestampUs: number, data: Uint8Array): Uint8Array {
	const writer = new Writer(data.byteLength + 8);
	writer.varint(timestampUs);
	writer.bytes(data);
	return writer.finish();
}
