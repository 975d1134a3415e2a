/**
 * Every bound of the listeners: unit last, and what it protects.
 * @module
 */

/** Time for a TCP peer to send its first byte, in ms; it decides between TLS and HTTP. */
export const FIRST_BYTE_MS: number = 5000;

/** Time for a TLS handshake, in ms. */
export const TLS_HANDSHAKE_MS: number = 10_000;

/** Time for the whole head of a request, in ms; a peer that drips it holds a socket no longer than this. */
export const HTTP_HEADERS_MS: number = 10_000;

/** Time for a whole request, body included, in ms; no request of ours has a body. */
export const HTTP_REQUEST_MS: number = 15_000;

/** Silence between two requests of one socket, in ms. */
export const HTTP_KEEP_ALIVE_MS: number = 15_000;

/** Requests on one socket before it is closed. */
export const HTTP_REQUESTS_PER_SOCKET_MAX: number = 1000;

/** Bytes of a request's head, the target with its token included. */
export const HTTP_HEADER_BYTES_MAX: number = 16 * 1024;

/** Headers of one request. */
export const HTTP_HEADERS_MAX: number = 100;

/** How often the time limits of sockets are looked at, in ms. */
export const HTTP_CHECK_MS: number = 1000;

/** Sockets of one worker that carry no WebSocket (yet); further ones are closed at once. */
export const SOCKETS_WAITING_MAX: number = 4096;

/** As above, of one IPv4 address or IPv6 /64: one peer must not fill the door. Loopback, where proxies are, is exempt. */
export const SOCKETS_WAITING_PER_ADDRESS_MAX: number = 256;

/** Questions of one worker that main has not answered; further ones are answered 503 in the worker. */
export const ASKS_MAX: number = 2048;

/** Time for main to answer a question, in ms: longer than any answer of its own may take. */
export const ASK_MS: number = 45_000;

/** Bytes of one WebSocket message: a qmux record is at most 16 KiB, the oldest framing takes any size up to this. */
export const MESSAGE_BYTES_MAX: number = 1024 * 1024;

/**
 * Fragments of one WebSocket message. Each may hold the whole read of the socket that it came in, up to 64 KiB, however
 * small it is itself; browsers and Node send messages of this size in one to sixteen.
 */
export const MESSAGE_FRAGMENTS_MAX: number = 64;

/** Reads of a socket that hold one WebSocket frame which is not whole; a frame of the largest size needs 800 on a slow path. */
export const FRAME_READS_MAX: number = 4096;

/** Time for a peer to answer the closing of a WebSocket, in ms; then its socket is closed all the same. */
export const WEBSOCKET_CLOSE_MS: number = 5000;

/** Pause between two WebSocket pings, in ms. */
export const WEBSOCKET_PING_MS: number = 5000;

/** Silence after which a WebSocket is dead, in ms. */
export const WEBSOCKET_SILENCE_MS: number = 30_000;

/** Bytes of an HTTP answer under way to a worker before main waits for its socket. */
export const RESPONSE_AHEAD_BYTES: number = 256 * 1024;

/** Pause before a worker that died is replaced, in ms; a fault at start must not spin. */
export const WORKER_RESTART_MS: number = 1000;

/** Attempts to find one port that is free for both UDP and TCP when the system may choose it. */
export const PORT_ATTEMPTS_MAX: number = 16;

/** Bytes of a UDP packet that MTU discovery looks for: what an Ethernet carries over IPv6. */
export const MTU_DISCOVERY_BYTES_MAX: number = 1452;

/** Connections of one listening socket that the kernel holds for a worker. */
export const BACKLOG: number = 511;
