export { CommandError } from "./command-error.ts";
export { MediaError } from "./media/media-error.ts";
export { run } from "./run.ts";
