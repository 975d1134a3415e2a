/**
 * `moq cluster status`: the cluster as one of its relays sees it.
 * @module
 */
import { drawNodes } from "../cluster/node-tree.ts";
import { parseNodesReport } from "../cluster/nodes-report.ts";
import type { CommandContext } from "../command-context.ts";
import { CommandError } from "../command-error.ts";
import { STATUS_ANSWER_BYTES_MAX, STATUS_ANSWER_MS_MAX } from "../limits.ts";
import type { TextStream } from "../terminal.ts";

/** What is asked for. */
export interface ClusterStatusRequest {
	/** Where a relay's internal listener is: a URL or `host:port`. */
	readonly url: string;
	/** Print the relay's answer instead of a tree. */
	readonly json: boolean;
	readonly out: TextStream;
	/** Default the global one. */
	readonly fetch?: typeof fetch;
}

/** Ask a relay, and print its answer. @throws CommandError with one line when nobody answers, or no relay does */
export async function clusterStatus(request: ClusterStatusRequest, { signal }: CommandContext): Promise<void> {
	const url = nodesUrl(request.url);
	const text = await ask(url, request.fetch ?? fetch, signal);
	const report = parseNodesReport(text);
	if (report === undefined) throw notInternal(url, "its /nodes is no list of relays");
	if (request.json) request.out.write(`${JSON.stringify(JSON.parse(text), undefined, 2)}\n`);
	else for (const line of drawNodes(report)) request.out.write(`${line}\n`);
}

async function ask(url: URL, fetchNodes: typeof fetch, stopped: AbortSignal): Promise<string> {
	const signal = AbortSignal.any([stopped, AbortSignal.timeout(STATUS_ANSWER_MS_MAX)]);
	let response: Response;
	try {
		// Whoever sends us elsewhere is no relay.
		response = await fetchNodes(url, { signal, redirect: "manual" });
		if (response.ok) return await readAll(response);
	} catch (error) {
		if (error instanceof CommandError) throw error;
		throw new CommandError(`nobody answers at ${url.origin}: ${reasonOf(error)}`, { cause: error });
	}
	throw notInternal(url, `GET /nodes answers ${response.status}`);
}

async function readAll(response: Response): Promise<string> {
	const parts: Uint8Array[] = [];
	let bytes = 0;
	for await (const part of response.body ?? []) {
		bytes += part.byteLength;
		if (bytes > STATUS_ANSWER_BYTES_MAX) throw new CommandError("the answer is too long for one of a relay");
		parts.push(part);
	}
	return Buffer.concat(parts).toString("utf8");
}

function nodesUrl(text: string): URL {
	const url = URL.parse(text.includes("://") ? text : `http://${text}`);
	if (url === null || !/^https?:$/.test(url.protocol)) {
		throw new CommandError("that is no address of a relay's internal listener, such as http://127.0.0.1:9101");
	}
	return new URL("/nodes", url.origin);
}

function notInternal(url: URL, why: string): CommandError {
	const hint = "give the address of its [internal] listen, such as http://127.0.0.1:9101";
	return new CommandError(`${url.origin} is not a relay's internal endpoint: ${why}; ${hint}`);
}

/** fetch says only that it failed; why is in the cause. */
function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	if (error.name === "TimeoutError") return `no answer within ${STATUS_ANSWER_MS_MAX / 1000} s`;
	const { cause } = error;
	const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
	return REASONS[code] ?? (cause instanceof Error && cause.message !== "" ? cause.message : error.message);
}

const REASONS: Readonly<Record<string, string>> = {
	ECONNREFUSED: "nobody listens there",
	ENOTFOUND: "the name is unknown",
	ECONNRESET: "the connection was reset",
	UND_ERR_SOCKET: "it does not speak HTTP",
};
