/**
 * The names of what is logged. Alerts and filters are built on them, so they only ever grow.
 * @module
 */

/** The fixed names of log lines: `part.what`. */
export type LogEvent =
	| "auth.expiring"
	| "auth.fail"
	| "auth.keys"
	| "auth.keys_fail"
	| "auth.ok"
	| "auth.revoked"
	| "cluster.down"
	| "cluster.flap"
	| "cluster.up"
	| "config.fail"
	| "config.reload"
	| "config.unsupported"
	| "config.warn"
	| "drain.done"
	| "drain.start"
	| "engine.absent"
	| "engine.panic"
	| "limit.identity"
	| "limit.ip"
	| "limit.session"
	| "listen.fail"
	| "listen.open"
	| "log.suppressed"
	| "overload.end"
	| "overload.start"
	| "process.crash"
	| "process.warning"
	| "proto.violation"
	| "relay.ready"
	| "relay.start"
	| "relay.stop"
	| "session.close"
	| "session.open"
	| "subscriber.slow"
	| "tls.fail"
	| "tls.reload"
	| "worker.fail";
