/**
 * What tests share: virtual time, repeatable chance, and the suite that every transport passes.
 * @module
 */
export { difference, joinBytes, patternBytes, pieces } from "./bytes.ts";
export type { PairRequest, TransportFactory, TransportFeature, TransportPair } from "./compliance/factory.ts";
export { settleInRealTime } from "./compliance/settle.ts";
export type { ComplianceFailure, ComplianceOptions } from "./compliance/suite.ts";
export { complianceFailures, transportCompliance } from "./compliance/suite.ts";
export * as limits from "./limits.ts";
export { memoryFactory } from "./memory/factory.ts";
export type { MemoryOptions, MemoryPair } from "./memory/pair.ts";
export { memoryPair } from "./memory/pair.ts";
export type { RecordedGroup } from "./model/recording-viewer.ts";
export { RecordingViewer } from "./model/recording-viewer.ts";
export type { ScriptedFetch, ScriptedInfo, ScriptedSubscription } from "./model/scripted-source.ts";
export { ScriptedSource } from "./model/scripted-source.ts";
export { muxFactory } from "./mux/factory.ts";
export type { MuxPair, MuxPairOptions } from "./mux/mux-pair.ts";
export { muxPair } from "./mux/mux-pair.ts";
export type { PipeEnd } from "./mux/pipe-end.ts";
export type { LinkConditions, LinkObserver } from "./network/link.ts";
export { Link } from "./network/link.ts";
export type { Route } from "./network/network.ts";
export { Network } from "./network/network.ts";
export { SeededRandom } from "./seeded-random.ts";
export type { RunBounds, VirtualClockOptions } from "./virtual-clock.ts";
export { VirtualClock } from "./virtual-clock.ts";
