package kith;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import kith.sessions.v1.RunSessionRequest;
import kith.sessions.v1.RunSessionResponse;
import kith.sessions.v1.RunSessionResponse.Outcome;
import kith.sessions.v1.SessionsServiceGrpc;

/** Unary calls carried together over one stream: kith.sessions.v1. Thread-safe. */
final class Session implements Carrier {
  /** Stands among the trailers of what was tried again already, for as long as the client's patience lasts. */
  static final Metadata.Key<String> GIVEN_UP =
      Metadata.Key.of("kith-client-given-up", Metadata.ASCII_STRING_MARSHALLER);

  private static final int CALLS_A_MESSAGE = 500;
  private static final int BYTES_A_MESSAGE = 1 << 20;
  // A stream that has told nothing for so long is asked whether it is there.
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(5);
  // The server ends a stream that the client has ended. Where it does not, the client does, so much later.
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);
  // Errors of a stream that another stream would meet again.
  private static final Set<Status.Code> LASTING = EnumSet.of(Status.Code.UNAUTHENTICATED, Status.Code.PERMISSION_DENIED,
      Status.Code.INVALID_ARGUMENT, Status.Code.UNIMPLEMENTED);

  private static final String SILENT = "the server has told nothing for too long";

  private static final class Call {
    final long id;
    final String method;
    final ByteString request;
    final Deadline deadline;
    final String traceparent;
    final String cause;
    final String onBehalfOf;
    final Told<Reply> told;
    boolean sent;

    Call(long id, String method, ByteString request, Deadline deadline, Metadata headers, Told<Reply> told) {
      this.id = id;
      this.method = method;
      this.request = request;
      this.deadline = deadline;
      this.traceparent = textIn(headers, Client.TRACEPARENT);
      this.cause = textIn(headers, Client.CAUSE);
      this.onBehalfOf = textIn(headers, Client.ON_BEHALF_OF);
      this.told = told;
    }

    private static String textIn(Metadata headers, Metadata.Key<String> key) {
      String text = headers.get(key);
      return text == null ? "" : text;
    }
  }

  /** A reply that is not parsed yet. */
  private interface Reply extends Supplier<InputStream> {}

  private final Supplier<ManagedChannel> channels;
  private final UnaryOperator<Channel> withKey;
  private final ScheduledExecutorService timer;
  private final long patienceNanos;
  private final long silenceNanos;

  // What follows is guarded by this.
  private long lastId;
  private final Map<Long, Call> pending = new LinkedHashMap<>();  // not told, in the order in which they were made
  private final ArrayDeque<Call> unsent = new ArrayDeque<>();
  private final ArrayDeque<Long> cancels = new ArrayDeque<>();
  private final Map<String, Integer> methods = new HashMap<>();  // the numbers of the stream's methods
  private Stream stream;
  private boolean waiting;  // for the next stream, after one that broke
  private boolean closed;
  private boolean looks;
  private long heard;
  private long waitNanos = Retries.FIRST_NANOS;
  private boolean broken;
  private long brokenSince;

  Session(Supplier<ManagedChannel> channels, UnaryOperator<Channel> withKey, ScheduledExecutorService timer,
      java.time.Duration patience, java.time.Duration silence) {
    this.channels = channels;
    this.withKey = withKey;
    this.timer = timer;
    this.patienceNanos = patience.toNanos();
    this.silenceNanos = silence.toNanos();
  }

  @Override
  public <Q, R> Runnable start(
      MethodDescriptor<Q, R> method, CallOptions options, Metadata headers, Q request, Told<R> told) {
    Told<Reply> parsed = (status, replyHeaders, trailers, reply) ->
        told.tell(status, replyHeaders, trailers, reply == null ? null : method.parseResponse(reply.get()));
    synchronized (this) {
      if (closed) {
        parsed.tell(Status.CANCELLED.withDescription("the client is closed"), new Metadata(), givenUp(new Metadata()), null);
        return () -> {};
      }
      Call call = new Call(++lastId, method.getFullMethodName(), ((Message) request).toByteString(), options.getDeadline(),
          headers, parsed);
      if (pending.isEmpty()) heard = System.nanoTime();
      pending.put(call.id, call);
      unsent.add(call);
      go();
      if (call.deadline != null) call.deadline.runOnExpiration(() -> expire(call), timer);
      look();
      return () -> forget(call);
    }
  }

  /** Waits until all is told; that ends, since a server that tells nothing is given up. */
  synchronized void close() {
    closed = true;
    boolean interrupted = false;
    while (!pending.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      }
    }
    if (stream != null) {
      stream.end();
      timer.schedule(stream::giveUp, GRACE_NANOS, TimeUnit.NANOSECONDS);
    }
    if (interrupted) Thread.currentThread().interrupt();
  }

  private synchronized void forget(Call call) {
    if (pending.remove(call.id) == null) return;
    if (call.sent) cancels.add(call.id);
    go();
    notifyAll();
  }

  private void expire(Call call) {
    synchronized (this) {
      if (!pending.containsKey(call.id)) return;
      forget(call);
    }
    Status late = Status.DEADLINE_EXCEEDED.withDescription("the deadline has passed");
    call.told.tell(late, new Metadata(), new Metadata(), null);
  }

  // With the lock: opens a stream where there is none, and sends what can be sent.
  private void go() {
    if (waiting) return;
    if (stream == null) {
      if (pending.isEmpty()) return;
      methods.clear();
      cancels.clear();
      unsent.clear();
      // All that was not told, in its order: request ids see to it that each takes effect once.
      for (Call call : pending.values()) {
        call.sent = false;
        unsent.add(call);
      }
      heard = System.nanoTime();
      stream = new Stream();
      stream.open();
    }
    while (stream != null && stream.isReady() && (!unsent.isEmpty() || !cancels.isEmpty())) stream.send(filled());
  }

  private RunSessionRequest filled() {
    RunSessionRequest.Builder message = RunSessionRequest.newBuilder();
    int size = 0;
    while (!unsent.isEmpty() && message.getCallsCount() < CALLS_A_MESSAGE) {
      Call call = unsent.peek();
      size += call.request.size();
      // One that is long goes alone: the server takes 4 MiB in a message.
      if (message.getCallsCount() > 0 && size > BYTES_A_MESSAGE) break;
      unsent.remove();
      if (!pending.containsKey(call.id)) continue;
      call.sent = true;
      Integer number = methods.get(call.method);
      if (number == null) {
        number = methods.size();
        methods.put(call.method, number);
        message.addMethods(call.method);
      }
      RunSessionRequest.Call.Builder sent = message.addCallsBuilder().setId(call.id).setMethod(number)
          .setRequest(call.request).setTraceparent(call.traceparent).setCause(call.cause)
          .setOnBehalfOf(call.onBehalfOf);
      if (call.deadline != null) {
        long left = Math.max(0, call.deadline.timeRemaining(TimeUnit.NANOSECONDS));
        sent.setTimeout(
            Duration.newBuilder().setSeconds(left / 1_000_000_000).setNanos((int) (left % 1_000_000_000)));
      }
    }
    while (!cancels.isEmpty() && message.getCancelCount() < CALLS_A_MESSAGE) message.addCancel(cancels.remove());
    return message.build();
  }

  private void tell(Stream from, RunSessionResponse response) {
    List<Call> calls = new ArrayList<>();
    synchronized (this) {
      if (from != stream) return;
      heard = System.nanoTime();
      waitNanos = Retries.FIRST_NANOS;
      broken = false;
      for (Outcome outcome : response.getOutcomesList()) calls.add(pending.remove(outcome.getId()));
    }
    for (int i = 0; i < calls.size(); i++) {
      if (calls.get(i) != null) tell(calls.get(i), response.getOutcomes(i));
    }
    synchronized (this) {
      notifyAll();
    }
  }

  private static void tell(Call call, Outcome outcome) {
    Metadata headers = new Metadata();
    Metadata trailers = new Metadata();
    if (outcome.getStatus().getCode() != 0) {
      trailers.put(KithError.DETAILS, outcome.getStatus().toByteArray());
      Status status = Status.fromCodeValue(outcome.getStatus().getCode()).withDescription(outcome.getStatus().getMessage());
      call.told.tell(status, headers, trailers, null);
      return;
    }
    if (!outcome.getToken().isEmpty()) headers.put(Client.TOKEN, outcome.getToken());
    if (outcome.getRepeated()) headers.put(Client.REPEATED, "true");
    call.told.tell(Status.OK, headers, trailers, () -> outcome.getReply().newInput());
  }

  private void ended(Stream from, Throwable failure) {
    List<Call> lost = new ArrayList<>();
    synchronized (this) {
      if (from != stream) return;
      stream = null;
      if (pending.isEmpty()) return;
      long now = System.nanoTime();
      if (!broken) {
        broken = true;
        brokenSince = now;
      }
      if (LASTING.contains(Status.fromThrowable(failure).getCode()) || now - brokenSince > patienceNanos) {
        lost.addAll(pending.values());
        pending.clear();
        broken = false;
        notifyAll();
      } else {
        waiting = true;
        timer.schedule(this::retry, waitNanos, TimeUnit.NANOSECONDS);
        waitNanos = Math.min(waitNanos * 2, Retries.MAX_NANOS);
      }
    }
    for (Call call : lost) {
      Metadata trailers = new Metadata();
      if (Status.trailersFromThrowable(failure) != null) trailers.merge(Status.trailersFromThrowable(failure));
      call.told.tell(Status.fromThrowable(failure), new Metadata(), givenUp(trailers), null);
    }
  }

  private synchronized void retry() {
    waiting = false;
    go();
  }

  // With the lock: while calls are on their way, a look is taken now and then at whether the stream tells anything.
  private void look() {
    if (looks || pending.isEmpty()) return;
    looks = true;
    timer.schedule(() -> {
      Stream silent = null;
      synchronized (this) {
        looks = false;
        long silence = System.nanoTime() - heard;
        if (stream != null && !pending.isEmpty() && silence > Math.min(QUIET_NANOS, silenceNanos / 2)) {
          if (silence > silenceNanos) silent = stream;
          else if (stream.isReady()) stream.send(RunSessionRequest.getDefaultInstance());
        }
        look();
      }
      if (silent != null) silent.giveUp();
    }, Math.min(QUIET_NANOS, silenceNanos / 4), TimeUnit.NANOSECONDS);
  }

  private static Metadata givenUp(Metadata trailers) {
    trailers.put(GIVEN_UP, "true");
    return trailers;
  }

  /** One stream, with a channel of its own, so that what stands still goes with its connection. */
  private final class Stream implements ClientResponseObserver<RunSessionRequest, RunSessionResponse> {
    private final ManagedChannel channel = channels.get();
    private ClientCallStreamObserver<RunSessionRequest> requests;
    private volatile boolean givenUp;

    void open() {
      SessionsServiceGrpc.newStub(withKey.apply(channel)).runSession(this);
    }

    boolean isReady() {
      return requests.isReady();
    }

    void send(RunSessionRequest message) {
      requests.onNext(message);
    }

    void end() {
      requests.onCompleted();
    }

    void giveUp() {
      givenUp = true;
      requests.cancel(SILENT, null);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<RunSessionRequest> requests) {
      this.requests = requests;
      requests.setOnReadyHandler(() -> {
        synchronized (Session.this) {
          if (stream == this) go();
        }
      });
    }

    @Override
    public void onNext(RunSessionResponse response) {
      tell(this, response);
    }

    @Override
    public void onError(Throwable failure) {
      channel.shutdownNow();
      ended(this, givenUp ? Status.UNAVAILABLE.withDescription(SILENT).asRuntimeException() : failure);
    }

    @Override
    public void onCompleted() {
      channel.shutdownNow();
      ended(this, Status.UNAVAILABLE.withDescription("the server has ended the session").asRuntimeException());
    }
  }
}
