/**
 * What a relay says of its cluster at `/nodes` of its internal listener.
 * @module
 */

/** One session with another relay. */
export interface NodeLink {
	readonly direction: "in" | "out";
	readonly transport: string;
	readonly version: string;
	readonly rttMs: number | undefined;
	/** Tracks that this relay sends over the link. */
	readonly copiesOut: number;
	/** Tracks that this relay takes over the link. */
	readonly copiesIn: number;
}

/** One relay, as the one that was asked sees it. */
export interface ReportedNode {
	/** Its URL, or its address where it has no name. */
	readonly node: string;
	readonly role: string | undefined;
	/** URL of the relay that it takes media from. */
	readonly parent: string | undefined;
	/** Relays between it and the one that was asked; undefined where it is not announced. */
	readonly hops: number | undefined;
	/** Broadcasts that come from it. */
	readonly routes: number;
	readonly links: readonly NodeLink[];
}

/** The relay that was asked, and the others that it knows. */
export interface NodesReport {
	readonly self: { readonly node: string | undefined; readonly broadcasts: number | undefined };
	readonly nodes: readonly ReportedNode[];
}

/** Read an answer; undefined when it is not one of a relay. What is missing in a node is left open. */
export function parseNodesReport(text: string): NodesReport | undefined {
	const answer = parseJson(text);
	const nodes = isRecord(answer) ? answer["nodes"] : undefined;
	if (!isRecord(answer) || !Array.isArray(nodes)) return undefined;
	const self = isRecord(answer["self"]) ? answer["self"] : {};
	return {
		self: { node: textOf(self["node"]), broadcasts: numberOf(self["broadcasts"]) },
		nodes: nodes.filter(isRecord).map(parseNode),
	};
}

function parseNode(node: Fields): ReportedNode {
	const announced = isRecord(node["announced"]) ? node["announced"] : {};
	const connections: readonly unknown[] = Array.isArray(node["connections"]) ? node["connections"] : [];
	return {
		node: textOf(node["node"]) ?? "?",
		role: textOf(node["role"]),
		parent: textOf(node["parent"]),
		hops: numberOf(announced["hop_count"]),
		routes: numberOf(node["routes"]) ?? 0,
		links: connections.filter(isRecord).map(parseLink),
	};
}

function parseLink(link: Fields): NodeLink {
	return {
		direction: link["direction"] === "out" ? "out" : "in",
		transport: textOf(link["transport"]) ?? "?",
		version: textOf(link["version"]) ?? "?",
		rttMs: numberOf(link["rtt_ms"]) || undefined,
		copiesOut: numberOf(link["subscriptions_out"]) ?? 0,
		copiesIn: numberOf(link["subscriptions_in"]) ?? 0,
	};
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names come from other relays, so what could move a terminal's cursor is shown as it is written in JSON. */
function textOf(value: unknown): string | undefined {
	if (typeof value !== "string" || value === "") return undefined;
	return value.replaceAll(/\p{Cc}/gu, (char) => JSON.stringify(char).slice(1, -1));
}

function numberOf(value: unknown): number | undefined {
	return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Whoever asks says what the answer should have been.
		return undefined;
	}
}
