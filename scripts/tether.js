/** Preloaded into a child (`node --import`): when the parent is gone, however it went, the child is asked to end. */
process.channel?.unref();
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
