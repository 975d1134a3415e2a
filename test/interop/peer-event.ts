/**
 * What a peer process tells.
 * @module
 */

/** A group as a viewer received it. */
export interface ViewedGroup {
	readonly event: "group";
	readonly track: string;
	/** The number on the wire. */
	readonly sequence: number;
	/** The number in the first frame; undefined when none came. */
	readonly group: number | undefined;
	readonly frames: number;
	readonly bytes: number;
	/** Over the frames that came and their boundaries. */
	readonly sha256: string;
	readonly end: "finished" | "aborted";
	/** Presentation times that are not what the publisher gave, in all; undefined where there are none. */
	readonly wrongTimes: number | undefined;
}

/** One line of a peer's standard output. */
export type PeerEvent =
	| { readonly event: "connected"; readonly version: string; readonly subprotocol: string | undefined }
	| { readonly event: "announced" }
	| { readonly event: "unannounced" }
	/** A publisher has a subscriber for every track. */
	| { readonly event: "demand" }
	| { readonly event: "published"; readonly until: number }
	| ViewedGroup
	| { readonly event: "track-end"; readonly track: string; readonly error?: string }
	| { readonly event: "closed"; readonly error?: string }
	| { readonly event: "failed"; readonly error: string };
