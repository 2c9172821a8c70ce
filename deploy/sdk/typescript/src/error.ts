// What a failed call says of its failure, in types.

import type {DescMessage, MessageShape} from "@bufbuild/protobuf";
import {type Code, ConnectError} from "@connectrpc/connect";
import {ErrorInfoSchema} from "../gen/google/rpc/error_details_pb.js";

/** An error as the server tells it. The enums `…Error` in the protos say what each reason means and what to do. */
export interface KithError {
  code: Code;
  message: string;
  /** "CONTACT_NOT_FOUND"; empty where the server has told none: of a connection that broke, for one. */
  reason: string;
  /** "kith.contacts.v1": the package that has the reason. */
  domain: string;
  metadata: Record<string, string>;
  /** The detail of a type, of which there is one at most: `detail(BadRequestSchema)`. */
  detail<D extends DescMessage>(schema: D): MessageShape<D> | undefined;
}

export function errorOf(thrown: unknown): KithError {
  const error = ConnectError.from(thrown);
  const info = error.findDetails(ErrorInfoSchema)[0];
  return {
    code: error.code,
    message: error.rawMessage,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: info?.metadata ?? {},
    detail: (schema) => error.findDetails(schema)[0],
  };
}
