package kith;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An error as the server tells it. The enums ...Error in the protos say what each reason means and what to do. */
public final class KithError {
  static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Status status;
  private final List<Any> details;
  private final ErrorInfo info;

  private KithError(Status status, List<Any> details) {
    this.status = status;
    this.details = details;
    this.info = detail(ErrorInfo.class).orElse(ErrorInfo.getDefaultInstance());
  }

  /** Of what a stub throws. */
  public static KithError of(Throwable failure) {
    return of(Status.fromThrowable(failure), Status.trailersFromThrowable(failure));
  }

  static KithError of(Status status, Metadata trailers) {
    byte[] packed = trailers == null ? null : trailers.get(DETAILS);
    if (packed == null) return new KithError(status, List.of());
    try {
      return new KithError(status, com.google.rpc.Status.parseFrom(packed).getDetailsList());
    } catch (InvalidProtocolBufferException malformed) {
      return new KithError(status, List.of());
    }
  }

  public Status.Code code() {
    return status.getCode();
  }

  public String message() {
    return status.getDescription() == null ? "" : status.getDescription();
  }

  /** "CONTACT_NOT_FOUND"; empty where the server has told none: of a connection that broke, for one. */
  public String reason() {
    return info.getReason();
  }

  /** "kith.contacts.v1": the package that has the reason. */
  public String domain() {
    return info.getDomain();
  }

  public Map<String, String> metadata() {
    return info.getMetadataMap();
  }

  /** The detail of a type, of which there is one at most. */
  public <M extends Message> Optional<M> detail(Class<M> type) {
    for (Any detail : details) {
      try {
        if (detail.is(type)) return Optional.of(detail.unpack(type));
      } catch (InvalidProtocolBufferException malformed) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }
}
