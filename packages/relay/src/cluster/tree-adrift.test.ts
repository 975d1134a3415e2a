/** A child of the root that loses its link: what it says, whom it turns to, and when it waits. On virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as settled } from "node:timers/promises";
import { type Announcement, Origin } from "@moq-relay/core";
import { VirtualClock } from "@moq-relay/testkit";
import { parsePath } from "@moq-relay/wire";
import { openLog } from "../ops/log.ts";
import { formatPlace } from "./board.ts";
import type { LinkPlan } from "./cluster-link.ts";
import { announceName, TREE_PREFIX } from "./internal-names.ts";
import { AVOID_MS, LEARN_MS, MOVE_MS_MAX, ROOT_WAIT_MS } from "./limits.ts";
import { parseNode } from "./node-name.ts";
import { parsePeer } from "./peer.ts";
import { Tree, type TreeLink } from "./tree.ts";

const ROOT = "https://root/";
const SELF = "https://self/";
const OTHER = "https://other/";

/** A link that stands and falls as the test says. */
class ScriptedLink implements TreeLink {
	readonly plan: LinkPlan;
	isUp = false;
	isClosed = false;

	constructor(plan: LinkPlan) {
		this.plan = plan;
	}

	hurry(): void {}

	close(): void {
		this.isClosed = true;
	}

	turn(isUp: boolean): void {
		this.isUp = isUp;
		if (isUp) this.plan.onUp?.();
		else this.plan.onDown?.();
	}
}

class Scene implements Disposable {
	readonly clock = new VirtualClock();
	readonly origin: Origin = new Origin({ clock: this.clock, id: 1 });
	readonly links: ScriptedLink[] = [];
	readonly tree: Tree;
	#other: Announcement | undefined;

	constructor() {
		const [self, rootName] = [parseNode(SELF), parseNode(ROOT)];
		assert.ok(self !== undefined && rootName !== undefined);
		const sink = { write: () => {} };
		const log = openLog({ level: "error", format: "json", rustLog: undefined, terminal: false, sink, nowMs: () => 0 });
		const { clock, origin } = this;
		this.tree = new Tree({
			clock,
			log,
			origin,
			self,
			rootName,
			role: "regional",
			root: parsePeer(ROOT),
			prefix: "internal/origins",
			fanout: 16,
			link: (plan) => {
				const link = new ScriptedLink(plan);
				this.links.push(link);
				return link;
			},
			measure: async () => 1,
		});
	}

	get names(): ScriptedLink {
		return this.links[0] as ScriptedLink;
	}

	get newest(): ScriptedLink {
		return this.links.at(-1) as ScriptedLink;
	}

	/** Where the relay says that it stands. */
	get said(): readonly string[] {
		const own = `${TREE_PREFIX}/${encodeURIComponent(SELF)}/`;
		return this.origin.active(TREE_PREFIX).flatMap(({ path }) => (path.startsWith(own) ? [path] : []));
	}

	/** The other regional says where it stands. */
	other(parent: string | undefined): void {
		const before = this.#other;
		const path = parsePath(formatPlace(OTHER ?? "", { role: "regional", parent }));
		this.#other = announceName(this.origin, path);
		before?.close();
	}

	/** Join the root, whose child the other one is too. */
	async join(): Promise<void> {
		this.other(ROOT);
		this.names.turn(true);
		await this.pass(LEARN_MS);
		assert.equal(this.tree.parent, ROOT);
		this.newest.turn(true);
	}

	/** The root is silent on both links. */
	lose(): void {
		this.names.turn(false);
		this.newest.turn(false);
	}

	async pass(ms: number): Promise<void> {
		let isOver = false;
		this.clock.after(ms, () => {
			isOver = true;
		});
		await this.clock.settle(() => isOver);
		await settled();
	}

	[Symbol.dispose](): void {
		this.tree[Symbol.dispose]();
	}
}

test("Tree takes from a relay that still has the root when its own link to it is lost, and returns", async () => {
	using scene = new Scene();
	await scene.join();
	scene.lose();
	assert.deepEqual(scene.said, [formatPlace(SELF ?? "", { role: "regional", parent: undefined })]);
	assert.equal(scene.links.length, 2);
	await scene.pass(ROOT_WAIT_MS);
	assert.deepEqual([scene.tree.parent, scene.newest.plan.kind, scene.links.length], [OTHER, "parent", 3]);
	const [, toRoot, toOther] = scene.links as [ScriptedLink, ScriptedLink, ScriptedLink];
	toOther.turn(true);
	await scene.pass(AVOID_MS);
	assert.deepEqual([toRoot.isClosed, toOther.isClosed, scene.links.length], [true, false, 3]);
	scene.names.turn(true);
	await scene.pass(LEARN_MS + MOVE_MS_MAX);
	assert.deepEqual([scene.tree.parent, scene.links.length], [ROOT, 4]);
	scene.newest.turn(true);
	await scene.pass(MOVE_MS_MAX);
	assert.equal(toOther.isClosed, true);
	assert.deepEqual(scene.said, [formatPlace(SELF ?? "", { role: "regional", parent: ROOT })]);
});

test("Tree waits for the root when the others have lost it too, and keeps what it has", async () => {
	using scene = new Scene();
	await scene.join();
	scene.lose();
	scene.other(undefined);
	await scene.pass(AVOID_MS);
	const [, toRoot] = scene.links as [ScriptedLink, ScriptedLink];
	assert.deepEqual([scene.tree.parent, scene.links.length, toRoot.isClosed], [ROOT, 2, false]);
	scene.names.turn(true);
	toRoot.turn(true);
	await scene.pass(LEARN_MS + MOVE_MS_MAX);
	assert.deepEqual([scene.tree.parent, scene.links.length], [ROOT, 2]);
	assert.deepEqual(scene.said, [formatPlace(SELF ?? "", { role: "regional", parent: ROOT })]);
});

test("Tree stays with the root when its link is back before the others have said anything", async () => {
	using scene = new Scene();
	await scene.join();
	scene.lose();
	await scene.pass(ROOT_WAIT_MS / 2);
	scene.names.turn(true);
	scene.newest.turn(true);
	await scene.pass(AVOID_MS);
	assert.deepEqual([scene.tree.parent, scene.links.length], [ROOT, 2]);
});
