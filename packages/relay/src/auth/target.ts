/**
 * What a session was opened with: path and query.
 * @module
 */

/** The parts of `/demo?jwt=…` that decide what a session may do. */
export interface Target {
	/** As sent: never percent-decoded, so `%2f` separates nothing. */
	readonly path: string;
	/** The last `jwt` that is not empty. */
	readonly jwt: string | undefined;
	/** The relay that joins, in the older cluster form. */
	readonly register: string | undefined;
}

/** Split a request target; "" and undefined are the top without a query. */
export function parseTarget(target: string | undefined): Target {
	const [beforeFragment = ""] = (target ?? "").split("#", 1);
	const at = beforeFragment.indexOf("?");
	const path = at < 0 ? beforeFragment : beforeFragment.slice(0, at);
	const query = new URLSearchParams(at < 0 ? "" : beforeFragment.slice(at + 1));
	return { path: path === "" ? "/" : path, jwt: last(query, "jwt"), register: last(query, "register") };
}

function last(query: URLSearchParams, name: string): string | undefined {
	return query.getAll(name).findLast((value) => value !== "");
}
