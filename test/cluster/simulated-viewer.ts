/**
 * A viewer at one relay of a simulated cluster, who checks every byte that comes.
 * @module
 */
import assert from "node:assert/strict";
import { type Broadcast, type Group, readGroup, type TrackSubscription } from "@moq-relay/core";
import { FRAMES, payloadOf, type SimulatedRelay } from "./simulated-relay.ts";

/** Follows one path, whoever publishes it. */
export class SimulatedViewer {
	/** Whole groups, as "mark group", in order of arrival. */
	readonly whole: string[] = [];
	readonly #relay: SimulatedRelay;
	readonly #path: string;
	#broadcast: Broadcast | undefined;
	#subscription: TrackSubscription | undefined;

	constructor(relay: SimulatedRelay, path: string) {
		this.#relay = relay;
		this.#path = path;
		const follow = (): void => this.#follow();
		relay.origin.watch(path, {
			onStart: follow,
			onActive: follow,
			onRestart: follow,
			onUpdate: () => {},
			onEnded: () => {
				this.#broadcast = undefined;
			},
		});
	}

	#follow(): void {
		const broadcast = this.#relay.origin.broadcast(this.#path);
		if (broadcast === undefined || broadcast === this.#broadcast) return;
		this.#subscription?.close();
		this.#broadcast = broadcast;
		this.#subscribe(broadcast);
	}

	/** What one subscription gives must be right by itself: no group twice unless it broke, no byte changed. */
	#subscribe(broadcast: Broadcast): void {
		const seen = new Set<number>();
		this.#subscription = broadcast.subscribe("t", REQUEST, {
			onInfo: () => {},
			onGroup: (group) => {
				assert.ok(!seen.has(group.sequence), `${this.#where}: group ${group.sequence} twice`);
				seen.add(group.sequence);
				this.#read(group, () => seen.delete(group.sequence));
			},
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => {},
			// The source is lost, or the path was longer than it took to answer: look again when there is another.
			onError: () => {
				if (this.#broadcast === broadcast) this.#broadcast = undefined;
			},
		});
	}

	#read(group: Group, onAbort: () => void): void {
		const frames: Uint8Array[] = [];
		readGroup(group, {
			onFrame: ({ payload }) => void frames.push(payload),
			onEnd: () => this.#check(group.sequence, frames),
			onAbort,
		});
	}

	#check(sequence: number, frames: readonly Uint8Array[]): void {
		const [first] = frames;
		assert.ok(first !== undefined, `${this.#where}: group ${sequence} is empty`);
		const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
		const [mark, number] = [view.getUint32(0), view.getUint32(4)];
		const sent = Array.from({ length: FRAMES }, (_, frame) => payloadOf(mark, number, frame));
		assert.deepEqual(frames.map(text), sent.map(text), `${this.#where}: group ${sequence} is as it was published`);
		this.whole.push(`${mark} ${number}`);
	}

	/** Subscribe again if the last subscription broke. */
	retry(): void {
		if (this.#broadcast === undefined) this.#follow();
	}

	get #where(): string {
		return `viewer of ${this.#path} at ${this.#relay.name}`;
	}
}

function text(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

const REQUEST = { priority: 100, ordered: false, latencyMs: 30_000, startGroup: undefined, endGroup: undefined };
