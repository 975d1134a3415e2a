export { ConfigError, formatProblem, type Problem } from "./config/config-error.ts";
export { type ConfigSources, checkConfig, loadConfig } from "./config/load.ts";
export type { LoadedConfig, RelayConfig } from "./config/relay-config.ts";
export type { RelayEnvironment } from "./foundation.ts";
export { PortError } from "./listen/address.ts";
export { type Log, type LogOptions, openLog } from "./ops/log.ts";
export { Relay, type RelayAddresses } from "./relay.ts";
export { makeThrowAway } from "./tls/throw-away.ts";
