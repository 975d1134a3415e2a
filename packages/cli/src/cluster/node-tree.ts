/**
 * A cluster drawn as a tree, a line for each relay.
 * @module
 */
import type { NodeLink, NodesReport, ReportedNode } from "./nodes-report.ts";

/** The lines: relays under their parents, and after the trees those that stand in none. */
export function drawNodes(report: NodesReport): readonly string[] {
	const named = new Map(report.nodes.map((node) => [node.node, node]));
	const self = report.self.node ?? guessSelf(report);
	const children = new Map<string, string[]>();
	for (const { node, parent } of report.nodes) {
		if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), node].toSorted());
	}
	const label = (name: string): string => {
		const text = name === self ? [`${name} (this relay)`, broadcasts(report)] : [name];
		const node = named.get(name);
		return [...text, ...(node === undefined ? [] : facts(node))].filter((part) => part !== "").join(" · ");
	};
	const drawn = new Set<string>();
	const lines: string[] = [];
	const draw = (name: string, stems: readonly [string, string]): void => {
		lines.push(stems[0] + label(name));
		drawn.add(name);
		const below = (children.get(name) ?? []).filter((child) => !drawn.has(child));
		below.forEach((child, at) => {
			const isLast = at === below.length - 1;
			draw(child, [`${stems[1]}${isLast ? "└─ " : "├─ "}`, `${stems[1]}${isLast ? "   " : "│  "}`]);
		});
	};
	for (const root of rootsOf(children, named)) draw(root, ["", ""]);
	if (self === undefined) lines.unshift(["this relay", broadcasts(report)].filter((part) => part !== "").join(" · "));
	else if (!drawn.has(self)) draw(self, ["", ""]);
	// Also those whose parents go round in a circle, which passes.
	for (const { node } of report.nodes) if (!drawn.has(node)) draw(node, ["", ""]);
	return lines;
}

/** Parents that have no parent themselves. */
function rootsOf(
	children: ReadonlyMap<string, readonly string[]>,
	named: ReadonlyMap<string, ReportedNode>,
): readonly string[] {
	return [...children.keys()].filter((name) => named.get(name)?.parent === undefined).toSorted();
}

/** A root may have no name of its own: then it is the parent that nobody else is, of those that dialled it. */
function guessSelf({ nodes }: NodesReport): string | undefined {
	const known = new Set(nodes.map(({ node }) => node));
	const near = nodes.filter(({ links }) => links.some(({ direction }) => direction === "in"));
	const parents = new Set(near.flatMap(({ parent }) => (parent === undefined || known.has(parent) ? [] : [parent])));
	return parents.size === 1 ? [...parents][0] : undefined;
}

function facts({ role, hops, routes, links }: ReportedNode): readonly string[] {
	const rtts = links.flatMap(({ rttMs }) => rttMs ?? []);
	const far = links.length === 0 && hops !== undefined ? `${count(hops, "hop")} away` : "";
	return [
		role ?? "",
		rtts.length === 0 ? "" : `rtt ${Math.min(...rtts).toFixed(1)} ms`,
		links.length === 0 ? far : `${count(links.length, "link")} (${[...new Set(links.map(describeLink))].join("; ")})`,
		routes === 0 ? "" : count(routes, "route"),
		copies(links),
	];
}

function describeLink({ direction, transport, version }: NodeLink): string {
	return `${direction}, ${transport}, ${version}`;
}

function copies(links: readonly NodeLink[]): string {
	const out = links.reduce((sum, { copiesOut }) => sum + copiesOut, 0);
	const taken = links.reduce((sum, { copiesIn }) => sum + copiesIn, 0);
	const parts = [out > 0 ? `${out} out` : "", taken > 0 ? `${taken} in` : ""].filter((part) => part !== "");
	return parts.length === 0 ? "" : `copies ${parts.join(", ")}`;
}

function broadcasts({ self }: NodesReport): string {
	return self.broadcasts === undefined ? "" : count(self.broadcasts, "broadcast");
}

function count(number: number, what: string): string {
	return `${number} ${what}${number === 1 ? "" : "s"}`;
}
