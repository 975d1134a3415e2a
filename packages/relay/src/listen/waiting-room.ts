/**
 * Sockets that carry no WebSocket (yet): how many there may be, in all and of one address.
 * @module
 */
import { addressKey } from "../admission/address-key.ts";

/** Bounds of a waiting room. */
export interface WaitingRoomBounds {
	readonly total: number;
	/** Of one IPv4 address or IPv6 /64; loopback is exempt. */
	readonly perAddress: number;
}

/** Counts places. */
export class WaitingRoom {
	readonly #bounds: WaitingRoomBounds;
	readonly #perAddress = new Map<string, number>();
	#total = 0;

	constructor(bounds: WaitingRoomBounds) {
		this.#bounds = bounds;
	}

	/** Places taken. */
	get size(): number {
		return this.#total;
	}

	/** A place for a peer at `ip:port`, and how to leave it (calling that again changes nothing); undefined when it is full. */
	enter(remote: string): (() => void) | undefined {
		if (this.#total >= this.#bounds.total) return undefined;
		const key = keyOf(remote);
		const count = key === undefined ? 0 : (this.#perAddress.get(key) ?? 0);
		if (count >= this.#bounds.perAddress) return undefined;
		this.#total += 1;
		if (key !== undefined) this.#perAddress.set(key, count + 1);
		let taken = true;
		return () => {
			if (!taken) return;
			taken = false;
			this.#total -= 1;
			if (key !== undefined) this.#leave(key);
		};
	}

	#leave(key: string): void {
		const left = (this.#perAddress.get(key) ?? 1) - 1;
		if (left === 0) this.#perAddress.delete(key);
		else this.#perAddress.set(key, left);
	}
}

/** Undefined: not counted. */
function keyOf(remote: string): string | undefined {
	const key = addressKey(remote);
	return key === undefined || key.startsWith("127.") || key === LOOPBACK_64 ? undefined : key;
}

/** The /64 of ::1, as `addressKey` writes it; nothing else in it is ever used. */
const LOOPBACK_64 = addressKey("[::1]:0");
