/**
 * How many sessions there may be, in all and for each address, and how fast new ones may come.
 * @module
 */
import type { LimitsConfig } from "../limits.ts";
import { addressKey, isWithinRanges, parseRanges, type Range } from "./address-key.ts";
import { ADDRESSES_MAX } from "./limits.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** The limit that a session met; also the label of `moq_limit_rejections_total`. */
export type AdmissionLimit =
	| "max_sessions"
	| "max_sessions_per_ip"
	| "session_rate_per_ip"
	| "draining"
	| "not_allowed";

/** A place among the sessions; release it once, when the session is over. */
export interface Place {
	release(): void;
}

/** What admission reads of `[limits]`. */
export type AdmissionConfig = Pick<
	LimitsConfig,
	"maxSessions" | "maxSessionsPerIp" | "sessionRatePerIp" | "sessionBurstPerIp" | "exempt"
> & {
	/** CIDR ranges that peers must be in; empty or absent is all. */
	readonly allow?: readonly string[];
};

/** Counts sessions, those still at the door included. */
export class Admission {
	readonly #config: AdmissionConfig;
	readonly #exempt: readonly Range[];
	readonly #allow: readonly Range[];
	readonly #rates: TokenBuckets;
	readonly #perAddress = new Map<string, number>();
	#total = 0;
	#draining = false;

	/** @throws RangeError when `exempt` or `allow` holds what is no CIDR range. */
	constructor(config: AdmissionConfig) {
		this.#config = config;
		this.#exempt = parseRanges(config.exempt);
		this.#allow = parseRanges(config.allow ?? []);
		this.#rates = new TokenBuckets({
			perSecond: config.sessionRatePerIp,
			burst: config.sessionBurstPerIp,
			keysMax: ADDRESSES_MAX,
		});
	}

	/** Places taken now. */
	get total(): number {
		return this.#total;
	}

	/** Addresses that hold a place now. */
	get addresses(): number {
		return this.#perAddress.size;
	}

	/** No further place is given. */
	drain(): void {
		this.#draining = true;
	}

	/** A place for a peer at `ip:port`, or the limit that stands against it. `nowMs` is monotonic. */
	enter(remote: string, nowMs: number): Place | AdmissionLimit {
		if (this.#draining) return "draining";
		if (this.#allow.length > 0 && !isWithinRanges(remote, this.#allow)) return "not_allowed";
		const { maxSessions, maxSessionsPerIp } = this.#config;
		if (maxSessions > 0 && this.#total >= maxSessions) return "max_sessions";
		const key = isWithinRanges(remote, this.#exempt) ? undefined : addressKey(remote);
		if (key !== undefined) {
			if (maxSessionsPerIp > 0 && (this.#perAddress.get(key) ?? 0) >= maxSessionsPerIp) return "max_sessions_per_ip";
			if (!this.#rates.take(key, nowMs)) return "session_rate_per_ip";
		}
		return this.#place(key);
	}

	#place(key: string | undefined): Place {
		this.#total += 1;
		if (key !== undefined) this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
		let held = true;
		return {
			release: () => {
				if (!held) return;
				held = false;
				this.#total -= 1;
				if (key === undefined) return;
				const left = (this.#perAddress.get(key) ?? 1) - 1;
				if (left === 0) this.#perAddress.delete(key);
				else this.#perAddress.set(key, left);
			},
		};
	}
}
