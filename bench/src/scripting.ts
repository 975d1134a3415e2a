/**
 * What JavaScript costs: CPU of our relay's main thread, told apart by cells of different size.
 * @module
 */
import { isValid, type Measurement } from "./measurement.ts";
import { median } from "./statistics.ts";

/** The most that is good, in µs. */
const TARGETS = { group: 2, frame: 0.1, ingested: 8 } as const;

/** Main-thread µs per second of a cell, with what it did in a second. */
interface Load {
	readonly us: number;
	readonly frames: number;
	readonly groups: number;
	readonly ingested: number;
}

/**
 * Lines about the main thread: per delivered group (a stream per frame, small against large audience), per delivered and per
 * ingested frame (groups of 60). Empty unless `fan-sd` and `audio-1` ran with two sizes over QUIC.
 */
export function scripting(runs: readonly Measurement[]): string[] {
	const [audio, video] = [loads(runs, "audio-1"), loads(runs, "fan-sd")];
	const [few, many] = [audio[0], audio.at(-1)];
	const [small, large] = [video[0], video.at(-1)];
	if (few === undefined || many === undefined || small === undefined || large === undefined) return [];
	if (few.groups === many.groups || small.frames === large.frames) return [];
	const group = (many.us - few.us) / (many.groups - few.groups);
	const frame = (large.us - small.us - group * (large.groups - small.groups)) / (large.frames - small.frames);
	const ingested = (small.us - group * small.groups - frame * small.frames) / small.ingested;
	return [
		line("delivered group", group, TARGETS.group),
		line("delivered frame", frame, TARGETS.frame),
		line("ingested frame, timers and all else included", ingested, TARGETS.ingested),
	];
}

function line(per: string, us: number, most: number): string {
	return `W20 main thread: **${us <= most ? "met" : "MISSED"}** µs per ${per} ≤ ${most}: ${us.toFixed(2)}`;
}

function loads(runs: readonly Measurement[], name: string): Load[] {
	const mine = runs.filter((run) => run.arm === "ours" && isValid(run) && run.cell.id.startsWith(`${name} `));
	const quic = mine.filter((run) => run.cell.transport === "quic");
	const sizes = [...new Set(quic.map((run) => run.cell.viewers))].sort((a, b) => a - b);
	return sizes.map((size) => {
		const same = quic.filter((run) => run.cell.viewers === size);
		const per = (number: string): number =>
			median(same.map((run) => (run.numbers[number] ?? Number.NaN) / (run.numbers["seconds"] ?? Number.NaN)));
		const ingested = same[0]?.cell.fps ?? Number.NaN;
		return { us: per("main_us"), frames: per("frames"), groups: per("groups"), ingested };
	});
}
