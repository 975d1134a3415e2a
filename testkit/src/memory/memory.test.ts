/**
 * The in-memory transport passes the suite, calm and under every fault that its links know.
 * @module
 */
import { transportCompliance } from "../compliance/suite.ts";
import { memoryFactory } from "./factory.ts";

transportCompliance("memory", memoryFactory());

transportCompliance("memory with slow threads", memoryFactory({ delayMs: 5, randomCuts: true }), {
	seeds: [1, 2, 3],
});

transportCompliance(
	"memory over a bad network",
	memoryFactory(
		{ delayMs: 3, streamsMax: 7, frameBytes: 4096 },
		{ latencyMs: 20, jitterMs: 60, lossRate: 0.1, bytesPerMs: 2000 },
	),
	{ seeds: [11, 12] },
);

transportCompliance("memory without datagrams", memoryFactory({ datagramBytesMax: 0 }));
