/**
 * Reports of what we measure on the path to the peer, for as long as it keeps a probe stream open.
 * @module
 */
import { encodeProbe } from "@moq-relay/wire";
import type { ConnectionInfo } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { PROBE_INTERVAL_MS, PROBE_INTERVAL_MS_MAX, PROBES_MAX } from "./limits.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";

/** What was reported last. */
interface Report {
	readonly bitrate: number | undefined;
	readonly rttMs: number | undefined;
}

/** The probe streams of the peer. */
export class ProbeServing {
	readonly #context: SessionContext;
	readonly #open: Set<ServedProbe> = new Set();

	constructor(context: SessionContext) {
		this.#context = context;
	}

	get size(): number {
		return this.#open.size;
	}

	/** A probe stream. It is never reset, since old clients lose their session over that: one without an answer is finished. */
	open(stream: MessageStream): MessageHandler {
		const probe = new ServedProbe(this.#context, stream, () => this.#open.delete(probe));
		if (this.#open.size >= PROBES_MAX || !canMeasure(this.#context.connection.info)) {
			stream.finish();
			return probe;
		}
		this.#open.add(probe);
		probe.start();
		return probe;
	}

	/** The session is over. */
	close(): void {
		for (const probe of this.#open) probe.onAbort();
	}
}

/** Whether the carrier knows what a probe reports: the rate that its congestion control allows. */
export function canMeasure({ transport }: ConnectionInfo): boolean {
	return transport === "quic" || transport === "webtransport" || transport === "memory";
}

class ServedProbe implements MessageHandler {
	readonly part = "probe";
	readonly #context: SessionContext;
	readonly #stream: MessageStream;
	readonly #onOver: () => void;
	#sent: Report | undefined;
	#sentAtMs = 0;
	#intervalMs = PROBE_INTERVAL_MS;
	#cancel: (() => void) | undefined;

	constructor(context: SessionContext, stream: MessageStream, onOver: () => void) {
		this.#context = context;
		this.#stream = stream;
		this.#onOver = onOver;
	}

	start(): void {
		this.#cancel = this.#context.clock.after(this.#intervalMs, () => this.#tick());
	}

	/** The opener has nothing to say; what it says all the same is of no consequence. */
	onMessage(): void {}

	onFinish(): void {
		this.onAbort();
		this.#stream.finish();
	}

	onAbort(): void {
		this.#cancel?.();
		this.#cancel = undefined;
		this.#onOver();
	}

	#tick(): void {
		const report = this.#measure();
		this.#intervalMs = Math.min(PROBE_INTERVAL_MS_MAX, this.#intervalMs + PROBE_INTERVAL_MS);
		if (this.#isNews(report)) {
			this.#intervalMs = PROBE_INTERVAL_MS;
			this.#sent = report;
			this.#sentAtMs = this.#context.clock.nowMs();
			this.#stream.write(encodeProbe(report, this.#context.version));
		}
		// A write may have ended the session.
		if (!this.#stream.over) this.start();
	}

	#measure(): Report {
		const { bitrate, rttMs } = this.#context.connection.stats();
		return {
			bitrate: bitrate > 0 ? bitrate : undefined,
			rttMs: this.#context.version.probeRtt && rttMs > 0 ? rttMs : undefined,
		};
	}

	#isNews(report: Report): boolean {
		const sent = this.#sent;
		if (sent === undefined) return report.bitrate !== undefined || report.rttMs !== undefined;
		const ageMs = this.#context.clock.nowMs() - this.#sentAtMs;
		const unknown = report.bitrate === undefined && report.rttMs === undefined;
		if (ageMs >= PROBE_AGE_MS_MAX) return !unknown;
		// The older the last report, the smaller a change is worth another.
		const threshold = PROBE_CHANGE_MAX * (1 - ageMs / PROBE_AGE_MS_MAX);
		return hasMoved(sent.bitrate, report.bitrate, threshold) || hasMoved(sent.rttMs, report.rttMs, PROBE_CHANGE_MAX);
	}
}

function hasMoved(from: number | undefined, to: number | undefined, threshold: number): boolean {
	if (from === undefined || to === undefined) return from !== to;
	return Math.abs(to - from) / from > threshold;
}

/** A report is repeated at this age, whatever has changed. */
const PROBE_AGE_MS_MAX = 10_000;
/** Relative change that is worth a report at once. */
const PROBE_CHANGE_MAX = 0.25;
