package kith;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import kith.type.v1.ReadOptions;

/** A unary call, which is begun again as long as its failures are no outcome. */
final class UnaryCall<Q, R> extends ClientCall<Q, R> {
  private final Client client;
  private final Carrier carrier;
  private final ScheduledExecutorService timer;
  private final MethodDescriptor<Q, R> method;
  private final CallOptions options;
  private final Retries retries;
  private final Executor executor;
  private Listener<R> listener;
  private Metadata headers;
  private Q request;
  private boolean changes;
  private int changesBefore;

  // What follows is guarded by this.
  private Runnable cancelAttempt = () -> {};
  private boolean over;

  UnaryCall(Client client, Carrier carrier, ScheduledExecutorService timer, MethodDescriptor<Q, R> method,
      CallOptions options) {
    this.client = client;
    this.carrier = carrier;
    this.timer = timer;
    this.method = method;
    this.options = options;
    this.retries = new Retries(options.getDeadline(), client.patience);
    this.executor = options.getExecutor() == null ? Runnable::run : options.getExecutor();
  }

  @Override
  public void start(Listener<R> listener, Metadata headers) {
    this.listener = listener;
    this.headers = headers;
  }

  @Override
  public void request(int messages) {}  // there is one

  @Override
  public void sendMessage(Q message) {
    request = prepared(message);
  }

  @Override
  public void halfClose() {
    attempt();
  }

  @Override
  public void cancel(String message, Throwable cause) {
    Status status = Status.CANCELLED.withDescription(message).withCause(cause);
    end(status, new Metadata(), new Metadata(), null);
  }

  private synchronized void attempt() {
    if (!over) cancelAttempt = carrier.start(method, options, headers, request, this::told);
  }

  private void told(Status status, Metadata replyHeaders, Metadata trailers, R reply) {
    if (!status.isOk() && !trailers.containsKey(Session.GIVEN_UP)) {
      OptionalLong wait = retries.waitAfter(KithError.of(status, trailers));
      try {
        if (wait.isPresent()) {
          timer.schedule(this::attempt, wait.getAsLong(), TimeUnit.NANOSECONDS);
          return;
        }
      } catch (RejectedExecutionException closed) {
        // The client was closed meanwhile, and this is the call's outcome.
      }
    }
    if (status.isOk() && changes && client.own != null) client.own.tell(changesBefore, replyHeaders.get(Client.TOKEN));
    end(status, replyHeaders, trailers, reply);
  }

  private void end(Status status, Metadata replyHeaders, Metadata trailers, R reply) {
    Runnable cancel;
    synchronized (this) {
      if (over) return;
      over = true;
      cancel = cancelAttempt;
    }
    if (status.getCode() == Status.Code.CANCELLED) cancel.run();
    executor.execute(() -> {
      if (status.isOk()) {
        listener.onHeaders(replyHeaders);
        listener.onMessage(reply);
      }
      listener.onClose(status, trailers);
    });
  }

  // The request as it is sent each time.
  @SuppressWarnings("unchecked")
  private Q prepared(Q message) {
    Message sent = (Message) message;
    FieldDescriptor id = sent.getDescriptorForType().findFieldByName("request_id");
    FieldDescriptor read = sent.getDescriptorForType().findFieldByName("read");
    if (id != null && id.getType() == FieldDescriptor.Type.STRING && !id.isRepeated()) {
      changes = true;
      if (client.own != null) changesBefore = client.own.begin();
      if (!((String) sent.getField(id)).isEmpty()) return message;
      return (Q) sent.toBuilder().setField(id, UUID.randomUUID().toString()).build();
    }
    String token = client.token();
    if (read == null || token.isEmpty() || !(sent.getField(read) instanceof ReadOptions)) return message;
    ReadOptions said = (ReadOptions) sent.getField(read);
    if (said.getAsOfCase() != ReadOptions.AsOfCase.ASOF_NOT_SET
        || said.getFreshnessCase() != ReadOptions.FreshnessCase.FRESHNESS_NOT_SET) {
      return message;
    }
    return (Q) sent.toBuilder().setField(read, said.toBuilder().setAtLeast(token).build()).build();
  }
}
