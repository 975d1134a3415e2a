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

/** Why a session with `url` ended, in one sentence. */
export function describeEnd(url: URL, end: SessionEnd): string {
	const where = urlShown(url);
	const said = end.reason === "" ? "" : ` (${end.reason})`;
	if (isRefusal(end)) return `${where} refused the token, or it grants nothing there${said}`;
	if (end.by === "transport") return `the connection to ${where} was lost${said}`;
	const code = end.code === 0 ? "" : ` with ${formatCode(end.code)}`;
	if (end.by === "remote") return `${where} closed the session${code}${said}`;
	return `the session with ${where} was closed${code}${said}`;
}

/** A URL without what may be secret: its query, user and password. */
export function urlShown(url: URL): string {
	return `${url.protocol}//${url.host}${url.pathname}`;
}
