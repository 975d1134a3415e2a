/**
 * Where media is written to: a file, or standard output.
 * @module
 */
import { createWriteStream } from "node:fs";
import { CommandError } from "./command-error.ts";

/** A file or pipe that takes bytes in order. */
export interface Output {
	/** Resolves when the bytes are handed over. @throws CommandError when they can't be. */
	write(bytes: Uint8Array): Promise<void>;
	/** Everything written is out, and the file is closed. @throws CommandError */
	close(): Promise<void>;
}

/** The reader of a pipe went away: no error, but nothing more can be written. */
export class OutputClosed extends Error {
	override readonly name = "OutputClosed";
}

/** Open `path` when the first bytes come; "-" is standard output. */
export function openOutput(path: string): Output {
	return path === "-" ? new StreamOutput(() => process.stdout, "standard output") : fileOutput(path);
}

function fileOutput(path: string): Output {
	return new StreamOutput(() => createWriteStream(path), path);
}

class StreamOutput implements Output {
	readonly #open: () => NodeJS.WritableStream;
	readonly #name: string;
	#stream: NodeJS.WritableStream | undefined;
	#failure: Error | undefined;

	constructor(open: () => NodeJS.WritableStream, name: string) {
		this.#open = open;
		this.#name = name;
	}

	async write(bytes: Uint8Array): Promise<void> {
		const stream = this.#begin();
		await new Promise<void>((resolve, reject) => {
			if (this.#failure !== undefined) reject(this.#failure);
			else stream.write(bytes, (error) => (error ? reject(this.#explain(error)) : resolve()));
		});
	}

	async close(): Promise<void> {
		const stream = this.#stream;
		if (stream === undefined) return;
		if (this.#failure !== undefined) throw this.#failure;
		// Standard output is the process's, and every write has been awaited.
		if (stream === process.stdout) return;
		await new Promise<void>((resolve, reject) => {
			stream.once("close", resolve);
			stream.once("error", (error: Error) => reject(this.#explain(error)));
			stream.end();
		});
	}

	#begin(): NodeJS.WritableStream {
		if (this.#stream !== undefined) return this.#stream;
		this.#stream = this.#open();
		// A write reports its error to its own callback too; without a listener it would end the process.
		this.#stream.on("error", (error: Error) => {
			this.#failure ??= this.#explain(error);
		});
		return this.#stream;
	}

	#explain(error: Error): Error {
		const code = "code" in error ? String(error.code) : "";
		if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") return new OutputClosed(`${this.#name} was closed`);
		return new CommandError(`${this.#name} can't be written: ${REASONS[code] ?? code}`, { cause: error });
	}
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such folder",
	EACCES: "permission denied",
	EISDIR: "it is a folder",
	ENOSPC: "the disk is full",
	EROFS: "the disk is read-only",
};
