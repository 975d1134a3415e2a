/**
 * The fingerprint that a relay gives for its own certificate.
 * @module
 */
import { DialError } from "./dial-error.ts";
import type { DialTarget } from "./dial-target.ts";
import { FINGERPRINT_MS } from "./limits.ts";

/** Ask for `/certificate.sha256` over plain HTTP; undefined when the relay has none. @throws DialError */
export async function fetchFingerprint(target: DialTarget, signal: AbortSignal): Promise<string | undefined> {
	const host = target.host.includes(":") ? `[${target.host}]` : target.host;
	const limited = AbortSignal.any([signal, AbortSignal.timeout(FINGERPRINT_MS)]);
	let text: string;
	try {
		const response = await fetch(`http://${host}:${target.port}/certificate.sha256`, { signal: limited });
		if (response.status === 404) return undefined;
		text = (await response.text()).trim();
	} catch (error) {
		if (signal.aborted) throw new DialError("aborted", "dialling was given up", { cause: error });
		const message = `${target.shown} does not answer when asked for its certificate's fingerprint`;
		throw new DialError("unreachable", message, { cause: error });
	}
	if (/^[0-9a-f]{64}$/i.test(text)) return text;
	throw new DialError("protocol", `${target.shown} is no relay: it gives no fingerprint of a certificate`);
}
