/**
 * What tests of QUIC share; apart from the rest, which runs without the native engine.
 * @module
 */
export type { TestAuthority, TestCertificate } from "./certificate.ts";
export { selfSigned, testAuthority } from "./certificate.ts";
export type { EngineFactory } from "./factory.ts";
export { engineFactory, loadEngine } from "./factory.ts";
export { Nat } from "./nat.ts";
export { Ear, Peers } from "./peers.ts";
