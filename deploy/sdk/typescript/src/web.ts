// For browsers: the Connect protocol, which Kith has on its HTTP port. The page's origin must be among --http_origins.

import {createConnectTransport, type ConnectTransportOptions} from "@connectrpc/connect-web";
import {type ClientOptions, ClientTransport} from "./transport.js";

export * from "./index.js";

export interface WebOptions extends ClientOptions {
  /** Of Connect's transport for browsers. */
  transport?: Partial<ConnectTransportOptions>;
}

/** A transport to the HTTP port of the server, "http://host:port". */
export function connect(baseUrl: string, options: WebOptions): ClientTransport {
  const transport = createConnectTransport({baseUrl, useBinaryFormat: true, ...options.transport});
  return new ClientTransport(transport, transport, options);
}
