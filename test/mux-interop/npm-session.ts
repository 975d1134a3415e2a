/**
 * The released npm implementations of WebSocket framing, as far as these tests use them.
 * @module
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { MuxFraming } from "@moq-relay/wire";

/** A stream error of theirs; the code is there from 0.3 on. */
export interface NpmStreamError extends Error {
	readonly streamErrorCode?: number;
}

/** A session: W3C WebTransport. */
export interface NpmSession {
	readonly ready: Promise<unknown>;
	readonly closed: Promise<{ closeCode: number; reason: string }>;
	readonly incomingBidirectionalStreams: ReadableStream<NpmBidi>;
	readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
	readonly datagrams: {
		readonly readable: ReadableStream<Uint8Array>;
		readonly writable: WritableStream<Uint8Array>;
		readonly maxDatagramSize: number;
	};
	createBidirectionalStream(): Promise<NpmBidi>;
	createUnidirectionalStream(): Promise<WritableStream<Uint8Array>>;
	close(info?: { closeCode: number; reason: string }): void;
}

/** Both halves. */
export interface NpmBidi {
	readonly readable: ReadableStream<Uint8Array>;
	readonly writable: WritableStream<Uint8Array>;
}

interface QmuxModule {
	readonly default: {
		new (url: string, options?: object): NpmSession;
		accept(socket: unknown, options?: object): NpmSession;
	};
}

/** A released version: what it is called here, where it lies, and which framings it speaks. */
export interface NpmVersion {
	readonly name: string;
	readonly path: string;
	readonly framings: readonly MuxFraming[];
	/** Whether it carries codes of resets and stops, and datagrams. */
	readonly modern: boolean;
}

/** The versions that published clients carry. */
export const NPM_VERSIONS: readonly NpmVersion[] = [
	{
		name: "@moq/qmux 0.3.3",
		path: "@moq/qmux",
		framings: ["qmux-02", "qmux-01", "qmux-00", "webtransport"],
		modern: true,
	},
	{
		name: "@moq/qmux 0.1.3",
		path: "net019/node_modules/@moq/qmux",
		framings: ["qmux-01", "qmux-00", "webtransport"],
		modern: false,
	},
	{
		name: "@moq/qmux 0.0.6",
		path: "oldlite/node_modules/@moq/qmux",
		framings: ["qmux-00", "webtransport"],
		modern: false,
	},
];

/** The version's code, from the folder of third-party peers. */
export async function loadNpm(version: NpmVersion): Promise<QmuxModule["default"]> {
	const peers = createRequire(new URL("../peers/package.json", import.meta.url));
	const file = peers.resolve(`./node_modules/${version.path}/index.js`);
	const module = (await import(pathToFileURL(file).href)) as QmuxModule;
	return module.default;
}

/** Constructor options with which the version offers a framing. */
export function offerOf(framing: MuxFraming): object {
	if (framing === "webtransport") return {};
	return { protocols: ["test"], versions: { test: framing }, requireProtocol: true };
}
