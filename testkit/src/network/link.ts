/**
 * One direction of a link on virtual time: latency, jitter, loss, bandwidth, and being cut.
 * @module
 */
import type { VirtualClock } from "../virtual-clock.ts";

/** What a link does to what crosses it. */
export interface LinkConditions {
	/** One way, in ms. */
	readonly latencyMs: number;
	/** Up to so much is added to each frame's latency, in ms; frames may overtake each other. */
	readonly jitterMs: number;
	/** Chance that a frame is lost, 0 to below 1: a datagram for good, anything else until it is sent again. */
	readonly lossRate: number;
	/** Infinity for no limit. */
	readonly bytesPerMs: number;
}

/** A link without faults. */
export const LINK_DEFAULT: LinkConditions = {
	latencyMs: 1,
	jitterMs: 0,
	lossRate: 0,
	bytesPerMs: Number.POSITIVE_INFINITY,
};

/** Hears when a link is cut and when it heals. */
export interface LinkObserver {
	onCut(): void;
	onHeal(): void;
}

/** Those who want to send wait in turn, so that connections share a link's bandwidth fairly. */
export class Link {
	readonly #clock: VirtualClock;
	#conditions: LinkConditions;
	#cut = false;
	#freeAtMs = 0;
	#turns: (() => void)[] = [];
	#cancelTurn: (() => void) | undefined;
	#held: Held[] = [];
	#sequence = 0;
	#observers = new Set<LinkObserver>();
	#lost = 0;

	constructor(clock: VirtualClock, conditions: LinkConditions) {
		this.#clock = clock;
		this.#conditions = conditions;
	}

	get conditions(): LinkConditions {
		return this.#conditions;
	}

	/** Change conditions from now on; what is on its way is not touched. */
	change(conditions: Partial<LinkConditions>): void {
		this.#conditions = { ...this.#conditions, ...conditions };
	}

	/** True while nothing gets through. */
	get isCut(): boolean {
		return this.#cut;
	}

	/** Frames lost so far. */
	get lost(): number {
		return this.#lost;
	}

	/** True while the next frame may be sent at once. */
	get isFree(): boolean {
		return !this.#cut && this.#freeAtMs <= this.#clock.nowMs();
	}

	/** Run `send` in a turn of its own, when the link is free and those before it had theirs. */
	turn(send: () => void): void {
		this.#turns.push(send);
		this.#schedule();
	}

	/** Send a frame that arrives exactly once, later if it is lost on the way or the link is cut. */
	carry(byteLength: number, deliver: () => void): void {
		this.#occupy(byteLength);
		this.#arrive({ sequence: this.#sequence++, deliver });
	}

	/** Send a datagram: arrives at most once. */
	cast(byteLength: number, deliver: () => void): void {
		this.#occupy(byteLength);
		if (this.#cut || this.#clock.seeded.chance(this.#conditions.lossRate)) {
			this.#lost++;
			return;
		}
		this.#clock.after(this.#delayMs(), () => {
			if (!this.#cut) deliver();
		});
	}

	/** Nothing gets through from now on, what is on its way included, until `heal`. */
	cut(): void {
		if (this.#cut) return;
		this.#cut = true;
		this.#cancelTurn?.();
		this.#cancelTurn = undefined;
		for (const observer of this.#observers) observer.onCut();
	}

	/** What was held back is sent again, in its old order. */
	heal(): void {
		if (!this.#cut) return;
		this.#cut = false;
		const held = this.#held.sort((a, b) => a.sequence - b.sequence);
		this.#held = [];
		for (const frame of held) this.#arrive(frame);
		for (const observer of this.#observers) observer.onHeal();
		this.#schedule();
	}

	/** Returns the cancellation. */
	observe(observer: LinkObserver): () => void {
		this.#observers.add(observer);
		return () => this.#observers.delete(observer);
	}

	#occupy(byteLength: number): void {
		this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.nowMs()) + byteLength / this.#conditions.bytesPerMs;
	}

	#arrive(frame: Held): void {
		let delayMs = this.#delayMs();
		while (this.#clock.seeded.chance(this.#conditions.lossRate)) {
			this.#lost++;
			delayMs += 2 * this.#conditions.latencyMs + this.#delayMs();
		}
		this.#clock.after(delayMs, () => {
			if (this.#cut) this.#held.push(frame);
			else frame.deliver();
		});
	}

	#delayMs(): number {
		const sending = Math.max(0, this.#freeAtMs - this.#clock.nowMs());
		return sending + this.#conditions.latencyMs + this.#conditions.jitterMs * this.#clock.seeded.next();
	}

	#schedule(): void {
		if (this.#cut || this.#cancelTurn !== undefined || this.#turns.length === 0) return;
		const delayMs = Math.max(0, this.#freeAtMs - this.#clock.nowMs());
		this.#cancelTurn = this.#clock.after(delayMs, () => {
			this.#cancelTurn = undefined;
			if (this.isFree) this.#turns.shift()?.();
			this.#schedule();
		});
	}
}

interface Held {
	readonly sequence: number;
	readonly deliver: () => void;
}
