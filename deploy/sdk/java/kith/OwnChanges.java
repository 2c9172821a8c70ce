package kith;

/**
 * The token that reads see a client's own changes with. Thread-safe.
 *
 * Tokens of changes cannot be compared. Where several were on their way at once, it is not known whose is the last, and
 * there is no token until a change that began after all of them is told: a read without one waits for everything.
 */
final class OwnChanges {
  private String token = "";
  private int told;

  synchronized String token() {
    return token;
  }

  synchronized void setToken(String token) {
    this.token = token;
  }

  synchronized int begin() {
    return told;
  }

  synchronized void tell(int began, String token) {
    this.token = told == began && token != null ? token : "";
    told++;
  }
}
