/**
 * The public side of HTTP: health, what is announced, single groups, the certificate's fingerprint, and a page.
 * @module
 */
import { type Clock, type Grant, maySubscribe, type Origin } from "@moq-relay/core";
import { Malformed, parsePath } from "@moq-relay/wire";
import type { Admission } from "../admission/admission.ts";
import type { Authoriser, AuthRequest } from "../auth/authoriser.ts";
import { parseTarget, type Target } from "../auth/target.ts";
import type { Answer } from "../listen/answer.ts";
import type { WebRequest } from "../listen/doorway.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Log } from "../ops/log.ts";
import { announcedUnder } from "./announced.ts";
import { GroupFetch } from "./group-fetch.ts";
import { LANDING } from "./landing.ts";
import { FETCHES_MAX } from "./limits.ts";
import type { Page } from "./page.ts";
import { HTML, type Reply, sendReply } from "./reply.ts";

/** What answers need. */
export interface PublicWebOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly origin: Origin;
	readonly authoriser: Authoriser;
	readonly admission: Admission;
	/** Files for `/`. */
	readonly page: Page | undefined;
	/** SHA-256 of the first certificate, lower-case hex; undefined without TLS. */
	readonly fingerprint: () => string | undefined;
	/** False while draining or overloaded. */
	readonly ready: () => boolean;
}

/** Answers public requests. */
export class PublicWeb {
	readonly #options: PublicWebOptions;
	#fetches = 0;

	constructor(options: PublicWebOptions) {
		this.#options = options;
	}

	/** `/fetch` answers under way. */
	get fetches(): number {
		return this.#fetches;
	}

	/** Answer a request, now or later. */
	onRequest(request: WebRequest, answer: Answer): void {
		const target = parseTarget(request.target);
		const bodiless = request.method === "HEAD";
		const reply = this.#known(request, target);
		if (reply !== undefined) {
			sendReply(answer, reply, bodiless);
		} else if (this.#options.page?.has(target.path) === true) {
			this.#options.page.serve(target.path, answer, bodiless);
		} else {
			this.#guarded(request, target, answer).catch((error: unknown) => {
				this.#options.metrics.count("moq_faults_total");
				this.#options.log.error("process.warning", { error: asError(error), remote: request.remote });
				answer.cut();
			});
		}
	}

	/** What can be answered without a look at the grant. */
	#known(request: WebRequest, { path, jwt }: Target): Reply | undefined {
		if (request.method === "OPTIONS") return { status: 204 };
		if (request.restricted && (jwt !== undefined || !UNRESTRICTED.includes(path))) return TLS_REQUIRED;
		// Who feeds relays feeds nobody else.
		if (request.door === "cluster" && path !== "/health") return { status: 404, body: "for relays only\n" };
		switch (path) {
			case "/":
				return this.#root();
			case "/health":
				return this.#options.ready() ? { status: 200, body: "ok\n" } : DRAINING;
			case "/certificate.sha256":
				return this.#fingerprint();
			default:
				return undefined;
		}
	}

	#root(): Reply | undefined {
		if (!this.#options.ready()) return DRAINING;
		return this.#options.page === undefined ? { status: 200, body: LANDING, contentType: HTML } : undefined;
	}

	#fingerprint(): Reply {
		const fingerprint = this.#options.fingerprint();
		return fingerprint === undefined ? { status: 404, body: "no certificate\n" } : { status: 200, body: fingerprint };
	}

	async #guarded(request: WebRequest, target: Target, answer: Answer): Promise<void> {
		const route = /^\/(announced|fetch)(\/.*)?$/.exec(target.path);
		const names = parseNames(route?.[2] ?? "");
		const bodiless = request.method === "HEAD";
		if (route === null) return sendReply(answer, { status: 404, body: LANDING, contentType: HTML }, bodiless);
		if (names === undefined) return sendReply(answer, { status: 400, body: "the path is not valid\n" }, bodiless);
		const place = this.#options.admission.enter(request.remote, this.#options.clock.nowMs());
		if (typeof place === "string") {
			this.#options.metrics.count("moq_limit_rejections_total", { limit: place });
			return sendReply(answer, { status: LIMIT_STATUS[place], body: "try again later\n" }, bodiless);
		}
		try {
			if (route[1] === "announced") await this.#announced({ request, target, answer }, names);
			else await this.#fetch({ request, target, answer }, names);
		} finally {
			place.release();
		}
	}

	async #announced(asked: Asked, names: readonly string[]): Promise<void> {
		const grant = await this.#grant(asked, names.join("/"));
		if (grant === undefined) return;
		const body = announcedUnder(this.#options.origin, grant).join("\n");
		sendReply(asked.answer, { status: 200, body }, asked.request.method === "HEAD");
	}

	async #fetch(asked: Asked, names: readonly string[]): Promise<void> {
		const bodiless = asked.request.method === "HEAD";
		const track = names.at(-1);
		const group = parseGroup(asked.request.target);
		if (names.length < 2 || track === undefined || group === "invalid") {
			const body = "use /fetch/<broadcast>/<track>?group=<number> or group=latest\n";
			return sendReply(asked.answer, { status: 400, body }, bodiless);
		}
		const grant = await this.#grant(asked, names.slice(0, -1).join("/"));
		if (grant === undefined) return;
		if (!maySubscribe(grant, "")) return sendReply(asked.answer, { status: 401, body: "unauthorized\n" }, bodiless);
		if (this.#fetches >= FETCHES_MAX) return sendReply(asked.answer, { status: 503, body: "too busy\n" }, bodiless);
		this.#fetches += 1;
		this.#options.metrics.count("moq_relay_fetches_total", { tier: "", role: "subscriber" });
		const { origin, clock } = this.#options;
		await new Promise<void>((resolve) => {
			const wanted = { broadcast: grant.root, track, group: group === "latest" ? undefined : group, bodiless };
			void new GroupFetch(origin, wanted, { answer: asked.answer, clock, onOver: resolve });
		});
		this.#fetches -= 1;
	}

	/** What the caller may do under `path`; undefined when it has been refused already. */
	async #grant({ request, target, answer }: Asked, path: string): Promise<Grant | undefined> {
		const question: AuthRequest = {
			path: `/${path}`,
			jwt: target.jwt,
			authorization: request.authorization,
			transport: "http",
			remote: request.remote,
			peerCertificate: request.peerCertificate,
			peerIdentity: request.peerIdentity,
			door: request.door,
		};
		const outcome = await this.#options.authoriser.authorise(question);
		if (outcome.ok) {
			this.#options.metrics.count("moq_auth_total");
			return outcome.grant;
		}
		const { httpStatus, reason, message } = outcome.rejection;
		this.#options.metrics.count("moq_auth_failures_total", { reason });
		sendReply(answer, { status: httpStatus, body: `${message}\n` }, request.method === "HEAD");
		return undefined;
	}
}

interface Asked {
	readonly request: WebRequest;
	readonly target: Target;
	readonly answer: Answer;
}

/** The names of a path, percent-decoded; undefined when it is none. */
function parseNames(path: string): readonly string[] | undefined {
	try {
		const names = path.split("/").filter((name) => name !== "");
		const decoded = names.map((name) => decodeURIComponent(name));
		parsePath(decoded.join("/"));
		return decoded;
	} catch (error) {
		if (error instanceof Malformed || error instanceof URIError) return undefined;
		throw error;
	}
}

function parseGroup(target: string): number | "latest" | "invalid" {
	const at = target.indexOf("?");
	const text = (at < 0 ? undefined : new URLSearchParams(target.slice(at + 1)).get("group")) ?? "latest";
	if (text === "latest") return text;
	const group = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
	return Number.isSafeInteger(group) ? group : "invalid";
}

function asError(thrown: unknown): Error {
	return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** What a listener answers that must not see a secret. */
const UNRESTRICTED: readonly string[] = ["/", "/health", "/certificate.sha256"];
const TLS_REQUIRED: Reply = {
	status: 426,
	body: "use https\n",
	headers: { upgrade: "TLS/1.2", connection: "Upgrade" },
};
const DRAINING: Reply = { status: 503, body: "draining\n", headers: { "retry-after": "1" } };
const LIMIT_STATUS = {
	max_sessions: 503,
	draining: 503,
	max_sessions_per_ip: 429,
	session_rate_per_ip: 429,
	not_allowed: 403,
} as const;
