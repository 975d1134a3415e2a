/**
 * What the numbers were measured on: the kind of machine and the versions, no names.
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { ROOT, rustRelay } from "./arm.ts";

/** A machine and the versions on it. */
export interface Environment {
	readonly date: string;
	readonly command: string;
	readonly commit: string;
	/** Files that differ from that commit. */
	readonly changed: number;
	readonly cores: number;
	readonly model: string;
	readonly memoryGib: number;
	readonly kernel: string;
	readonly node: string;
	/** What the Rust relay says it is; "not installed" where it is not. */
	readonly rust: string;
}

/** Describe this machine. `command` is what was typed. */
export function environment(command: string): Environment {
	const git = (...args: string[]): string => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
	const memory = /MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? "0";
	const changes = git("status", "--porcelain", "--untracked-files=no");
	const rust = rustRelay();
	return {
		date: new Date().toISOString().slice(0, 10),
		command,
		commit: git("rev-parse", "--short", "HEAD"),
		changed: changes === "" ? 0 : changes.split("\n").length,
		cores: cpus().length,
		model: cpus()[0]?.model ?? "?",
		memoryGib: Math.round(Number(memory) / 2 ** 20),
		kernel: release(),
		node: process.version,
		rust: rust === undefined ? "not installed" : execFileSync(rust, ["--version"], { encoding: "utf8" }).trim(),
	};
}
