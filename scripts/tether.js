/** Preloaded into a child (`node --import`): when the parent is gone, however it went, the child ends too, kindly if it can. */
const KIND_MS = 1400;

process.channel?.unref();
process.once("disconnect", () => {
	process.kill(process.pid, "SIGTERM");
	setTimeout(() => process.exit(1), KIND_MS).unref();
});
