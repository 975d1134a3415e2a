/**
 * The TLS contexts of one set of identities: which one a client gets by the name it asks for.
 * @module
 */
import { createSecureContext, type SecureContext } from "node:tls";
import type { Pair } from "./doorway.ts";

/** Built anew whenever identities change; connections that stand keep what they have. */
export class TlsContexts {
	readonly #byName = new Map<string, SecureContext>();
	readonly #first: SecureContext;
	/** The identity for clients that name none. */
	readonly first: Pair;

	/** `roots` are PEM roots of client certificates. @throws when a pair is bad, or there is none; main has checked. */
	constructor(pairs: readonly Pair[], roots: string | undefined) {
		const [first] = pairs;
		if (first === undefined) throw new RangeError("no identity to show");
		const contexts = pairs.map(({ chain, key, names }) => {
			const ca = roots === undefined ? {} : { ca: roots };
			const context = createSecureContext({ cert: chain, key, minVersion: "TLSv1.3", ...ca });
			for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
			return context;
		});
		this.first = first;
		this.#first = contexts[0] ?? createSecureContext();
	}

	/** The context for a name: its own, a wildcard's, or the first. */
	pick(name: string): SecureContext {
		const lower = name.toLowerCase();
		const wildcard = `*${lower.slice(Math.max(lower.indexOf("."), 0))}`;
		return this.#byName.get(lower) ?? this.#byName.get(wildcard) ?? this.#first;
	}
}
