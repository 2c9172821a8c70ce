// Unary calls carried together over one stream: kith.sessions.v1.

import {
  create, fromBinary, toBinary,
  type DescMessage, type DescMethodUnary, type MessageInitShape, type MessageShape,
} from "@bufbuild/protobuf";
import {Code, ConnectError, type Transport, type UnaryResponse} from "@connectrpc/connect";
import {
  RunSessionRequestSchema, type RunSessionRequest, type RunSessionResponse, type RunSessionResponse_Outcome, SessionsService,
} from "../gen/kith/sessions/v1/sessions_service_pb.js";
import {firstMs, givenUp, maxMs, sleep} from "./retry.js";
import type {Carrier} from "./transport.js";

const callsAMessage = 500;
const bytesAMessage = 1 << 20;
// A stream that nothing is on its way over is ended, so that it keeps no process from its end; the next call opens one.
const idleMs = 1_000;
// One that has told nothing for so long is asked whether it is there.
const quietMs = 5_000;
// How often a look is taken, at most, at whether it tells anything.
const lookMs = 1_000;
// The server tells that a deadline has passed, and ends a stream that the client has ended. Where it tells nothing, the
// client does, so much later.
const graceMs = 1_000;
// Errors of a stream that another stream would meet again.
const lasting = [Code.Unauthenticated, Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented];

/** A transport with a connection of its own. */
export interface Connection {
  transport: Transport;
  abort(): void;
}

// What is said of a call beside its request.
interface About {
  traceparent: string;
  cause: string;
  onBehalfOf: string;
}

interface Call {
  id: bigint;
  method: string;
  request: Uint8Array;
  deadline: number | undefined;
  about: About;
  sent: boolean;
  tell(outcome: RunSessionResponse_Outcome | ConnectError): void;
}

// A server that speaks no HTTP/2 breaks the protocol with its first word.
function named(failure: ConnectError): ConnectError {
  if (failure.rawMessage !== "Protocol error") return failure;
  const what = "no gRPC is spoken there: a session needs the server's gRPC port, not that for HTTP";
  return new ConnectError(what, Code.Unimplemented, undefined, undefined, failure);
}

// Nobody told what became of the call, and where no connection held, that is why.
function passed(broken: ConnectError | undefined): ConnectError {
  const why = broken === undefined ? "" : `, and the last connection broke: ${broken.rawMessage}`;
  return new ConnectError(`the deadline has passed${why}`, Code.DeadlineExceeded, undefined, undefined, broken);
}

export class Session implements Carrier {
  #lastId = 0n;
  #pending = new Map<bigint, Call>(); // not told, in the order in which they were made
  #unsent: Call[] = [];
  #cancels: bigint[] = [];
  #methods = new Map<string, number>(); // the numbers of the stream's methods
  #header = new Headers();
  #heardAt = 0;
  #wake = () => {};
  #closed = false;
  #running: Promise<void> | undefined;
  #broken: ConnectError | undefined; // why the last stream broke, until one tells something

  /** A broken connection is tried again for `patienceMs`, and one is broken that tells nothing for `silenceMs`. */
  constructor(
    private readonly connect: () => Connection,
    private readonly patienceMs: number,
    private readonly silenceMs: number,
  ) {}

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>, signal: AbortSignal | undefined, timeoutMs: number | undefined,
    header: HeadersInit | undefined, input: MessageInitShape<I>,
  ): Promise<UnaryResponse<I, O>> {
    if (this.#closed) throw new ConnectError("the client is closed", Code.Canceled);
    this.#header = new Headers(header);
    const take = (name: string): string => {
      const text = this.#header.get(name) ?? "";
      this.#header.delete(name);
      return text;
    };
    const about = {
      traceparent: take("traceparent"), cause: take("kith-cause"), onBehalfOf: take("kith-on-behalf-of"),
    };
    const request = toBinary(method.input, create(method.input, input) as MessageShape<I>);
    const outcome = await this.#carry(`${method.parent.typeName}/${method.name}`, request, about, signal, timeoutMs);
    const told = new Headers();
    if (outcome.token !== "") told.set("kith-token", outcome.token);
    if (outcome.repeated) told.set("kith-repeated", "true");
    const message = fromBinary(method.output, outcome.reply);
    return {stream: false, service: method.parent, method, header: told, message, trailer: new Headers()};
  }

  /** When every call is told; that ends, since a server that tells nothing is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#running;
  }

  #carry(
    method: string, request: Uint8Array, about: About, signal: AbortSignal | undefined, timeoutMs: number | undefined,
  ): Promise<RunSessionResponse_Outcome> {
    return new Promise((resolve, reject) => {
      const hasDeadline = timeoutMs !== undefined && timeoutMs > 0;
      const deadline = hasDeadline ? Date.now() + timeoutMs : undefined;
      const call: Call = {
        id: ++this.#lastId, method, request, deadline, about, sent: false,
        tell: (outcome) => {
          this.#pending.delete(call.id);
          clearTimeout(timer);
          signal?.removeEventListener("abort", giveUp);
          if (outcome instanceof ConnectError) reject(outcome);
          else if (outcome.status !== undefined && outcome.status.code !== 0) reject(errorIn(outcome));
          else resolve(outcome);
        },
      };
      // Nobody waits for it any more. Whether it takes effect is open, as with every call that is cancelled.
      const forget = (why: ConnectError) => {
        if (call.sent) this.#cancels.push(call.id);
        call.tell(why);
        this.#wake();
      };
      const giveUp = () => forget(ConnectError.from(signal?.reason, Code.Canceled));
      const timer = hasDeadline
        ? setTimeout(() => forget(passed(this.#broken)), timeoutMs + graceMs)
        : undefined;
      if (signal?.aborted) return reject(ConnectError.from(signal.reason, Code.Canceled));
      signal?.addEventListener("abort", giveUp, {once: true});
      if (this.#pending.size === 0) this.#heardAt = Date.now();
      this.#pending.set(call.id, call);
      this.#unsent.push(call);
      this.#wake();
      this.#running ??= this.#run();
    });
  }

  // Opens streams, one after the other, as long as a call is on its way.
  async #run(): Promise<void> {
    let waitMs = firstMs;
    let brokenSince: number | undefined;
    while (this.#pending.size > 0) {
      // All that was not told, in its order: request ids see to it that each takes effect once.
      this.#methods.clear();
      this.#cancels = [];
      this.#unsent = [...this.#pending.values()];
      for (const call of this.#unsent) call.sent = false;
      this.#heardAt = Date.now();
      const connection = this.connect();
      const over = new AbortController();
      let last: ReturnType<typeof setTimeout> | undefined;
      let failure: ConnectError | undefined;
      // It may neither tell anything nor take what is written.
      let silent: ConnectError | undefined;
      const watch = setInterval(() => {
        if (this.#pending.size === 0 || Date.now() - this.#heardAt <= this.silenceMs) return;
        silent = new ConnectError("the server has told nothing for too long", Code.Unavailable);
        over.abort(silent);
        connection.abort();
      }, Math.min(lookMs, this.silenceMs / 4));
      try {
        const messages = this.#messages(over, () => {
          last = setTimeout(() => over.abort(), graceMs);
        });
        const stream = await connection.transport.stream(
          SessionsService.method.runSession, over.signal, undefined, this.#header, messages);
        for await (const response of stream.message) {
          waitMs = firstMs;
          brokenSince = undefined;
          this.#broken = undefined;
          this.#tell(response);
        }
      } catch (thrown) {
        failure = silent ?? named(ConnectError.from(thrown));
        this.#broken = failure;
      }
      clearTimeout(last);
      clearInterval(watch);
      over.abort();
      this.#wake();
      connection.abort();
      // One that ended well was idle, or is over with its server, and what was called since is sent over the next.
      brokenSince ??= Date.now();
      if ((failure !== undefined && lasting.includes(failure.code)) || Date.now() - brokenSince > this.patienceMs) {
        this.#giveUp(failure ?? new ConnectError("the server has ended the session", Code.Unavailable));
      }
      if (this.#pending.size > 0) await sleep(waitMs);
      waitMs = Math.min(waitMs * 2, maxMs);
    }
    this.#running = undefined;
  }

  // What is sent on a stream.
  async *#messages(over: AbortController, ended: () => void): AsyncGenerator<RunSessionRequest> {
    const askMs = Math.min(quietMs, this.silenceMs / 2);
    while (!over.signal.aborted) {
      if (this.#unsent.length > 0 || this.#cancels.length > 0) {
        yield this.#filled();
        continue;
      }
      const idle = this.#pending.size === 0;
      if (idle && this.#closed) return ended();
      if (await this.#woken(idle ? idleMs : askMs)) continue;
      if (over.signal.aborted) return;
      if (this.#pending.size === 0 && idle) return ended();
      if (Date.now() - this.#heardAt >= askMs) yield create(RunSessionRequestSchema);
    }
  }

  // Whether something happened within that time.
  #woken(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #filled(): RunSessionRequest {
    const message = create(RunSessionRequestSchema);
    let size = 0;
    let taken = 0;
    for (const call of this.#unsent) {
      size += call.request.length;
      // One that is long goes alone: the server takes 4 MiB in a message.
      if (message.calls.length === callsAMessage || (message.calls.length > 0 && size > bytesAMessage)) break;
      taken++;
      if (!this.#pending.has(call.id)) continue;
      call.sent = true;
      let number = this.#methods.get(call.method);
      if (number === undefined) {
        number = this.#methods.size;
        this.#methods.set(call.method, number);
        message.methods.push(call.method);
      }
      const left = call.deadline === undefined ? undefined : Math.max(0, call.deadline - Date.now());
      message.calls.push({
        $typeName: "kith.sessions.v1.RunSessionRequest.Call",
        id: call.id,
        method: number,
        request: call.request,
        traceparent: call.about.traceparent,
        cause: call.about.cause,
        onBehalfOf: call.about.onBehalfOf,
        after: [],
        timeout: left === undefined ? undefined : {
          $typeName: "google.protobuf.Duration", seconds: BigInt(Math.floor(left / 1_000)), nanos: (left % 1_000) * 1_000_000,
        },
      });
    }
    this.#unsent = this.#unsent.slice(taken);
    message.cancel = this.#cancels.splice(0, callsAMessage);
    return message;
  }

  #tell(response: RunSessionResponse): void {
    this.#heardAt = Date.now();
    for (const outcome of response.outcomes) this.#pending.get(outcome.id)?.tell(outcome);
    if (this.#pending.size === 0) this.#wake();
  }

  #giveUp(error: ConnectError): void {
    givenUp.add(error);
    for (const call of [...this.#pending.values()]) call.tell(error);
  }
}

// The failure of a call, as a transport throws it.
function errorIn(outcome: RunSessionResponse_Outcome): ConnectError {
  const status = outcome.status!;
  const error = new ConnectError(status.message, status.code as Code);
  error.details = status.details.map((detail) => ({type: detail.typeUrl.split("/").pop() ?? "", value: detail.value}));
  return error;
}
