/**
 * Where relays may come in, and under which names each of them may publish and subscribe.
 * @module
 */
import type { Grant } from "@moq-relay/core";
import { permissionsAt, TokenError } from "@moq-relay/token";
import { hasPrefix } from "@moq-relay/wire";
import type { AuthRequest, DoorPolicy } from "../auth/authoriser.ts";
import type { ClusterConfig } from "../config/cluster.ts";
import type { PeerRule } from "../config/peer-rules.ts";

/** What of `[cluster]` decides about peers. */
export type PeerPolicyConfig = Pick<ClusterConfig, "listen" | "public" | "peers">;

/** Judges peers by their credentials, the listener they came to, and `[cluster.peers]`. */
export class PeerPolicy implements DoorPolicy {
	readonly #config: PeerPolicyConfig;

	constructor(config: PeerPolicyConfig) {
		this.#config = config;
	}

	admit(request: AuthRequest, grant: Grant, isRelay: boolean): Grant {
		if (request.door === "cluster") {
			if (!grant.cluster) throw new TokenError("scope", FOR_RELAYS_ONLY);
		} else if (this.#config.listen !== undefined && !this.#config.public) {
			if (isRelay) throw new TokenError("scope", NOT_FOR_RELAYS);
			return { ...grant, cluster: false };
		}
		if (!grant.cluster) return grant;
		const { peerCertificate, peerIdentity } = request;
		const names = peerIdentity?.names ?? [];
		return this.restrict(grant, peerCertificate === undefined ? names : [...names, peerCertificate]);
	}

	/** What `grant` leaves to the peer that has these names. Names of the cluster's own are always left. */
	restrict(grant: Grant, names: readonly string[]): Grant {
		const rule = this.#ruleOf(names);
		if (rule === undefined) return grant;
		const allowed = permissionsAt({ root: "", publish: rule.publish, subscribe: rule.subscribe }, grant.root);
		const { publish, subscribe } = typeof allowed === "string" ? NOTHING : allowed;
		return {
			...grant,
			publish: common(grant.publish, [...publish, ...INTERNAL]),
			subscribe: common(grant.subscribe, [...subscribe, ...INTERNAL]),
			// All is asked for, so that what is announced without leave is noticed.
			asked: grant.asked ?? grant.publish,
		};
	}

	/** The whole name goes before a wildcard, the longer wildcard before the shorter one. */
	#ruleOf(names: readonly string[]): PeerRule | undefined {
		const fitting = this.#config.peers.filter(({ name }) => names.some((one) => fits(name, one.toLowerCase())));
		const [best] = fitting.toSorted((a, b) => Number(isWild(a)) - Number(isWild(b)) || b.name.length - a.name.length);
		return best ?? this.#config.peers.find(({ name }) => name === "*");
	}
}

function isWild({ name }: PeerRule): boolean {
	return name.startsWith("*");
}

function fits(pattern: string, name: string): boolean {
	if (pattern === name) return true;
	return pattern.startsWith("*.") && name.indexOf(".") > 0 && name.slice(name.indexOf(".")) === pattern.slice(1);
}

/** The prefixes of what both lists cover. */
function common(some: readonly string[], others: readonly string[]): readonly string[] {
	const both = some.flatMap((one) => {
		return others.flatMap((other) => (hasPrefix(one, other) ? [one] : hasPrefix(other, one) ? [other] : []));
	});
	return [...new Set(both)];
}

const INTERNAL: readonly string[] = ["internal", ".internal"];
const NOTHING = { publish: [], subscribe: [] };
const FOR_RELAYS_ONLY = "this listener is for other relays; come to the relay's public address";
const NOT_FOR_RELAYS = "other relays are let in on cluster.listen only; dial the address that cluster.node names";
