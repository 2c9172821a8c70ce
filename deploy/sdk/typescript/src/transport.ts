// The transport that clients take: what it does with each call, whatever carries it.

import {
  clone, create, isMessage, ScalarType,
  type DescMessage, type DescMethodStreaming, type DescMethodUnary, type MessageInitShape, type MessageShape,
} from "@bufbuild/protobuf";
import {ConnectError, type StreamResponse, type Transport, type UnaryResponse} from "@connectrpc/connect";
import {type ReadOptions, ReadOptionsSchema} from "../gen/kith/type/v1/read_pb.js";
import {Retries, sleep} from "./retry.js";

export interface ClientOptions {
  /** An API key. */
  key: string;
  /**
   * What a read must see that says nothing of its moment or freshness: "all" that anybody was told to have changed, or
   * this client's "own" changes, for which it waits less. "all" when not set.
   */
  reads?: "all" | "own";
  /** For how long after its first failure a call is tried again: 30,000 when not set. */
  patienceMs?: number;
}

/** What carries unary calls: a transport, or a session. */
export type Carrier = Pick<Transport, "unary">;

// Requests are changed by the names that their fields have.
type Fields = {requestId: string; read?: ReadOptions};

export class ClientTransport implements Transport {
  /**
   * Of `reads: "own"`: what a client of another process is given as its token, to read what this one has changed. Empty
   * where nothing has changed, or where several changes at once have, and a read waits for everybody's.
   *
   * Tokens of changes cannot be compared. Where several were on their way at once, it is not known whose is the last, and
   * there is none until a change that began after all of them is told.
   */
  token = "";
  #changesTold = 0;
  #closed = false;

  constructor(
    private readonly streams: Transport,
    private readonly calls: Carrier,
    private readonly options: ClientOptions,
    private readonly end: () => Promise<void> = async () => {},
  ) {}

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>, signal: AbortSignal | undefined, timeoutMs: number | undefined,
    header: HeadersInit | undefined, input: MessageInitShape<I>,
  ): Promise<UnaryResponse<I, O>> {
    const changes = isChange(method.input);
    const message = this.prepare(method.input, input, changes);
    const deadline = timeoutMs === undefined || timeoutMs <= 0 ? undefined : Date.now() + timeoutMs;
    const retries = new Retries(deadline, this.options.patienceMs ?? 30_000);
    const changesToldBefore = this.#changesTold;
    for (;;) {
      try {
        const leftMs = deadline === undefined ? timeoutMs : Math.max(1, deadline - Date.now());
        // A message is what its initialiser may be.
        const response = await this.calls.unary(method, signal, leftMs, this.withKey(header), message as MessageInitShape<I>);
        if (changes) {
          const token = response.header.get("kith-token") ?? "";
          this.token = this.#changesTold === changesToldBefore ? token : "";
          this.#changesTold++;
        }
        return response;
      } catch (thrown) {
        const waitMs = retries.waitAfter(ConnectError.from(thrown));
        if (waitMs === undefined || signal?.aborted || this.#closed) throw thrown;
        await sleep(waitMs, signal);
      }
    }
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>, signal: AbortSignal | undefined, timeoutMs: number | undefined,
    header: HeadersInit | undefined, input: AsyncIterable<MessageInitShape<I>>,
  ): Promise<StreamResponse<I, O>> {
    return this.streams.stream(method, signal, timeoutMs, this.withKey(header), input);
  }

  /** Ends a session, when every call is told, and its connection. No call is tried again from then on. */
  close(): Promise<void> {
    this.#closed = true;
    return this.end();
  }

  private withKey(header: HeadersInit | undefined): Headers {
    const headers = new Headers(header);
    headers.set("authorization", `Bearer ${this.options.key}`);
    return headers;
  }

  // The request as it is sent each time; the caller's stays as it is.
  private prepare<I extends DescMessage>(schema: I, input: MessageInitShape<I>, changes: boolean): MessageShape<I> {
    const message = isMessage(input, schema) ? clone(schema, input as MessageShape<I>) : create(schema, input);
    const fields = message as unknown as Fields;
    if (changes) {
      fields.requestId ||= newRequestId();
    } else if (this.options.reads === "own" && this.token !== "" && schema.field.read?.message === ReadOptionsSchema) {
      fields.read ??= create(ReadOptionsSchema);
      if (fields.read.asOf.case === undefined && fields.read.freshness.case === undefined) {
        fields.read.freshness = {case: "atLeast", value: this.token};
      }
    }
    return message;
  }
}

function isChange(schema: DescMessage): boolean {
  const field = schema.field.requestId;
  return field?.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
}

// 32 hexadecimal digits that nobody else draws.
function newRequestId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
