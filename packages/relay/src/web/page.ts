/**
 * A folder of static files at `/`: the demo page, or whatever an operator puts there.
 * @module
 */
import { createReadStream, type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { ConfigError } from "../config/config-error.ts";
import type { Answer } from "../listen/answer.ts";
import { PAGE_CHUNK_BYTES, PAGE_FILES_MAX } from "./limits.ts";
import { HTML, TEXT } from "./reply.ts";

interface PageFile {
	readonly path: string;
	readonly bytes: number;
	readonly contentType: string;
}

/** The files that a folder held when it was opened; nothing else is served. */
export class Page {
	readonly #files: ReadonlyMap<string, PageFile>;

	private constructor(files: ReadonlyMap<string, PageFile>) {
		this.#files = files;
	}

	/** Look at a folder once. @throws ConfigError when it cannot be read, or has no `index.html`. */
	static async open(folder: string): Promise<Page> {
		let entries: Dirent[];
		try {
			entries = await readdir(folder, { recursive: true, withFileTypes: true });
		} catch {
			// Whatever the reason, what to do about it is the same.
			return fail(`${folder} is no folder that can be read`);
		}
		const regular = entries.filter((entry) => entry.isFile());
		if (regular.length > PAGE_FILES_MAX) fail(`${folder} has more than ${PAGE_FILES_MAX} files`);
		const files = new Map<string, PageFile>();
		for (const entry of regular) {
			const path = join(entry.parentPath, entry.name);
			const name = relative(folder, path).split(sep).join("/");
			const contentType = CONTENT_TYPES[extname(name)] ?? "application/octet-stream";
			files.set(`/${name}`, { path, bytes: (await stat(path)).size, contentType });
		}
		const index = files.get("/index.html");
		if (index === undefined) return fail(`${folder} has no index.html`);
		files.set("/", index);
		return new Page(files);
	}

	/** Whether there is a file for this path (without query). */
	has(path: string): boolean {
		return this.#files.has(path);
	}

	/** Answer with the file of a path that `has`. */
	serve(path: string, answer: Answer, bodiless: boolean): void {
		const file = this.#files.get(path);
		if (file === undefined) return answer.cut();
		const headers = { "content-type": file.contentType, "cache-control": "no-cache" };
		if (bodiless) {
			answer.head(200, { ...headers, "content-length": String(file.bytes) });
			answer.end();
			return;
		}
		// The length is not promised: the file may be rebuilt while it is sent.
		const stream = createReadStream(file.path, { highWaterMark: PAGE_CHUNK_BYTES });
		answer.follow({ onGone: () => stream.destroy(), onRoom: () => stream.resume() });
		let begun = false;
		stream.on("data", (chunk) => {
			if (!begun) answer.head(200, headers);
			begun = true;
			if (!answer.write(chunk as Buffer)) stream.pause();
		});
		stream.on("end", () => {
			if (!begun) answer.head(200, headers);
			answer.end();
		});
		stream.on("error", () => answer.cut());
	}
}

function fail(message: string): never {
	throw new ConfigError([{ origin: undefined, key: "web.page", message }]);
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
	".html": HTML,
	".js": "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".json": "application/json",
	".map": "application/json",
	".svg": "image/svg+xml",
	".png": "image/png",
	".ico": "image/x-icon",
	".wasm": "application/wasm",
	".mp4": "video/mp4",
	".woff2": "font/woff2",
	".txt": TEXT,
};
