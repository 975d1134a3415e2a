export { type CertificateFacts, describeCertificate } from "./certificate.ts";
export type { ConnectFailure } from "./connect-error.ts";
export { ConnectError } from "./connect-error.ts";
export type { Endpoint, EndpointSink } from "./endpoint.ts";
export type { EngineMissing, EngineOptions } from "./engine.ts";
export { Engine } from "./engine.ts";
export type { EngineStats } from "./engine-stats.ts";
export type { Incoming, IncomingInfo } from "./incoming.ts";
export type { Certificate, ConnectOptions, ListenOptions, TransportOptions, VerifyOptions } from "./options.ts";
