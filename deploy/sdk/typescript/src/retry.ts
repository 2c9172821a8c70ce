// When a call that failed is made again.

import {Code, ConnectError} from "@connectrpc/connect";
import {RetryInfoSchema} from "../gen/google/rpc/error_details_pb.js";

export const firstMs = 50;
export const maxMs = 2_000;

/** Errors that were tried again already, for as long as the client's patience lasts. */
export const givenUp = new WeakSet<ConnectError>();

/** The connection broke, and the server has said nothing: whether the call took effect is open. */
function isBroken(error: ConnectError): boolean {
  if (error.code === Code.Unavailable) return true;
  if (error.details.length > 0) return false;
  // In Node a stream is "canceled" whose connection ended, and "aborted" where that was reset; in browsers a fetch that
  // failed is a TypeError. Whether the caller has given up is known to who calls.
  if (error.code === Code.Canceled || error.code === Code.Aborted) return true;
  return error.code === Code.Unknown && error.cause instanceof TypeError;
}

/** Those of one call: until its deadline, and no longer than `patienceMs` after its first failure. */
export class Retries {
  #giveUpAt: number | undefined;
  #nextMs = firstMs;

  constructor(
    private readonly deadline: number | undefined,
    private readonly patienceMs: number,
  ) {}

  /** How long to wait; undefined where the failure is the call's outcome. */
  waitAfter(error: ConnectError): number | undefined {
    if (givenUp.has(error)) return undefined;
    const info = error.findDetails(RetryInfoSchema)[0];
    if (info === undefined && !isBroken(error)) return undefined;
    const now = Date.now();
    this.#giveUpAt ??= Math.min(now + this.patienceMs, this.deadline ?? Infinity);
    const delay = info?.retryDelay;
    const leastMs = delay === undefined ? 0 : Number(delay.seconds) * 1_000 + delay.nanos / 1e6;
    // Never sooner than was asked for, and not all at the same moment.
    const waitMs = leastMs + this.#nextMs * (0.5 + Math.random() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, maxMs);
    return now + waitMs < this.#giveUpAt ? waitMs : undefined;
  }
}

/** Ends early, with the signal's reason as its error, where the signal is given. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(ConnectError.from(signal?.reason, Code.Canceled));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    }, ms);
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, {once: true});
  });
}
