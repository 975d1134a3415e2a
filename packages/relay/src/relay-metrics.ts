/**
 * What Prometheus is told of the relay as a whole.
 * @module
 */
import type { Engine } from "@moq-relay/engine";
import type { RelayConfig } from "./config/relay-config.ts";
import type { QuicDoor } from "./listen/listeners.ts";
import type { WebWorkers } from "./listen/web-workers.ts";
import type { MetricsSource, Sample } from "./metrics/metrics.ts";
import type { GaugeName, SumName } from "./metrics/series.ts";
import type { Identities } from "./tls/identities.ts";

/** Where the values are read. */
export interface RelayMetricsOptions {
	readonly config: RelayConfig;
	readonly version: string;
	readonly startedWallMs: number;
	readonly engine: Engine | undefined;
	readonly quic: readonly QuicDoor[];
	readonly web: WebWorkers | undefined;
	readonly identities: Identities;
	readonly draining: () => boolean;
}

/** Gauges of the relay. */
export class RelayMetrics implements MetricsSource {
	readonly #options: RelayMetricsOptions;

	constructor(options: RelayMetricsOptions) {
		this.#options = options;
	}

	*sums(): Iterable<Sample<SumName>> {}

	*gauges(): Iterable<Sample<GaugeName>> {
		const { config, version, startedWallMs, engine, web } = this.#options;
		const runtime = `node-${process.versions.node}`;
		const quic = engine === undefined ? "none" : "engine";
		yield { name: "moq_build_info", value: 1, labels: { version, runtime, quic } };
		yield { name: "moq_start_time_seconds", value: startedWallMs / 1000 };
		const draining = this.#options.draining();
		yield { name: "moq_draining", value: draining ? 1 : 0 };
		yield { name: "moq_ready", value: draining ? 0 : 1 };
		const { subscribe, publish } = config.auth.public;
		yield { name: "moq_auth_public_root", value: [...subscribe, ...publish].includes("") ? 1 : 0 };
		yield { name: "moq_web_workers", value: web?.size ?? 0 };
		yield { name: "moq_web_worker_tapes", value: web?.tapes ?? 0 };
		yield* this.#certificates();
		yield* this.#quic();
	}

	*#certificates(): Iterable<Sample<GaugeName>> {
		for (const [listener, { names, notAfterMs, notBeforeMs }] of this.#options.identities.all()) {
			const labels = { listener, name: names[0] ?? "" };
			yield { name: "moq_tls_cert_not_after_timestamp_seconds", value: notAfterMs / 1000, labels };
			yield { name: "moq_tls_cert_not_before_timestamp_seconds", value: notBeforeMs / 1000, labels };
		}
	}

	*#quic(): Iterable<Sample<GaugeName>> {
		const { engine, quic } = this.#options;
		if (engine === undefined) return;
		const stats = engine.stats();
		yield { name: "moq_quic_connections", value: stats.connections };
		yield { name: "moq_quic_packets_sent", value: stats.packetsSent };
		yield { name: "moq_quic_packets_received", value: stats.packetsReceived };
		yield { name: "moq_quic_packets_unsent", value: stats.packetsUnsent };
		yield { name: "moq_quic_engine_panics", value: stats.panics };
		yield { name: "moq_quic_tape_bytes", value: stats.tapeBytes };
		for (const {
			endpoint: { udpBuffers },
		} of quic) {
			yield { name: "moq_udp_buffer_bytes", value: udpBuffers.receiveBytes, labels: { direction: "in" } };
			yield { name: "moq_udp_buffer_bytes", value: udpBuffers.sendBytes, labels: { direction: "out" } };
		}
	}
}
