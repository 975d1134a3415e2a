import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressKey, formatRemote, hostOf } from "./address-key.ts";
import { Admission, type AdmissionConfig, type Place } from "./admission.ts";
import { TokenBuckets } from "./token-buckets.ts";

const UNLIMITED: AdmissionConfig = {
	maxSessions: 0,
	maxSessionsPerIp: 0,
	sessionRatePerIp: 0,
	sessionBurstPerIp: 0,
	exempt: [],
};

function enter(admission: Admission, remote: string, nowMs = 0): Place {
	const place = admission.enter(remote, nowMs);
	assert.ok(typeof place === "object", `refused: ${JSON.stringify(place)}`);
	return place;
}

test("addressKey() takes one IPv4 address or one IPv6 /64 for one peer", () => {
	assert.equal(addressKey("192.0.2.1:443"), "192.0.2.1");
	assert.equal(addressKey("[::ffff:192.0.2.1]:5"), "192.0.2.1");
	assert.equal(addressKey("[2001:db8:0:1::1]:1"), addressKey("[2001:db8:0:1:ffff::2]:2"));
	assert.notEqual(addressKey("[2001:db8:0:1::1]:1"), addressKey("[2001:db8:0:2::1]:1"));
	assert.equal(addressKey("[fe80::1%eth0]:1"), addressKey("[fe80::2]:1"));
	assert.equal(addressKey(""), undefined);
});

test("formatRemote() and hostOf() agree", () => {
	assert.equal(formatRemote("::ffff:192.0.2.1", 80), "192.0.2.1:80");
	assert.equal(formatRemote("2001:db8::1", 80), "[2001:db8::1]:80");
	assert.equal(hostOf("[2001:db8::1]:80"), "2001:db8::1");
	assert.equal(hostOf("192.0.2.1:80"), "192.0.2.1");
});

test("Admission bounds sessions in all and per address, and a release makes room once", () => {
	const admission = new Admission({ ...UNLIMITED, maxSessions: 3, maxSessionsPerIp: 2 });
	const first = enter(admission, "192.0.2.1:1");
	enter(admission, "192.0.2.1:2");
	assert.equal(admission.enter("192.0.2.1:3", 0), "max_sessions_per_ip");
	enter(admission, "192.0.2.2:1");
	assert.equal(admission.enter("192.0.2.3:1", 0), "max_sessions");
	first.release();
	first.release();
	assert.equal(admission.total, 2);
	enter(admission, "192.0.2.1:4");
	assert.equal(admission.enter("192.0.2.9:1", 0), "max_sessions");
});

test("Admission bounds how fast sessions of one address come, but not those of exempt ranges", () => {
	const admission = new Admission({ ...UNLIMITED, sessionRatePerIp: 2, sessionBurstPerIp: 3, exempt: ["10.0.0.0/8"] });
	for (let at = 0; at < 3; at++) enter(admission, "192.0.2.1:1", 0).release();
	assert.equal(admission.enter("192.0.2.1:1", 0), "session_rate_per_ip");
	enter(admission, "192.0.2.1:1", 500);
	assert.equal(admission.enter("192.0.2.1:1", 500), "session_rate_per_ip");
	for (let at = 0; at < 9; at++) enter(admission, "10.1.2.3:1", 0);
});

test("Admission lets nobody in while draining", () => {
	const admission = new Admission(UNLIMITED);
	enter(admission, "192.0.2.1:1");
	admission.drain();
	assert.equal(admission.enter("192.0.2.1:1", 0), "draining");
});

test("Admission refuses a range that is none", () => {
	assert.throws(() => new Admission({ ...UNLIMITED, exempt: ["nonsense/8"] }), /nonsense\/8 is no address range/);
});

test("TokenBuckets never gives more than burst + rate × time, and forgets beyond its bound", () => {
	const step = fc.record({ key: fc.constantFrom("a", "b"), waitMs: fc.integer({ min: 0, max: 400 }) });
	fc.assert(
		fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
			const buckets = new TokenBuckets({ perSecond: 5, burst: 4, keysMax: 10 });
			const taken = new Map<string, number>();
			let nowMs = 0;
			for (const { key, waitMs } of steps) {
				nowMs += waitMs;
				if (buckets.take(key, nowMs)) taken.set(key, (taken.get(key) ?? 0) + 1);
			}
			for (const count of taken.values()) assert.ok(count <= 4 + (nowMs / 1000) * 5 + 1e-6);
		}),
	);
	const buckets = new TokenBuckets({ perSecond: 1, burst: 1, keysMax: 2 });
	for (const key of ["a", "b", "c"]) assert.ok(buckets.take(key, 0));
	assert.equal(buckets.size, 2);
	assert.equal(buckets.take("c", 0), false);
});
