package kith;

import com.google.rpc.RetryInfo;
import io.grpc.Deadline;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Those of one call: until its deadline, and no longer than patience after its first failure. */
final class Retries {
  static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Deadline deadline;  // null for none
  private final long patienceNanos;
  private boolean failed;
  private long giveUpAt;
  private long next = FIRST_NANOS;

  Retries(Deadline deadline, Duration patience) {
    this.deadline = deadline;
    this.patienceNanos = patience.toNanos();
  }

  /** How many nanoseconds to wait; empty where the failure is the call's outcome. */
  OptionalLong waitAfter(KithError error) {
    Optional<RetryInfo> info = error.detail(RetryInfo.class);
    if (info.isEmpty() && error.code() != Status.Code.UNAVAILABLE) return OptionalLong.empty();
    long now = System.nanoTime();
    if (!failed) {
      failed = true;
      giveUpAt = now + patienceNanos;
    }
    long least = info.map(told -> TimeUnit.SECONDS.toNanos(told.getRetryDelay().getSeconds())
        + told.getRetryDelay().getNanos()).orElse(0L);
    // Never sooner than was asked for, and not all at the same moment.
    long wait = least + next / 2 + ThreadLocalRandom.current().nextLong(next / 2);
    next = Math.min(next * 2, MAX_NANOS);
    boolean inTime = deadline == null || deadline.timeRemaining(TimeUnit.NANOSECONDS) > wait;
    return inTime && now + wait - giveUpAt < 0 ? OptionalLong.of(wait) : OptionalLong.empty();
  }
}
