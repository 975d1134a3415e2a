/**
 * What follows from the numbers of a run: memory per viewer, CPU per join, how much worse others fare, slopes.
 * @module
 */
import type { Cell } from "./cell.ts";
import type { Second } from "./measurement.ts";
import { slope } from "./statistics.ts";

/** Part of a soak's window that counts as warming up. */
const WARM_UP = 0.2;

/** Further numbers, each only where what it needs was measured. */
export function derived(
	numbers: Readonly<Record<string, number>>,
	bySecond: readonly Second[],
	cell: Pick<Cell, "viewers">,
): Record<string, number> {
	const out: Record<string, number> = {};
	const put = (name: string, value: number): void => {
		if (Number.isFinite(value)) out[name] = value;
	};
	const at = (name: string): number => numbers[name] ?? Number.NaN;
	// Where a few viewers came first, so that the relay's own growth is not counted for those who follow.
	const before = numbers["rss_warm_kb"] ?? at("server_rss_kb_before");
	const grown = at("rss_active_kb") - before;
	put("kb_per_viewer", grown / cell.viewers);
	put("idle_kb_per_connection", (at("rss_idle_kb") - before) / at("connections"));
	put("residue_share", (at("rss_left_kb") - before) / grown);
	put("us_per_join", perJoin(at, "server_us"));
	put("main_us_per_join", perJoin(at, "main_us"));
	put("storm_p99_ratio", at("storm_p99_ms") / at("p99_ms"));
	put("slow_p99_ratio", at("slow_p99_ms") / at("p99_ms"));
	put("slow_growth_kb", at("rss_slow_kb") - at("rss_active_kb"));
	const quiet = at("engine_us") / at("frames");
	put("web_engine_ratio", at("beside_engine_us") / at("beside_frames") / quiet);
	const webUs = at("beside_server_us") - at("server_us") * (at("beside_seconds") / at("seconds"));
	put("us_per_web_frame", webUs / at("beside_web_frames"));
	const warm = bySecond.slice(Math.floor(bySecond.length * WARM_UP)).map((second) => second[4]);
	if (warm.length > 30) put("rss_kb_per_minute", slope(warm) * 60);
	return out;
}

/**
 * CPU of the storm per late viewer, without what time and frames cost: both are known from the window before it, with few
 * viewers, and the one after it, with all of them.
 */
function perJoin(at: (name: string) => number, cpu: string): number {
	const rate = (prefix: string, name: string): number => at(`${prefix}${name}`) / at(`${prefix}seconds`);
	const frames = (prefix: string): number =>
		rate(prefix, "frames") + (prefix === "" ? 0 : rate(prefix, "others_frames"));
	const perFrame = (rate("after_", cpu) - rate("", cpu)) / (frames("after_") - frames(""));
	const standing = rate("", cpu) - perFrame * frames("");
	const flow = standing * at("storm_seconds") + perFrame * (at("storm_frames") + at("storm_others_frames"));
	return (at(`storm_${cpu}`) - flow) / at("storm_joins");
}
