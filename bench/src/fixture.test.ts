/** Runs made by hand. @module */
import type { ArmName } from "./arm.ts";
import { type Cell, cells } from "./cell.ts";
import type { Environment } from "./environment.ts";
import { FAMILIES } from "./families.ts";
import type { Measurement } from "./measurement.ts";

/** Numbers that pass every gate. */
export const GOOD: Readonly<Record<string, number>> = {
	connections: 10,
	seconds: 12,
	frames: 7200,
	delivered_share: 1,
	receive_errors: 0,
	steal_share: 0,
	foreign_cpu_share: 0,
	load_cpu_share: 0.5,
	publisher_late_p99_ms: 0.2,
	server_us_per_frame: 10,
};

/** The first cell of a family. */
export function cellOf(name: string): Cell {
	const family = FAMILIES[name];
	const cell = family === undefined ? undefined : cells(name, family, {})[0];
	if (cell === undefined) throw new RangeError(name);
	return cell;
}

/** One run. */
export function run(arm: ArmName, round: number, changes: Partial<Measurement> = {}): Measurement {
	return {
		cell: cellOf("fan-sd"),
		arm,
		round,
		numbers: GOOD,
		bySecond: [],
		refusals: [],
		failure: undefined,
		...changes,
	};
}

/** A run with another CPU per frame. */
export function costing(arm: ArmName, round: number, us: number): Measurement {
	return run(arm, round, { numbers: { ...GOOD, server_us_per_frame: us } });
}

/** A machine. */
export const MACHINE: Environment = {
	date: "2026-01-01",
	command: "npm run bench -- fan-sd",
	commit: "abc1234",
	changed: 0,
	cores: 2,
	model: "Some <Processor>",
	memoryGib: 4,
	kernel: "6.18",
	node: "v24",
	rust: "moq-relay 0.14.12",
};
