import { type Place, pageOf, portOf } from "./place.ts";

/** A sentence for the person in front of the page: what is wrong and what to do. */
export type Problem = string;

/** What the relay says of a broadcast over HTTP. */
export type Standing =
	| { readonly kind: "live" }
	| { readonly kind: "not-live" | "refused" | "silent" | "odd"; readonly problem: Problem };

/** How long an answer may take, in ms. */
const ANSWER_MS = 5000;
/** How many broadcasts a sentence names. */
const NAMES_MAX = 5;

/**
 * How a broadcast stands. A page can't read a refused handshake, so it asks the relay's `/announced` over HTTP with the same
 * token.
 */
export async function askStanding(place: Place, name: string): Promise<Standing> {
	let response: Response;
	let body: string;
	try {
		const url = pageOf(place, `/announced/${place.path}`);
		response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
		body = await response.text();
	} catch {
		const problem = `The relay at ${place.relay.host} does not answer. Start it, or see whether TCP port ${portOf(place)} is open; this page goes on trying.`;
		return { kind: "silent", problem };
	}
	if (response.status === 401 || response.status === 403) return { kind: "refused", problem: refusal(place) };
	if (!response.ok) {
		const problem = `The relay answers "${response.status} ${body.trim() || response.statusText}" when asked what is live under /${place.path}; this page goes on trying.`;
		return { kind: "odd", problem };
	}
	const live = body.split("\n").filter((line) => line !== "");
	return live.includes(name) ? { kind: "live" } : { kind: "not-live", problem: absence(place, name, live) };
}

/** The hash of the relay's certificate as it publishes it, or undefined when it has none or doesn't answer. */
export async function askPin(place: Place): Promise<string | undefined> {
	try {
		const url = new URL("/certificate.sha256", place.relay);
		const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
		return response.ok ? (await response.text()).trim() : undefined;
	} catch {
		return undefined; // `askStanding` says that the relay does not answer
	}
}

function refusal({ path, jwt }: Place): Problem {
	return jwt === undefined
		? `The relay wants a token for /${path}. Make one with "moq-token sign" and add it to this page's address as ?jwt=…`
		: `The relay refused the token for /${path}: it has expired, is signed with another key, or is for another path. Make a new one with "moq-token sign" and put it into this page's address as ?jwt=…`;
}

function absence({ path }: Place, name: string, live: readonly string[]): Problem {
	const shown = live.slice(0, NAMES_MAX).map((other) => `"${other}"`);
	const rest = live.length > NAMES_MAX ? ` and ${live.length - NAMES_MAX} more` : "";
	const others = live.length === 0 ? "" : ` Live there now: ${shown.join(", ")}${rest}.`;
	return `The broadcast "${name}" is not live under /${path}. Start its publisher; the picture then comes by itself.${others}`;
}
