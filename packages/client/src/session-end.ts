/**
 * The end of a session, for a person.
 * @module
 */
import type { SessionEnd } from "@moq-relay/core";
import { Code, formatCode } from "@moq-relay/wire";

/** Whether the relay refused who we are or what we want to do: no further attempt with the same token can do better. */
export function isRefusal(end: SessionEnd): boolean {
	return end.by === "remote" && end.code === Code.Unauthorized;
}

/** Why a session ended: the rest of a sentence that begins with the relay's address. */
export function describeEnd(end: SessionEnd): string {
	const said = end.reason === "" ? "" : ` (${end.reason})`;
	if (isRefusal(end)) return `refused the token, or it grants nothing there${said}`;
	if (end.by === "transport") return `the connection was lost${said}`;
	if (end.by === "remote") {
		return end.code === 0 ? `closed the session${said}` : `closed the session with ${formatCode(end.code)}${said}`;
	}
	return end.code === 0 ? "closed" : `the session failed with ${formatCode(end.code)}${said}`;
}
