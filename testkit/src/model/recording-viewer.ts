/**
 * A viewer that writes down all that reaches it.
 * @module
 */
import type { Datagram, Encoding, Group, TrackInfo, TrackSink } from "@moq-relay/core";
import { joinBytes } from "../bytes.ts";

/** One group as it was received. */
export interface RecordedGroup {
	readonly sequence: number;
	readonly group: Group;
	/** Everything received so far. */
	readonly bytes: () => Uint8Array;
	/** How it ended: "finished", the code of an abort, or undefined while it is open. */
	readonly end: () => "finished" | number | undefined;
}

/** Plays every group it is given, in one encoding, as a transport would. */
export class RecordingViewer implements TrackSink {
	/** Every event in order, in words: "info 1000", "group 3", "dropped 4-6 24", "end 7", "error 13". */
	readonly events: string[] = [];
	readonly groups: RecordedGroup[] = [];
	readonly datagrams: Datagram[] = [];
	readonly #encoding: Encoding;

	constructor(encoding: Encoding = "lite-05") {
		this.#encoding = encoding;
	}

	/** Sequences received, in order of arrival. */
	get sequences(): number[] {
		return this.groups.map((group) => group.sequence);
	}

	/** The last event; "" before the first. */
	get last(): string {
		return this.events.at(-1) ?? "";
	}

	onInfo(info: TrackInfo): void {
		this.events.push(`info ${info.timescale}`);
	}

	onGroup(group: Group): void {
		const chunks: Uint8Array[] = [];
		let end: "finished" | number | undefined;
		group.tape(this.#encoding).attach({
			append: (chunk) => chunks.push(chunk),
			finish: () => {
				end = "finished";
			},
			abort: (code) => {
				end = code;
			},
			evict: () => {
				end ??= EVICTED;
			},
		});
		this.groups.push({ sequence: group.sequence, group, bytes: () => joinBytes(chunks), end: () => end });
		this.events.push(`group ${group.sequence}`);
	}

	onDatagram(datagram: Datagram): void {
		this.datagrams.push(datagram);
		this.events.push(`datagram ${datagram.sequence}`);
	}

	onDropped(start: number, end: number, code: number): void {
		this.events.push(`dropped ${start}-${end} ${code}`);
	}

	onEnd(finalGroup: number | undefined): void {
		this.events.push(`end ${finalGroup}`);
	}

	onError(code: number): void {
		this.events.push(`error ${code}`);
	}
}

/** The code that a viewer sees when the cache dropped a group. */
const EVICTED = 31;
