package kith;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/** Carries each call over a stream of its own, as gRPC does. */
final class Alone implements Carrier {
  private final Channel channel;

  Alone(Channel channel) {
    this.channel = channel;
  }

  @Override
  public <Q, R> Runnable start(
      MethodDescriptor<Q, R> method, CallOptions options, Metadata headers, Q request, Told<R> told) {
    ClientCall<Q, R> call = channel.newCall(method, options.withExecutor(Runnable::run));
    Metadata sent = new Metadata();
    sent.merge(headers);
    call.start(new ClientCall.Listener<R>() {
      private Metadata replyHeaders = new Metadata();
      private R reply;

      @Override
      public void onHeaders(Metadata headers) {
        replyHeaders = headers;
      }

      @Override
      public void onMessage(R message) {
        reply = message;
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        told.tell(status, replyHeaders, trailers, reply);
      }
    }, sent);
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
    return () -> call.cancel("cancelled", null);
  }
}
