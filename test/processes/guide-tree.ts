/** The guide's cluster as processes: one origin, regionals under it, edges under these. */
import assert from "node:assert/strict";
import { eventually } from "../rust/eventually.ts";
import { type GuideFile, GuideFolder, type GuideSeat } from "./guide-folder.ts";
import type { RelayNode, SeenNode } from "./relay-node.ts";

/** A hang, not a speed, in ms. */
const FORM_MS = 60_000;

/** How many relays of each kind, and where they stand. */
export interface TreeShape {
	readonly regionals: number;
	readonly edges: number;
	readonly seat?: (file: GuideFile, at: number) => GuideSeat;
	/** Names that the certificate is for. */
	readonly hosts?: readonly string[];
}

/** A running tree. */
export class GuideTree implements AsyncDisposable {
	readonly folder: GuideFolder;
	readonly origin: RelayNode;
	readonly regionals: readonly RelayNode[];
	readonly edges: readonly RelayNode[];

	private constructor(folder: GuideFolder, [origin, regionals, edges]: readonly [RelayNode, RelayNode[], RelayNode[]]) {
		this.folder = folder;
		this.origin = origin;
		this.regionals = regionals;
		this.edges = edges;
	}

	/** Start the origin, then everybody else at once; resolves when all answer, whether or not they have found their places. */
	static async start({ regionals, edges, seat = () => ({}), hosts }: TreeShape): Promise<GuideTree> {
		const folder = await GuideFolder.create(hosts);
		try {
			const origin = await folder.add("origin", seat("origin", 0));
			const lower: [RelayNode[], RelayNode[]] = [[], []];
			for (let at = 0; at < regionals; at++) lower[0].push(await folder.add("regional", seat("regional", at)));
			for (let at = 0; at < edges; at++) lower[1].push(await folder.add("edge", seat("edge", at)));
			await origin.start();
			await Promise.all(lower.flat().map((node) => node.start()));
			return new GuideTree(folder, [origin, ...lower]);
		} catch (error) {
			await folder[Symbol.asyncDispose]();
			throw error;
		}
	}

	get all(): readonly RelayNode[] {
		return [this.origin, ...this.regionals, ...this.edges];
	}

	/** Resolves when every running relay below the origin has the place that the guide draws, as all of them see it. */
	async formed(deadlineMs: number = FORM_MS): Promise<void> {
		const running = this.all.filter((node) => node.isRunning);
		await eventually(async () => {
			const views = await Promise.all(running.map(async (node) => ({ node, seen: await node.nodes() })));
			for (const { node, seen } of views) {
				this.#checkPlaces(parentsIn(seen));
				if (node !== this.origin) this.#checkLinks(node, seen);
			}
		}, deadlineMs);
	}

	/** Parents as the first running relay sees them, for failure messages. */
	async drawn(): Promise<string> {
		const parents = parentsIn(await (this.all.find((node) => node.isRunning) ?? this.origin).nodes());
		const nameOf = (url: string | undefined): string =>
			this.all.find((node) => node.url === url)?.plan.name ?? String(url);
		return [...parents].map(([node, parent]) => `${nameOf(node)} under ${nameOf(parent)}`).join(", ");
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.folder[Symbol.asyncDispose]();
	}

	/** A link to the root for names, one to the parent for everything, and none that is being left. */
	#checkLinks(node: RelayNode, seen: readonly SeenNode[]): void {
		const parent = seen.find((one) => one.node === node.url)?.parent ?? "nobody";
		const dialled = seen.flatMap((one) => {
			return one.connections.filter(({ direction }) => direction === "out").map(() => one.node);
		});
		assert.deepEqual(dialled.toSorted(), [this.origin.url, parent].toSorted(), `links of ${node.plan.name}`);
	}

	#checkPlaces(parents: ReadonlyMap<string, string | undefined>): void {
		const regionals = this.regionals.filter((node) => node.isRunning);
		const edges = this.edges.filter((node) => node.isRunning);
		for (const { url, plan } of regionals) assert.equal(parents.get(url), this.origin.url, `${plan.name} is astray`);
		const counts = regionals.map(({ url }) => edges.filter((edge) => parents.get(edge.url) === url).length);
		assert.equal(
			counts.reduce((sum, count) => sum + count, 0),
			edges.length,
			`edges under regionals: ${counts.join()}`,
		);
		const even = Math.max(...counts) - Math.min(...counts) <= 1;
		assert.ok(even, `edges under regionals: ${counts.join()}`);
		for (const node of parents.keys()) {
			assert.ok(
				this.all.some(({ url, isRunning }) => isRunning && url === node),
				`${node} is a ghost`,
			);
		}
	}
}

/** Parents by relay, of those that have said where they stand. */
function parentsIn(nodes: readonly SeenNode[]): ReadonlyMap<string, string | undefined> {
	return new Map(nodes.filter(({ role }) => role !== undefined).map(({ node, parent }) => [node, parent]));
}
