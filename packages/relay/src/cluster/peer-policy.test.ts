import assert from "node:assert/strict";
import { test } from "node:test";
import { GRANT_ALL, mayPublish, maySubscribe } from "@moq-relay/core";
import { TokenError } from "@moq-relay/token";
import type { AuthRequest } from "../auth/authoriser.ts";
import { PeerPolicy } from "./peer-policy.ts";

const LISTEN = { host: "10.0.0.1", port: 4443 };
const VIEWER = { root: "", publish: [], subscribe: ["demo"], cluster: false };

function request(door: AuthRequest["door"], names: readonly string[] = []): AuthRequest {
	const certificate =
		names.length === 0 ? {} : { peerCertificate: "ab".repeat(32), peerIdentity: { names, notAfterMs: 1 } };
	return { path: "/", door, transport: "quic", remote: "10.0.0.2:1", ...certificate };
}

test("PeerPolicy without cluster.listen and rules changes nothing", () => {
	const policy = new PeerPolicy({ listen: undefined, public: false, peers: [] });
	for (const grant of [GRANT_ALL, VIEWER]) assert.equal(policy.admit(request("public"), grant, grant.cluster), grant);
});

test("PeerPolicy keeps relays off the public listeners, viewers off that for relays", () => {
	const policy = new PeerPolicy({ listen: LISTEN, public: false, peers: [] });
	assert.throws(() => policy.admit(request("public"), GRANT_ALL, true), isRefusal);
	assert.throws(() => policy.admit(request(undefined), GRANT_ALL, true), isRefusal);
	assert.throws(() => policy.admit(request("cluster"), VIEWER, false), isRefusal);
	assert.equal(policy.admit(request("cluster"), GRANT_ALL, true).cluster, true);
	assert.equal(
		policy.admit(request("public"), GRANT_ALL, false).cluster,
		false,
		"a token for everything is a person's",
	);
	assert.deepEqual(policy.admit(request("public"), VIEWER, false), VIEWER);
	const both = new PeerPolicy({ listen: LISTEN, public: true, peers: [] });
	assert.equal(both.admit(request("public"), GRANT_ALL, true).cluster, true);
});

test("PeerPolicy takes the rule of the whole name, then of the longest wildcard, then of everybody", () => {
	const rule = (name: string) => ({ name, publish: [name], subscribe: [""] });
	const names = ["*", "*.internal", "*.eu.internal", "a.eu.internal", "ab".repeat(32)];
	const policy = new PeerPolicy({ listen: undefined, public: false, peers: names.map(rule) });
	const publishes = (...given: string[]): string | undefined => policy.restrict(GRANT_ALL, given).publish[0];
	assert.equal(publishes("A.eu.internal"), "a.eu.internal");
	assert.equal(publishes("b.eu.internal"), "*.eu.internal");
	assert.equal(publishes("b.internal"), "*.internal");
	assert.equal(publishes("x.b.internal"), "*", "a wildcard stands for one part");
	assert.equal(publishes(".internal"), "*");
	assert.equal(publishes("b.eu.internal", "a.eu.internal"), "a.eu.internal");
	const admitted = policy.admit(request("public", ["elsewhere"]), GRANT_ALL, true);
	assert.equal(admitted.publish[0], "ab".repeat(32), "a certificate by its fingerprint");
});

test("PeerPolicy never widens a grant, and always leaves the names of the cluster", () => {
	const peers = [{ name: "*", publish: ["live", "vod/a"], subscribe: ["live/x"] }];
	const policy = new PeerPolicy({ listen: undefined, public: false, peers });
	const grant = policy.restrict({ ...GRANT_ALL, publish: ["live/x", "vod", ".internal", "other"] }, []);
	const allowed = ["live/x/cam", "vod/a/cam", ".internal/tree/x"].map((name) => mayPublish(grant, name));
	const denied = ["live/y", "vod/b", "other/cam", "internal/origins/x"].map((name) => mayPublish(grant, name));
	assert.deepEqual(
		[allowed, denied],
		[
			[true, true, true],
			[false, false, false, false],
		],
	);
	assert.deepEqual([maySubscribe(grant, "live/x/cam"), maySubscribe(grant, "live/y")], [true, false]);
	assert.deepEqual(grant.asked, ["live/x", "vod", ".internal", "other"]);
	const rooted = policy.restrict({ ...GRANT_ALL, root: "live" }, []);
	assert.deepEqual(
		[mayPublish(rooted, "cam"), maySubscribe(rooted, "x/cam"), maySubscribe(rooted, "y")],
		[true, true, false],
	);
});

function isRefusal(error: unknown): boolean {
	return error instanceof TokenError && error.reason === "scope";
}
