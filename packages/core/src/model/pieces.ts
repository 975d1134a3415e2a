/**
 * Byte sequences in pieces.
 * @module
 */

/** All pieces as one; a single piece is returned as it is. `byteLength` is that of all together. */
export function joinPieces(pieces: readonly Uint8Array[], byteLength: number): Uint8Array {
	const [first] = pieces;
	if (pieces.length === 1 && first !== undefined) return first;
	const joined = new Uint8Array(byteLength);
	let at = 0;
	for (const piece of pieces) {
		joined.set(piece, at);
		at += piece.byteLength;
	}
	return joined;
}
