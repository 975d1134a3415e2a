/**
 * `[stats]`, `[cache]` and `[iroh]`.
 * @module
 */
import { count, duration, optional, size, text, toggle } from "./kind.ts";
import { RELOAD_SOCKET, RELOAD_START } from "./reload.ts";
import { setting, type Table, table } from "./setting.ts";
import type { Size } from "./size.ts";

/** `[stats]`: the statistics broadcast. */
export interface StatsConfig {
	readonly enabled: boolean;
	readonly prefix: string;
	readonly intervalMs: number;
	readonly node: string | undefined;
	/** Path segments that statistics are split by. */
	readonly depth: number;
}

/** `[cache]`: how much of the recent past is kept. */
export interface CacheConfig {
	readonly capacity: Size | undefined;
	/** Memory to leave free. */
	readonly headroom: Size | undefined;
	readonly durationMs: number | undefined;
}

/** `[iroh]`: accepted so that files of the reference load; never served. */
export interface IrohConfig {
	readonly enabled: boolean;
	readonly secret: string | undefined;
	readonly bindV4: string | undefined;
	readonly bindV6: string | undefined;
	readonly disableRelay: boolean;
}

const NO_STATS = "no statistics broadcast is published";
const NO_IROH = "iroh is not supported; use server.bind";

/** The settings of `[stats]`. */
export const statsTable: Table<StatsConfig> = table(
	{ doc: "Statistics as a broadcast" },
	{
		enabled: setting(toggle(), { doc: "Publish it", fallback: false, reload: RELOAD_START, pending: NO_STATS }),
		prefix: setting(text("a path", "PATH"), {
			doc: "Where it is published",
			fallback: ".stats",
			reload: RELOAD_START,
			pending: NO_STATS,
		}),
		intervalMs: setting(duration(1000), {
			doc: "Time between reports; a bare number is seconds",
			key: "interval",
			fallback: "1s",
			reload: RELOAD_START,
			pending: NO_STATS,
		}),
		node: setting(optional(text("a name", "NAME")), {
			doc: "This relay's name in it",
			reload: RELOAD_START,
			pending: NO_STATS,
		}),
		depth: setting(count(0, 32), {
			doc: "Path segments that reports are split by",
			fallback: 0,
			reload: RELOAD_START,
			pending: NO_STATS,
		}),
	},
);

/** The settings of `[cache]`. */
export const cacheTable: Table<CacheConfig> = table(
	{ doc: "How much of the recent past is kept; the newest group of a track always is" },
	{
		capacity: setting(optional(size()), {
			doc: "Most memory for groups, overhead included",
			reload: RELOAD_START,
			pending: "the cache has its built-in size",
		}),
		headroom: setting(optional(size()), {
			doc: "Memory to leave free",
			reload: RELOAD_START,
			pending: "the cache has its built-in size",
		}),
		durationMs: setting(optional(duration()), {
			doc: "How long a group is kept once a newer one is there",
			key: "duration",
			reload: RELOAD_START,
			pending: "groups are kept for as long as their track says",
		}),
	},
);

/** The settings of `[iroh]`. */
export const irohTable: Table<IrohConfig> = table(
	{ doc: "Read so that files of the reference load; nothing of it is served" },
	{
		enabled: setting(toggle(), { doc: "Serve iroh", fallback: false, reload: RELOAD_SOCKET, pending: NO_IROH }),
		secret: setting(optional(text("a file or a key", "FILE")), {
			doc: "Secret key",
			secret: true,
			reload: RELOAD_SOCKET,
			pending: NO_IROH,
		}),
		bindV4: setting(optional(text("an address", "IP:PORT")), {
			doc: "IPv4 address",
			key: "bind_v4",
			reload: RELOAD_SOCKET,
			pending: NO_IROH,
		}),
		bindV6: setting(optional(text("an address", "IP:PORT")), {
			doc: "IPv6 address",
			key: "bind_v6",
			reload: RELOAD_SOCKET,
			pending: NO_IROH,
		}),
		disableRelay: setting(toggle(), {
			doc: "Use no iroh relays",
			fallback: false,
			reload: RELOAD_SOCKET,
			pending: NO_IROH,
		}),
	},
);
