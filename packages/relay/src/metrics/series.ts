/**
 * Every series that the relay exposes besides those of the process: name, help and labels.
 * @module
 */

/** One series. */
export interface Series {
	readonly help: string;
	readonly labels: readonly string[];
}

/** Names of them. */
export type CounterName =
	| "moq_sessions_total"
	| "moq_sessions_closed_total"
	| "moq_relay_sessions_opened_total"
	| "moq_relay_sessions_closed_total"
	| "moq_relay_subscriptions_opened_total"
	| "moq_relay_subscriptions_closed_total"
	| "moq_relay_fetches_total"
	| "moq_auth_total"
	| "moq_auth_failures_total"
	| "moq_limit_rejections_total"
	| "moq_protocol_errors_total"
	| "moq_accept_failures_total"
	| "moq_cluster_dials_total"
	| "moq_cluster_route_changes_total"
	| "moq_cluster_announcements_refused_total"
	| "moq_tls_reloads_total"
	| "moq_tls_reload_failures_total"
	| "moq_faults_total";

/** Counted where it happens. */
export const COUNTERS: Readonly<Record<CounterName, Series>> = {
	moq_sessions_total: { help: "Sessions opened", labels: ["transport", "role"] },
	moq_sessions_closed_total: { help: "Sessions closed, by session code", labels: ["reason"] },
	moq_relay_sessions_opened_total: { help: "Sessions opened", labels: ["tier"] },
	moq_relay_sessions_closed_total: { help: "Sessions closed", labels: ["tier"] },
	moq_relay_subscriptions_opened_total: { help: "Subscriptions opened", labels: ["tier", "role"] },
	moq_relay_subscriptions_closed_total: { help: "Subscriptions closed", labels: ["tier", "role"] },
	moq_relay_fetches_total: { help: "Groups fetched over HTTP", labels: ["tier", "role"] },
	moq_auth_total: { help: "Sessions and requests let in", labels: [] },
	moq_auth_failures_total: { help: "Sessions and requests refused, by reason", labels: ["reason"] },
	moq_limit_rejections_total: { help: "Sessions and requests refused by a limit", labels: ["limit"] },
	moq_protocol_errors_total: { help: "Rules of the protocol that peers broke, by code", labels: ["code"] },
	moq_accept_failures_total: { help: "Peers turned away before a session", labels: ["listener", "class"] },
	moq_cluster_dials_total: { help: "Attempts to reach another relay", labels: ["result"] },
	moq_cluster_route_changes_total: { help: "Broadcasts that are reached another way than before", labels: [] },
	moq_cluster_announcements_refused_total: {
		help: "Broadcasts that relays announced outside their prefixes, so nobody sees them",
		labels: [],
	},
	moq_tls_reloads_total: { help: "Certificates replaced live", labels: ["listener"] },
	moq_tls_reload_failures_total: { help: "New certificates that were bad, so the old ones stay", labels: ["listener"] },
	moq_faults_total: { help: "Faults of the relay itself, each with a line in the log", labels: [] },
};

/** Names of them. */
export type SumName =
	| "moq_bytes_total"
	| "moq_groups_total"
	| "moq_datagrams_total"
	| "moq_subscriber_dropped_groups_total"
	| "moq_relay_bytes_total"
	| "moq_relay_groups_total"
	| "moq_relay_datagrams_total";

/** Sums over all sessions there ever were; computed when metrics are collected. */
export const SUMS: Readonly<Record<SumName, Series>> = {
	moq_bytes_total: { help: "Bytes of media received, and bytes sent", labels: ["direction", "scope"] },
	moq_groups_total: { help: "Groups received and sent", labels: ["direction", "scope"] },
	moq_datagrams_total: { help: "Datagrams received and sent", labels: ["direction", "scope"] },
	moq_subscriber_dropped_groups_total: { help: "Groups given up because a viewer was slow", labels: ["scope"] },
	moq_relay_bytes_total: { help: "Bytes from publishers and to subscribers", labels: ["tier", "role"] },
	moq_relay_groups_total: { help: "Groups from publishers and to subscribers", labels: ["tier", "role"] },
	moq_relay_datagrams_total: { help: "Datagrams from publishers and to subscribers", labels: ["tier", "role"] },
};

/** Names of them. */
export type GaugeName =
	| "moq_build_info"
	| "moq_start_time_seconds"
	| "moq_sessions"
	| "moq_subscriptions"
	| "moq_upstream_subscriptions"
	| "moq_announcements"
	| "moq_draining"
	| "moq_ready"
	| "moq_cluster_peers"
	| "moq_cluster_peer_up"
	| "moq_cluster_token_expiry_timestamp_seconds"
	| "moq_tls_cert_not_after_timestamp_seconds"
	| "moq_tls_cert_not_before_timestamp_seconds"
	| "moq_udp_buffer_bytes"
	| "moq_web_workers"
	| "moq_web_worker_tapes"
	| "moq_quic_connections"
	| "moq_quic_packets_sent"
	| "moq_quic_packets_received"
	| "moq_quic_packets_unsent"
	| "moq_quic_engine_panics"
	| "moq_quic_tape_bytes"
	| "moq_auth_public_root";

/** Set when metrics are collected. */
export const GAUGES: Readonly<Record<GaugeName, Series>> = {
	moq_build_info: { help: "What runs", labels: ["version", "runtime", "quic"] },
	moq_start_time_seconds: { help: "When the relay started", labels: [] },
	moq_sessions: { help: "Sessions now", labels: ["transport", "role"] },
	moq_subscriptions: { help: "Subscriptions of peers on this relay now", labels: ["scope"] },
	moq_upstream_subscriptions: { help: "Subscriptions of this relay on peers now", labels: ["scope"] },
	moq_announcements: { help: "Broadcasts that peers announce now", labels: ["scope"] },
	moq_draining: { help: "1 while the relay lets its sessions go", labels: [] },
	moq_ready: { help: "1 while the relay takes new sessions", labels: [] },
	moq_cluster_peers: { help: "Links to other relays that stand", labels: [] },
	moq_cluster_peer_up: {
		help: "1 while the link to a configured peer stands, and those to all that were discovered",
		labels: ["peer"],
	},
	moq_cluster_token_expiry_timestamp_seconds: { help: "End of a token for another relay", labels: ["peer"] },
	moq_tls_cert_not_after_timestamp_seconds: { help: "End of a certificate's validity", labels: ["listener", "name"] },
	moq_tls_cert_not_before_timestamp_seconds: {
		help: "Begin of a certificate's validity",
		labels: ["listener", "name"],
	},
	moq_udp_buffer_bytes: { help: "Socket buffers that the kernel granted", labels: ["direction"] },
	moq_web_workers: { help: "Threads that serve TCP", labels: [] },
	moq_web_worker_tapes: { help: "Groups that threads of TCP hold, once for each", labels: [] },
	moq_quic_connections: { help: "QUIC connections", labels: [] },
	moq_quic_packets_sent: { help: "UDP packets sent", labels: [] },
	moq_quic_packets_received: { help: "UDP packets received", labels: [] },
	moq_quic_packets_unsent: { help: "UDP packets that the kernel did not take", labels: [] },
	moq_quic_engine_panics: { help: "Connections lost to a panic in a library", labels: [] },
	moq_quic_tape_bytes: { help: "Bytes of groups in native memory", labels: [] },
	moq_auth_public_root: { help: "1 when anybody may publish or watch everything", labels: [] },
};
