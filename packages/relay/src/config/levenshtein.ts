/**
 * How far two words are from each other.
 * @module
 */

/** Single-character insertions, deletions and replacements that turn one text into the other. */
export function levenshtein(from: string, to: string): number {
	let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
	for (let row = 1; row <= from.length; row++) {
		const current = [row];
		for (let column = 1; column <= to.length; column++) {
			const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
			const removed = (previous[column] ?? 0) + 1;
			const inserted = (current[column - 1] ?? 0) + 1;
			current.push(Math.min(replaced, removed, inserted));
		}
		previous = current;
	}
	return previous[to.length] ?? 0;
}

/** The candidate that `word` was most likely meant to be; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
	let best: string | undefined;
	let bestDistance = (word.length > 8 ? 3 : 2) + 1;
	for (const candidate of candidates) {
		// Two texts are at least as far apart as their lengths.
		if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
		const distance = levenshtein(word, candidate);
		if (distance >= bestDistance) continue;
		best = candidate;
		bestDistance = distance;
	}
	return best;
}
