/** An element of index.html by id and class; the page and its script ship together, so a missing one is a fault of ours. */
export function part<E extends HTMLElement>(id: string, kind: abstract new () => E): E {
	const found = document.getElementById(id);
	if (!(found instanceof kind)) throw new TypeError(`the page has no #${id}`);
	return found;
}

/** Put text into an element, touching it only when the text is new: screen readers announce every change. */
export function say(element: HTMLElement, text: string): void {
	if (element.textContent !== text) element.textContent = text;
}

/** Show a sentence in an alert, or take it away. */
export function showProblem(alert: HTMLElement, problem: string | undefined): void {
	say(alert, problem ?? "");
	alert.hidden = problem === undefined;
}
