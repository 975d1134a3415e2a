import type { Place } from "./place.ts";

/** A sentence for the person in front of the page: what is wrong and what to do. */
export type Problem = string;

/** How long WebTransport alone may take before UDP counts as blocked, in ms. */
const WEBTRANSPORT_WAIT_MS = 3000;

/** What the browser lacks because of the address it was opened with; undefined when nothing. */
export function secureContextProblem(): Problem | undefined {
	if (isSecureContext) return undefined;
	return `This page has no secure context, so the browser offers it no WebTransport, WebCodecs, camera or microphone. Open it as https://${location.host}/ (accept the throw-away certificate once) or as http://localhost:${location.port}/ on the relay's own machine.`;
}

/**
 * Why a broadcast does not play. A page can't read a refused handshake, so it asks the relay's `/announced` over HTTP with the same
 * token; undefined when the broadcast is live and the token is good.
 */
export async function broadcastProblem(place: Place, name: string): Promise<Problem | undefined> {
	const url = new URL(`/announced/${place.path}`, place.relay);
	if (place.jwt !== undefined) url.searchParams.set("jwt", place.jwt);
	let response: Response;
	try {
		response = await fetch(url, { cache: "no-store" });
	} catch {
		return `The relay at ${place.relay.host} does not answer. Is it running, and is TCP port ${place.relay.port || "443"} open?`;
	}
	if (response.status === 401 || response.status === 403) {
		return place.jwt === undefined
			? `The relay asks for a token for /${place.path}. Add ?jwt=… to this page's address; "moq-token sign" makes one.`
			: `The relay refused the token for /${place.path}: it is expired, signed with another key, or for another path. Make a new one with "moq-token sign".`;
	}
	if (response.status === 426) return undefined; // this listener doesn't answer questions; the session itself will tell
	if (!response.ok) return `The relay answered ${response.status} when asked what is live under /${place.path}.`;
	const names = (await response.text()).split("\n");
	if (names.includes(name)) return undefined;
	return `The broadcast "${name}" is not live under /${place.path}. Start its publisher; the picture comes by itself.`;
}

/** Whether WebTransport alone reaches the relay: "yes", "blocked" (UDP), or "missing" (the browser has none). */
export async function webTransportReach(place: Place, pin: string | undefined): Promise<"yes" | "blocked" | "missing"> {
	if (typeof WebTransport === "undefined") return "missing";
	const url = new URL(place.relay);
	url.protocol = "https:";
	const transport = new WebTransport(url, pin === undefined ? {} : { serverCertificateHashes: [pinned(pin)] });
	transport.closed.catch(() => undefined); // the outcome is read from `ready`
	const late = new Promise<"blocked">((resolve) => {
		setTimeout(() => resolve("blocked"), WEBTRANSPORT_WAIT_MS);
	});
	const reached = await Promise.race([
		transport.ready.then(
			() => "yes" as const,
			() => "blocked" as const,
		),
		late,
	]);
	try {
		transport.close();
	} catch {
		// a transport that never became ready may refuse to be closed; it is garbage either way
	}
	return reached;
}

/** The relay's certificate hash as it publishes it, or undefined when it has none or doesn't answer. */
export async function certificatePin(place: Place): Promise<string | undefined> {
	try {
		const response = await fetch(new URL("/certificate.sha256", place.relay), { cache: "no-store" });
		return response.ok ? (await response.text()).trim() : undefined;
	} catch {
		return undefined; // `broadcastProblem` says that the relay does not answer
	}
}

/** What to say when WebTransport does not come through but WebSocket may. */
export function udpProblem(place: Place): Problem {
	return `UDP port ${place.relay.port || "443"} seems to be blocked between this browser and the relay, so it plays over WebSocket, with more delay. Open that UDP port in the firewall for WebTransport.`;
}

function pinned(hex: string): WebTransportHash {
	const bytes = hex.match(/../g) ?? [];
	return { algorithm: "sha-256", value: Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)) };
}
