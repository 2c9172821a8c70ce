package kith;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/** What carries unary calls. */
interface Carrier {
  /** Is told once what became of an attempt, by whatever thread. */
  interface Told<R> {
    /** The reply is null where the status is not OK; headers are of a reply, trailers of a failure. */
    void tell(Status status, Metadata headers, Metadata trailers, R reply);
  }

  /** Answers what cancels it. */
  <Q, R> Runnable start(MethodDescriptor<Q, R> method, CallOptions options, Metadata headers, Q request, Told<R> told);
}
