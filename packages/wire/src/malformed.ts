/**
 * The one error of decoders.
 * @module
 */
import { Code } from "./codes.ts";

/** Bytes that are not what the protocol says. The caller decides what dies of it and tells the peer `code`. */
export class Malformed extends Error {
	override readonly name = "Malformed";
	/** `Decode` unless a more telling code applies (BoundsExceeded, FrameTooLarge, TooManyParameters …). */
	readonly code: Code;

	constructor(message: string, code: Code = Code.Decode) {
		super(message);
		this.code = code;
	}
}
