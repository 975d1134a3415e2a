/**
 * The cells: what is offered, to how many, over what, and what is expected of it.
 * @module
 */
import type { ArmName } from "./arm.ts";

/** How connections are made. */
export type Transport = "quic" | "webtransport";

/** Something that is expected: a ratio of two arms, or a number of ours. */
export interface Target {
	/** Name of the number. */
	readonly number: string;
	/** The arm that ours is compared with; undefined for a number of ours alone. */
	readonly to?: ArmName;
	/** The most that is good. */
	readonly atMost?: number;
	/** The least that is good. */
	readonly atLeast?: number;
}

/** One cell. */
export interface Cell {
	readonly id: string;
	/** Which workload of the suite. */
	readonly workload: string;
	/** What the cell is about: latency wants a load client that is not busy. */
	readonly about: "cpu" | "latency";
	/** The number that arms are compared by. */
	readonly number: string;
	readonly viewers: number;
	readonly transport: Transport;
	readonly fps: number;
	readonly frameBytes: number;
	/** Bytes of the first frame of a group where it is another. */
	readonly firstBytes?: number;
	readonly groupFrames: number;
	readonly settleSeconds: number;
	readonly windowSeconds: number;
	/** Relays in a row, the publisher at the first, the viewers at the last. */
	readonly relays: number;
	/** That not every frame comes is the point. */
	readonly lossy: boolean;
	/** Further arguments of the load client. */
	readonly load: Readonly<Record<string, string | number>>;
	/** Further flags of the relay, whichever. */
	readonly server: readonly string[];
	/** Further flags of our relay only; where it does not know one, the cell is not run. */
	readonly ours: readonly string[];
	readonly arms: readonly ArmName[];
	readonly targets: readonly Target[];
}

/** Cells of one name, which differ in viewers and transport. */
export interface Family extends Partial<Omit<Cell, "id" | "viewers" | "transport" | "relays">> {
	readonly workload: string;
	/** One line for people. */
	readonly purpose: string;
	readonly sizes: readonly number[];
	/** The only size of a smoke run; none leaves the family out of it. */
	readonly smoke?: number;
	readonly transports?: readonly Transport[];
	/** Sizes are relays in a row, for one viewer. */
	readonly hops?: boolean;
	/** Only above so many cores. */
	readonly cores?: number;
}

/** What a command line asks for. */
export interface Wish {
	readonly viewers?: readonly number[] | undefined;
	readonly transports?: readonly Transport[] | undefined;
	readonly arms?: readonly ArmName[] | undefined;
	readonly settleSeconds?: number | undefined;
	readonly windowSeconds?: number | undefined;
}

const SETTLE_SECONDS = 3;
const WINDOW_SECONDS = 12;

/** The cells of a family. */
export function cells(name: string, family: Family, wish: Wish): Cell[] {
	const { purpose: _purpose, sizes, smoke: _smoke, transports, hops, cores: _cores, ...fixed } = family;
	const out: Cell[] = [];
	for (const transport of wish.transports ?? transports ?? ["quic"]) {
		for (const size of wish.viewers ?? sizes) {
			out.push({
				about: "cpu",
				number: "server_us_per_frame",
				fps: 60,
				frameBytes: 4000,
				groupFrames: 60,
				lossy: false,
				load: {},
				server: [],
				ours: [],
				targets: [],
				...fixed,
				id: `${name} ${hops ? "relays" : "N"}=${size} ${transport}`,
				viewers: hops ? 1 : size,
				relays: hops ? size : 1,
				transport,
				settleSeconds: wish.settleSeconds ?? family.settleSeconds ?? SETTLE_SECONDS,
				windowSeconds: wish.windowSeconds ?? family.windowSeconds ?? WINDOW_SECONDS,
				arms: wish.arms ?? family.arms ?? ["ours", "rust"],
			});
		}
	}
	return out;
}
