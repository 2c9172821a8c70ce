// For Node: gRPC over HTTP/2.

import {createGrpcTransport, type GrpcTransportOptions, Http2SessionManager} from "@connectrpc/connect-node";
import {Session} from "./session.js";
import {type ClientOptions, ClientTransport} from "./transport.js";

export * from "./index.js";

export interface NodeOptions extends ClientOptions {
  /** Unary calls share one stream. */
  session?: boolean;
  /**
   * How long a session's connection may tell nothing while calls are on their way before it counts as broken: longer than
   * the longest call takes; 60,000 when not set.
   */
  silenceMs?: number;
  /** Of Connect's transport for gRPC. */
  transport?: Partial<GrpcTransportOptions>;
}

/** A transport to the server at "http://host:port", which connects with the first call. */
export function connect(baseUrl: string, options: NodeOptions): ClientTransport {
  const open = () => {
    const sessionManager = new Http2SessionManager(baseUrl, undefined, options.transport?.nodeOptions);
    const transport = createGrpcTransport({baseUrl, sessionManager, ...options.transport});
    // A connection that broke says why some moments later than its stream does, and whoever ended it meanwhile would not
    // hear that: nobody would, which ends a process.
    return {transport, abort: () => void setTimeout(() => sessionManager.abort(), 100).unref()};
  };
  const own = open();
  if (!options.session) return new ClientTransport(own.transport, own.transport, options, async () => own.abort());
  const session = new Session(open, options.patienceMs ?? 30_000, options.silenceMs ?? 60_000);
  return new ClientTransport(own.transport, session, options, async () => {
    await session.close();
    own.abort();
  });
}
