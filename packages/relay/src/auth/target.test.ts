import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget } from "./target.ts";

const jwt = (target: string | undefined): string | undefined => parseTarget(target).jwt;

test("parseTarget() splits path and query, the path as it was sent", () => {
	assert.deepEqual(parseTarget("/demo/room?jwt=a.b.c&x=1"), { path: "/demo/room", jwt: "a.b.c", register: undefined });
	assert.equal(parseTarget("/a%2fb%20c?jwt=x").path, "/a%2fb%20c");
	assert.equal(parseTarget("/?register=https%3A%2F%2Feu.example.com").register, "https://eu.example.com");
	for (const top of [undefined, "", "/", "?", "?jwt="]) assert.deepEqual(parseTarget(top).path, "/");
	assert.equal(parseTarget("/a?b?c").path, "/a");
});

test("parseTarget() takes the last jwt that is not empty", () => {
	assert.equal(jwt("/?jwt=first&jwt=second"), "second");
	assert.equal(jwt("/?jwt=first&jwt="), "first");
	assert.equal(jwt("/?jwt="), undefined);
	assert.equal(jwt("/?JWT=a"), undefined);
	assert.equal(jwt("/?a=1&jwt=ab%20cd"), "ab cd");
	assert.equal(jwt("/?jwt=a#jwt=b"), "a");
	assert.equal(jwt("/jwt=a"), undefined);
});
