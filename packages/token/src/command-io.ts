/**
 * What the command touches outside itself: files, standard streams, the clock.
 * @module
 */
import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { KeyError } from "./token-error.ts";

/** The outside of the command; tests have another. A path of "-" is a standard stream. */
export interface CommandIo {
	/** @throws KeyError saying why a file cannot be read. */
	read(path: string): Promise<string>;
	/** Replaces a file as a whole; `mode` holds from its first byte on. @throws KeyError saying why not. */
	write(path: string, content: string, mode: number): Promise<void>;
	/** Prints a line. */
	print(line: string): void;
	/** Prints a line to standard error. */
	complain(line: string): void;
	/** Wall-clock milliseconds. */
	nowMs(): number;
}

/** The process's own files and streams. */
export const processIo: CommandIo = {
	async read(path) {
		if (path === "-") return text(process.stdin);
		try {
			return await readFile(path, "utf8");
		} catch (error) {
			throw new KeyError(`${path} cannot be read: ${reason(error)}`);
		}
	},
	async write(path, content, mode) {
		// A relay that watches the file must never see half a key.
		const draft = `${path}.${randomUUID()}`;
		try {
			await writeFile(draft, content, { mode, flag: "wx" });
			await rename(draft, path);
		} catch (error) {
			await rm(draft, { force: true });
			throw new KeyError(`${path} cannot be written: ${reason(error)}`);
		}
	},
	print(line) {
		process.stdout.write(`${line}\n`);
	},
	complain(line) {
		process.stderr.write(`${line}\n`);
	},
	nowMs: () => Date.now(),
};

function reason(error: unknown): string {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	return REASONS[code] ?? (code === "" ? "unknown reason" : code);
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file or folder",
	EACCES: "permission denied",
	EISDIR: "it is a folder",
	ENOTDIR: "a part of the path is no folder",
};
