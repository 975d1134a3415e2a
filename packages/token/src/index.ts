export type { RejectReason } from "./reject-reason.ts";
