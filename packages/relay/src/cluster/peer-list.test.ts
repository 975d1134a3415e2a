/** Lists of relays behind a URL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { VirtualClock } from "@moq-relay/testkit";
import { openLog } from "../ops/log.ts";
import { LIST_POLL_MS } from "./limits.ts";
import { PeerList, parsePeerList } from "./peer-list.ts";

test("PeerList asks a server every 30 s, says who asks, and keeps the last good list", async () => {
	const clock = new VirtualClock();
	const asked: string[] = [];
	const answers = ['["https://a/?jwt=x","https://self/"]', "no JSON", undefined, '["https://a/?jwt=x","b:4443"]'];
	const lists: (readonly string[])[] = [];
	const lines: string[] = [];
	const sink = { write: (line: string): void => void lines.push(line) };
	const log = openLog({ level: "info", format: "json", rustLog: undefined, terminal: false, sink, nowMs: () => 0 });
	const ask = async (url: unknown): Promise<Response> => {
		asked.push(String(url));
		const answer = answers.shift();
		return answer === undefined ? new Response("", { status: 500 }) : new Response(answer);
	};
	using _list = new PeerList({
		clock,
		log,
		place: "https://api.example/peers?x=1",
		self: "https://self/",
		timeoutMs: 1000,
		onPeers: (peers) => lists.push(peers.map(({ shown }) => shown)),
		fetch: ask,
	});
	for (let round = 0; round < 4; round++) {
		for (let at = 0; at < 20; at++) await turn();
		clock.run(clock.nowMs() + LIST_POLL_MS);
	}
	assert.deepEqual(lists, [["https://a/"], ["https://a/", "https://b:4443/"]]);
	assert.equal(asked[0], "https://api.example/peers?x=1&node=https%3A%2F%2Fself%2F");
	assert.equal(lines.filter((line) => line.includes('"warn"')).length, 2);
	assert.doesNotMatch(lines.join(""), /jwt/);
});

test("parsePeerList() takes JSON lists of URLs only, and repeats nothing of others", () => {
	assert.equal(parsePeerList("[]").length, 0);
	for (const bad of ["", "{}", '"https://secret/"', "[1]", '["https://secret/", null]', '["ftp://secret/"]']) {
		assert.throws(
			() => parsePeerList(bad),
			(error) => error instanceof Error && !error.message.includes("secret"),
			bad,
		);
	}
});
