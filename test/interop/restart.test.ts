/**
 * A publisher that dies and comes again under the same name goes on for its viewers, whoever publishes and whoever watches.
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { RelayProcess } from "../relay-process.ts";
import { groupFacts, TRACKS } from "./content.ts";
import { type PeerLine, PeerProcess } from "./peer-process.ts";
import { REPRESENTATIVES, type Variant, variantName } from "./variant.ts";

/** Lives of a publisher: the first, and three restarts. */
const LIVES = 4;
/** Groups that a life publishes before it ends. */
const GROUPS_EACH = 2;

describe("relay", () => {
	let relay: RelayProcess;
	before(async () => {
		relay = await RelayProcess.start();
	});
	after(() => relay.stop());

	for (const publisher of REPRESENTATIVES) {
		test(`relay: viewers go on when ${variantName(publisher)} is killed and comes again`, async () => {
			await outlive({ relay, publisher, broadcast: `killed ${variantName(publisher)}`, die: "SIGKILL" });
		});

		test(`relay: viewers go on when ${variantName(publisher)} comes again while its old session hangs`, async () => {
			await outlive({ relay, publisher, broadcast: `hung ${variantName(publisher)}`, die: "SIGSTOP" });
		});
	}

	test("relay: the check fails when nobody comes again", async () => {
		const [publisher] = REPRESENTATIVES;
		assert.ok(publisher !== undefined);
		await using viewers = follow({ relay, broadcast: "gone" });
		await using life = await begin({ relay, publisher, broadcast: "gone", seed: 1 });
		await hasArrived(viewers, 1);
		life.signal("SIGKILL");
		await assert.rejects(hasArrived(viewers, 2, 500), /no life 2 at every viewer/);
	});
});

interface Scene {
	readonly relay: RelayProcess;
	readonly broadcast: string;
}

/** One publisher after the other, each with content of its own, all of which must arrive at viewers that never reconnect. */
async function outlive(scene: Scene & { publisher: Variant; die: "SIGKILL" | "SIGSTOP" }): Promise<void> {
	await using stack = new AsyncDisposableStack();
	const viewers = stack.use(follow(scene));
	const lives: PeerProcess[] = [];
	for (let seed = 1; seed <= LIVES; seed++) {
		const life = stack.use(await begin({ ...scene, seed }));
		await hasArrived(viewers, seed);
		// Dead, or silent on an open connection until the end of the test.
		life.signal(scene.die);
		lives.push(life);
	}
	const closed = viewers.lines.filter((line) => line.event === "closed");
	assert.deepEqual(closed, [], "a viewer lost its connection");
	for (const life of lives) life.signal("SIGKILL");
}

function follow({ relay, broadcast }: Scene): PeerProcess {
	const url = relay.url("/restart").href;
	return new PeerProcess({ role: "follow", variants: REPRESENTATIVES, url, broadcast, seed: 0 });
}

/** A publisher that has published its groups to somebody. */
async function begin(scene: Scene & { readonly publisher: Variant; readonly seed: number }): Promise<PeerProcess> {
	const url = scene.relay.url("/restart").href;
	const { broadcast, seed } = scene;
	const life = new PeerProcess({ role: "publish", variants: [scene.publisher], url, broadcast, seed });
	await life.until("demand", (lines) => lines.some((line) => line.event === "demand"));
	life.tell(`go ${GROUPS_EACH}`);
	return life;
}

/** Wait until every viewer has the newest group of every track of this life. */
async function hasArrived(viewers: PeerProcess, seed: number, deadlineMs?: number): Promise<void> {
	const newest = TRACKS.map((track) => groupFacts({ seed, track, group: GROUPS_EACH - 1 }).sha256);
	const has = (lines: readonly PeerLine[], viewer: Variant, sha256: string): boolean =>
		lines.some((line) => line.event === "group" && line.sha256 === sha256 && line.peer === variantName(viewer));
	await viewers.until(
		`life ${seed} at every viewer`,
		(lines) => REPRESENTATIVES.every((viewer) => newest.every((sha256) => has(lines, viewer, sha256))),
		deadlineMs,
	);
}
