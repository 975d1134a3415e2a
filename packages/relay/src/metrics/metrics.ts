/**
 * Everything that the relay counts, for Prometheus. Label values come from configuration and fixed sets, never from peers.
 * @module
 */
import { Code, formatCode } from "@moq-relay/wire";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { COUNTERS, type CounterName, GAUGES, type GaugeName, type Series, SUMS, type SumName } from "./series.ts";

/** One value of one series. */
export interface Sample<Name extends string> {
	readonly name: Name;
	readonly value: number;
	readonly labels?: Labels;
}

/** Label values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** What is read when metrics are collected. */
export interface MetricsSource {
	/** Totals that never fall. */
	sums(): Iterable<Sample<SumName>>;
	gauges(): Iterable<Sample<GaugeName>>;
}

/** The registry and what feeds it. */
export class Metrics {
	readonly #registry = new Registry();
	readonly #counters = new Map<string, Counter>();
	readonly #sums = new Map<string, Counter>();
	readonly #gauges = new Map<string, Gauge>();
	readonly #sources: MetricsSource[] = [];

	constructor() {
		collectDefaultMetrics({ register: this.#registry });
		for (const [name, series] of Object.entries(COUNTERS)) this.#counters.set(name, this.#counter(name, series));
		for (const [name, series] of Object.entries(SUMS)) this.#sums.set(name, this.#counter(name, series));
		for (const [name, { help, labels }] of Object.entries(GAUGES)) {
			this.#gauges.set(name, new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] }));
		}
	}

	/** Read a source whenever metrics are collected. Sums of several sources with the same labels are added. */
	follow(source: MetricsSource): void {
		this.#sources.push(source);
	}

	/** Something happened. Every label of the series must be given. */
	count(name: CounterName, labels: Labels = {}): void {
		this.#counters.get(name)?.inc(labels);
	}

	/** The exposition format, and its content type. */
	async expose(): Promise<{ readonly text: string; readonly contentType: string }> {
		for (const sum of this.#sums.values()) sum.reset();
		for (const gauge of this.#gauges.values()) gauge.reset();
		for (const source of this.#sources) {
			for (const { name, value, labels = {} } of source.sums()) this.#sums.get(name)?.inc(labels, value);
			for (const { name, value, labels = {} } of source.gauges()) this.#gauges.get(name)?.inc(labels, value);
		}
		return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
	}

	/** Series without labels show 0 from the start, which alerts can tell from absence. */
	#counter(name: string, { help, labels }: Series): Counter {
		const counter = new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
		if (labels.length === 0) counter.inc(0);
		return counter;
	}
}

/** A session or stream code as a label: its name, or "other" for what peers may make up. */
export function codeLabel(code: number): string {
	return KNOWN_CODES.has(code) ? formatCode(code) : "other";
}

const KNOWN_CODES: ReadonlySet<number> = new Set(Object.values(Code));
