import { Connection } from "@moq/net";
import type { Place } from "./place.ts";
import type { Problem } from "./relay-questions.ts";

/** How long WebTransport alone may take before UDP counts as blocked, in ms. */
const WEBTRANSPORT_MS = 3000;

/** What the browser lacks, for good or because of the address that the page was opened with; undefined when nothing. */
export function lackingAbility(): Problem | undefined {
	if (!isSecureContext) {
		const own = location.port === "" ? "" : `:${location.port}`;
		return `The browser gives this page no camera, decoder or WebTransport, since it came over plain http from another machine. Open https://${location.host}/ instead and accept the throw-away certificate once, or http://localhost${own}/ on the relay's own machine.`;
	}
	if (typeof VideoDecoder === "undefined") {
		return "This browser has no WebCodecs, so it can't decode video here. Use a current Chrome, Edge, Firefox or Safari.";
	}
	return undefined;
}

/** Whether this page's sessions would use WebTransport if they could. */
export function prefersWebTransport(): boolean {
	return Connection.isWebTransportSupported();
}

/**
 * Whether WebTransport alone reaches the relay, within 3 s. With `pin` only the certificate of that hash is accepted; without,
 * one that the browser trusts.
 */
export async function reachesByWebTransport(place: Place, pin: string | undefined): Promise<boolean> {
	const url = new URL(place.relay);
	url.protocol = "https:";
	const options = pin === undefined ? {} : { serverCertificateHashes: [{ algorithm: "sha-256", value: fromHex(pin) }] };
	const transport = new WebTransport(url, options);
	transport.closed.catch(() => undefined); // the outcome is read from `ready`
	const outcome = Promise.withResolvers<boolean>();
	const timer = setTimeout(() => outcome.resolve(false), WEBTRANSPORT_MS);
	transport.ready.then(
		() => outcome.resolve(true),
		() => outcome.resolve(false),
	);
	const isReached = await outcome.promise;
	clearTimeout(timer);
	try {
		transport.close();
	} catch {
		// a transport that never became ready may refuse to be closed; it is garbage either way
	}
	return isReached;
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
