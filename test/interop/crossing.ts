/**
 * One crossing: a publisher of one variant, viewers of many, a relay between them, and what must arrive.
 * @module
 */
import assert from "node:assert/strict";
import { ABORTED, GROUPS, groupFacts, TRACKS } from "./content.ts";
import type { ViewedGroup } from "./peer-event.ts";
import { type PeerLine, PeerProcess } from "./peer-process.ts";
import { carriesTimes, type Variant, variantName } from "./variant.ts";

/** Who meets whom, and where. */
export interface Crossing {
	readonly publishUrl: string;
	readonly viewUrl: string;
	readonly publisher: Variant;
	readonly viewers: readonly Variant[];
	readonly broadcast: string;
	readonly seed: number;
	/** The seed that the publisher is told; default `seed`. For negative controls. */
	readonly sentSeed?: number;
	/** Groups that a late joiner may have missed below the one that was newest when it came; 0 on a relay that caches it. */
	readonly lateGroupsMissed: number;
}

/**
 * Publish every group, with half of the viewers' variants joining again in the middle, and check all that they received.
 * @throws AssertionError naming viewer, track and group; Error when something hangs or a client fails.
 */
export async function cross(crossing: Crossing): Promise<void> {
	await using publisher = new PeerProcess({
		...crossing,
		role: "publish",
		seed: crossing.sentSeed ?? crossing.seed,
		variants: [crossing.publisher],
		url: crossing.publishUrl,
	});
	await publisher.until("connection", (lines) => lines.some((line) => line.event === "connected"));
	await using viewers = new PeerProcess({
		...crossing,
		role: "view",
		variants: crossing.viewers,
		url: crossing.viewUrl,
	});
	await publisher.until("demand", (lines) => lines.some((line) => line.event === "demand"));
	for (let until = 1; until <= HALF; until++) await step({ publisher, watching: [viewers], until, crossing });
	await using late = new PeerProcess({ ...crossing, role: "view", variants: crossing.viewers, url: crossing.viewUrl });
	const joined = crossing.viewers.length * TRACKS.length;
	await late.until("newest group at every late viewer", (lines) => groupsOf(lines, HALF - 1).length === joined);
	for (let until = HALF + 1; until <= GROUPS; until++) {
		await step({ publisher, watching: [viewers, late], until, crossing });
	}
	for (const viewer of crossing.viewers) {
		verify(crossing, viewer, { lines: viewers.lines, from: 0, missed: 0 });
		verify(crossing, viewer, { lines: late.lines, from: HALF - 1, missed: crossing.lateGroupsMissed });
	}
}

/** Publish the next group, and wait until everybody has it. */
async function step(scene: {
	readonly publisher: PeerProcess;
	readonly watching: readonly PeerProcess[];
	readonly until: number;
	readonly crossing: Crossing;
}): Promise<void> {
	const group = scene.until - 1;
	scene.publisher.tell(`go ${scene.until}`);
	await scene.publisher.until(`group ${group}`, (lines) =>
		lines.some((line) => line.event === "published" && line.until > group),
	);
	const expected = scene.crossing.viewers.length * (TRACKS.length - (group === ABORTED.group ? 1 : 0));
	for (const process of scene.watching) {
		try {
			await process.until(`group ${group} at every viewer`, (lines) => groupsOf(lines, group).length >= expected);
		} catch (error) {
			throw new Error(`${lacking(scene.crossing, process, group)} lack group ${group}`, { cause: error });
		}
	}
}

/** Which viewers have not got the group of which tracks. */
function lacking({ viewers }: Crossing, { lines }: PeerProcess, group: number): string {
	const got = groupsOf(lines, group);
	const names = viewers.map(variantName).flatMap((peer) => {
		const tracks = TRACKS.filter((track) => !got.some((seen) => seen.peer === peer && seen.track === track));
		return tracks.length === 0 ? [] : [`${peer} (${tracks.join()})`];
	});
	return names.join(", ");
}

/** What a viewer must have received from group `from` on. */
function verify(
	crossing: Crossing,
	viewer: Variant,
	received: { readonly lines: readonly PeerLine[]; readonly from: number; readonly missed: number },
): void {
	const name = variantName(viewer);
	const groups = received.lines.filter((line) => line.event === "group").filter((line) => line.peer === name);
	for (const track of TRACKS) {
		const whole = groups.filter((group) => group.track === track && group.end === "finished");
		const first = Math.min(...whole.map((group) => group.group ?? Number.POSITIVE_INFINITY));
		assert.ok(first >= 0 && first <= received.from + received.missed, `${name}: ${track} begins with group ${first}`);
		for (let group = first; group < GROUPS; group++) {
			const found = whole.filter((candidate) => candidate.group === group);
			if (track === ABORTED.track && group === ABORTED.group) {
				assert.deepEqual(found, [], `${name}: the group that was given up arrived whole`);
				continue;
			}
			assert.equal(found.length, 1, `${name}: ${track} group ${group} arrived ${found.length} times`);
			verifyGroup(crossing, { viewer, group: found[0] });
		}
		const numbers = whole.map((group) => group.sequence - (group.group ?? 0));
		assert.equal(new Set(numbers).size, 1, `${name}: ${track} groups are numbered unevenly`);
	}
}

function verifyGroup(
	crossing: Crossing,
	seen: { readonly viewer: Variant; readonly group: ViewedGroup | undefined },
): void {
	const { viewer, group } = seen;
	assert.ok(group?.group !== undefined);
	const name = { seed: crossing.seed, track: group.track, group: group.group };
	const what = `${variantName(viewer)}: ${group.track} group ${group.group}`;
	const expected = groupFacts(name);
	assert.equal(group.frames, expected.frames, `${what}: frames`);
	assert.equal(group.sha256, expected.sha256, `${what}: bytes`);
	if (carriesTimes(crossing.publisher, viewer)) assert.equal(group.wrongTimes, 0, `${what}: presentation times`);
}

function groupsOf(lines: readonly PeerLine[], group: number): (ViewedGroup & PeerLine)[] {
	return lines
		.filter((line) => line.event === "group")
		.filter((line) => line.group === group && line.end === "finished");
}

const HALF = GROUPS / 2;
