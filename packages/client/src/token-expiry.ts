/**
 * When a token ends.
 * @module
 */

/** In wall-clock ms, as the token says itself; undefined when it says nothing that can be read. */
export function tokenExpiryMs(token: string): number | undefined {
	try {
		const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
		const claims: unknown = JSON.parse(atob(payload));
		if (typeof claims !== "object" || claims === null || !("exp" in claims)) return undefined;
		return typeof claims.exp === "number" ? claims.exp * 1000 : undefined;
	} catch {
		// Not ours to judge: the relay will say what is wrong with it.
		return undefined;
	}
}
