package kith;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;

/**
 * A client of Kith: a channel that every generated stub takes. Thread-safe.
 *
 * <pre>{@code
 * try (Client kith = Client.of("127.0.0.1:7447", key).session().open()) {
 *   Contact contact = ContactsServiceGrpc.newBlockingStub(kith).getContact(request);
 * }
 * }</pre>
 *
 * Calls through it carry the key. One that changes something and has no request id is given one; what was not available,
 * or what the server says to try again, is tried again with the same request, so that it takes effect once. With {@link
 * Options#session} unary calls share one stream, which carries more of them for who makes many at once, and with no other
 * code. Of a
 * call that failed {@link KithError#of} tells the reason and the details.
 */
public final class Client extends Channel implements AutoCloseable {
  static final Metadata.Key<String> TOKEN = Metadata.Key.of("kith-token", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> REPEATED = Metadata.Key.of("kith-repeated", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> CAUSE = Metadata.Key.of("kith-cause", Metadata.ASCII_STRING_MARSHALLER);
  static final Metadata.Key<String> ON_BEHALF_OF =
      Metadata.Key.of("kith-on-behalf-of", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** How a client is. */
  public static final class Options {
    private final Supplier<ManagedChannel> channels;
    private final String key;
    private boolean session;
    private boolean ownReads;
    private Duration patience = Duration.ofSeconds(30);
    private Duration silence = Duration.ofSeconds(60);

    private Options(Supplier<ManagedChannel> channels, String key) {
      this.channels = channels;
      this.key = key;
    }

    /** Unary calls share one stream. */
    public Options session() {
      session = true;
      return this;
    }

    /**
     * A read that says nothing of its moment or freshness waits for this client's own changes, and not for all that
     * anybody was told to have changed.
     */
    public Options ownReads() {
      ownReads = true;
      return this;
    }

    /** For how long after its first failure a call is tried again. */
    public Options patience(Duration patience) {
      this.patience = patience;
      return this;
    }

    /**
     * How long a session's connection may tell nothing while calls are on their way before it counts as broken: longer than
     * the longest call takes.
     */
    public Options silence(Duration silence) {
      this.silence = silence;
      return this;
    }

    /** Connects with the first call. */
    public Client open() {
      return new Client(this);
    }
  }

  /** A client of the server at "host:port", without TLS, with an API key. */
  public static Options of(String address, String key) {
    return of(() -> ManagedChannelBuilder.forTarget(address).usePlaintext().build(), key);
  }

  /** One whose channels are made by the caller: one for the client, and one for each stream of a session. */
  public static Options of(Supplier<ManagedChannel> channels, String key) {
    return new Options(channels, key);
  }

  private final ManagedChannel managed;
  private final Channel keyed;
  private final Session session;
  private final ScheduledExecutorService timer;
  final OwnChanges own;
  final Duration patience;

  private Client(Options options) {
    timer = Executors.newSingleThreadScheduledExecutor(task -> {
      Thread thread = new Thread(task, "kith-client");
      thread.setDaemon(true);
      return thread;
    });
    patience = options.patience;
    own = options.ownReads ? new OwnChanges() : null;
    managed = options.channels.get();
    keyed = withKey(managed, options.key);
    session = options.session
        ? new Session(options.channels, channel -> withKey(channel, options.key), timer, patience, options.silence) : null;
  }

  private static Channel withKey(Channel channel, String key) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + key);
    return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /**
   * Of {@link Options#ownReads}: what a client of another process is given by {@link #setToken}, to read what this one has
   * changed. Empty where nothing has changed, or where several changes at once have, and a read waits for everybody's.
   */
  public String token() {
    return own == null ? "" : own.token();
  }

  /** Takes what another client's {@link #token} told. */
  public void setToken(String token) {
    if (own == null) throw new IllegalStateException("a token is for a client with ownReads");
    own.setToken(token);
  }

  @Override
  public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
    if (method.getType() != MethodDescriptor.MethodType.UNARY) return keyed.newCall(method, options);
    return new UnaryCall<>(this, session == null ? new Alone(keyed) : session, timer, method, options);
  }

  @Override
  public String authority() {
    return managed.authority();
  }

  /** Of a session: when every call is told. */
  @Override
  public void close() {
    if (session != null) session.close();
    managed.shutdown();
    timer.shutdown();
  }
}
