import static java.util.stream.Collectors.toSet;

import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import kith.Client;
import kith.KithError;
import kith.contacts.v1.Contact;
import kith.contacts.v1.ContactsServiceGrpc;
import kith.contacts.v1.ContactsServiceGrpc.ContactsServiceBlockingStub;
import kith.contacts.v1.CreateContactRequest;
import kith.contacts.v1.EmailAddress;
import kith.contacts.v1.GetContactRequest;
import kith.contacts.v1.ListContactRevisionsRequest;
import kith.contacts.v1.ListContactsRequest;
import kith.contacts.v1.UpdateContactRequest;
import kith.events.v1.EventsServiceGrpc;
import kith.events.v1.ReadEventsRequest;
import kith.type.v1.Revision;
import kith.users.v1.CreateUserRequest;
import kith.users.v1.ListUsersRequest;
import kith.users.v1.User;
import kith.users.v1.UsersServiceGrpc;

/**
 * Checks of the client in Java: what it promises, unary or over a session. Its arguments are the server's address, the
 * proxy's, the key, "unary" or "session", and the address of a proxy that swallows. Prints what came of each check as JSON, {check: "ok"}, and what was wrong
 * otherwise.
 */
final class JavaClient {
  interface Check {
    void run() throws Exception;
  }

  private static String address;
  private static String proxy;
  private static String key;
  private static String way;
  private static String silence;

  private static void expect(boolean holds, Object what) {
    if (!holds) throw new AssertionError("not so: " + what);
  }

  private static Client.Options to(String where, String way) {
    Client.Options options = Client.of(where, key);
    return way.equals("session") ? options.session() : options;
  }

  private static Client open(String where) {
    return to(where, way).open();
  }

  private static ContactsServiceBlockingStub contacts(Client kith) {
    return ContactsServiceGrpc.newBlockingStub(kith);
  }

  private static CreateContactRequest named(String name) {
    return CreateContactRequest.newBuilder().setContact(Contact.newBuilder().setFirstName(name)).build();
  }

  private static GetContactRequest get(String name) {
    return GetContactRequest.newBuilder().setName(name).build();
  }

  private static List<Contact> listed(Client kith, String name) {
    String filter = "display_name = \"" + name + "\"";
    return contacts(kith).listContacts(ListContactsRequest.newBuilder().setFilter(filter).build()).getContactsList();
  }

  private static void createOnce(Client kith, String name) {
    Contact made = contacts(kith).createContact(named(name));
    List<Contact> found = listed(kith, name);
    expect(found.size() == 1 && found.get(0).getName().equals(made.getName()), name + " is there once");
  }

  private static Metadata.Key<String> header(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static KithError refused(Callable<?> call) throws Exception {
    try {
      call.call();
    } catch (StatusRuntimeException failure) {
      return KithError.of(failure);
    }
    throw new AssertionError("the call was not refused");
  }

  private static void whatIsCreatedIsRead() {
    try (Client kith = open(address)) {
      Contact made = contacts(kith).createContact(named("Jürgen " + way));
      expect(contacts(kith).getContact(get(made.getName())).equals(made), made);
    }
  }

  private static void eachCallIsAnotherRequest() {
    try (Client kith = open(address)) {
      CreateContactRequest request = named("Same " + way);
      String first = contacts(kith).createContact(request).getName();
      expect(!contacts(kith).createContact(request).getName().equals(first), "each has an id of its own");
      request = request.toBuilder().setRequestId("java-" + way).build();
      AtomicReference<Metadata> headers = new AtomicReference<>();
      var channel = ClientInterceptors.intercept(
          kith, MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
      first = contacts(kith).createContact(request).getName();
      expect(ContactsServiceGrpc.newBlockingStub(channel).createContact(request).getName().equals(first),
          "an id of the caller's counts");
      expect("true".equals(headers.get().get(header("kith-repeated"))), "it is told as repeated");
    }
  }

  private static void whatWasNotToldTakesEffectOnce() {
    try (Client kith = open(proxy)) {
      for (String what : List.of("unavailable once", "exhausted once", "exhausted twice")) {
        createOnce(kith, what + " " + way);
      }
    }
  }

  private static void manyThatWereNotToldTakeEffectOnce() throws Exception {
    try (Client kith = open(proxy)) {
      List<com.google.common.util.concurrent.ListenableFuture<Contact>> calls = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        calls.add(ContactsServiceGrpc.newFutureStub(kith).createContact(named("unavailable once " + way + " " + i)));
      }
      for (int i = 0; i < 20; i++) {
        Contact made = calls.get(i).get(60, TimeUnit.SECONDS);
        List<Contact> found = listed(kith, made.getFirstName());
        expect(found.size() == 1 && found.get(0).getName().equals(made.getName()), made.getFirstName());
      }
    }
  }

  private static void anOutcomeIsNotTriedAgain() throws Exception {
    try (Client kith = open(proxy)) {
      Contact made = contacts(kith).createContact(named("Stale " + way));
      UpdateContactRequest update = UpdateContactRequest.newBuilder().setContact(made.toBuilder().setEtag("7")).build();
      KithError error = refused(() -> contacts(kith).updateContact(update));
      expect(error.code() == Status.Code.ABORTED && error.reason().equals("ETAG_MISMATCH"), error.message());
      expect(error.domain().equals("kith.type.v1") && "1".equals(error.metadata().get("actual")), error.metadata());
    }
  }

  private static void anErrorHasItsDetails() throws Exception {
    try (Client kith = open(address)) {
      CreateContactRequest request = CreateContactRequest.newBuilder()
          .setContact(Contact.newBuilder().addEmails(EmailAddress.newBuilder().setAddress("nowhere"))).build();
      KithError error = refused(() -> contacts(kith).createContact(request));
      expect(error.reason().equals("INVALID_FIELD"), error.reason());
      BadRequest bad = error.detail(BadRequest.class).orElseThrow();
      expect(bad.getFieldViolations(0).getField().equals("contact.emails[0].address"), bad);
      expect(error.detail(RetryInfo.class).isEmpty(), "nothing is to be tried again");
    }
  }

  private static void bothWaysComeToTheSame() throws Exception {
    try (Client unary = to(address, "unary").open(); Client session = to(address, "session").open()) {
      Contact made = contacts(session).createContact(named("Both " + way));
      for (Client kith : List.of(unary, session)) {
        expect(contacts(kith).getContact(get(made.getName())).equals(made), made);
        expect(refused(() -> contacts(kith).getContact(get("contacts/nobody"))).reason().equals("CONTACT_NOT_FOUND"), kith);
      }
    }
  }

  private static Revision firstRevision(Client kith, Contact contact) {
    var request = ListContactRevisionsRequest.newBuilder().setName(contact.getName()).build();
    return contacts(kith).listContactRevisions(request).getRevisions(0).getRevision();
  }

  private static void whatCausedAChangeIsRecorded() throws Exception {
    try (Client kith = open(address)) {
      AtomicReference<Metadata> told = new AtomicReference<>();
      var noting = MetadataUtils.newCaptureMetadataInterceptor(told, new AtomicReference<>());
      Contact cause = contacts(kith).withInterceptors(noting).createContact(named("Cause " + way));
      String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
      Metadata headers = new Metadata();
      headers.put(header("kith-cause"), told.get().get(header("kith-token")));
      headers.put(header("traceparent"), "00-" + trace + "-00f067aa0ba902b7-01");
      Contact effect = contacts(kith).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
          .createContact(named("Effect " + way));
      Revision first = firstRevision(kith, cause);
      Revision second = firstRevision(kith, effect);
      expect(first.getSequence() > 0 && second.getCausationSequence() == first.getSequence(), second);
      expect(second.getCorrelationId().equals(trace), second);
      Metadata nobody = new Metadata();
      nobody.put(header("kith-on-behalf-of"), "nobody");
      var forNobody = contacts(kith).withInterceptors(MetadataUtils.newAttachHeadersInterceptor(nobody));
      expect(refused(() -> forNobody.createContact(named("Nobody"))).reason().equals("ON_BEHALF_OF_NOBODY"), "refused");
    }
  }

  private static void ownChangesAreRead() throws Exception {
    try (Client kith = to(address, way).ownReads().open(); Client other = to(address, way).ownReads().open()) {
      for (int i = 0; i < 50; i++) {
        createOnce(kith, "Own " + way + " " + i);
        expect(!kith.token().isEmpty(), "a change leaves a token");
      }
      other.setToken(kith.token());
      expect(listed(other, "Own " + way + " 49").size() == 1, "a token is for other clients, too");
      kith.setToken("of nobody");
      expect(refused(() -> listed(kith, "x")).reason().equals("INVALID_TOKEN"), "the token is sent");
    }
  }

  private static void ofChangesAtOnceNoTokenIsKept() throws Exception {
    try (Client kith = to(address, way).ownReads().open()) {
      List<com.google.common.util.concurrent.ListenableFuture<User>> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        calls.add(UsersServiceGrpc.newFutureStub(kith).createUser(
            CreateUserRequest.newBuilder().setUser(User.newBuilder().setDisplayName("U " + i)).build()));
      }
      Set<String> made = new java.util.HashSet<>();
      for (var call : calls) made.add(call.get(60, TimeUnit.SECONDS).getName());
      Set<String> found = UsersServiceGrpc.newBlockingStub(kith)
          .listUsers(ListUsersRequest.newBuilder().setPageSize(1000).build()).getUsersList().stream()
          .map(User::getName).collect(toSet());
      expect(found.containsAll(made), "all are read");
    }
  }

  private static void aWrongKeyIsRefused() throws Exception {
    Client.Options options = Client.of(address, "kith_wrong");
    try (Client kith = (way.equals("session") ? options.session() : options).open()) {
      expect(refused(() -> listed(kith, "x")).code() == Status.Code.UNAUTHENTICATED, way);
    }
  }

  private static void streamsHaveTheKey() {
    try (Client kith = open(address)) {
      List<Long> sequences = new ArrayList<>();
      EventsServiceGrpc.newBlockingStub(kith).readEvents(ReadEventsRequest.newBuilder().setLimit(3).build())
          .forEachRemaining(read -> read.getEventsList().forEach(event -> sequences.add(event.getSequence())));
      expect(sequences.equals(List.of(1L, 2L, 3L)), sequences);
    }
  }

  private static void patienceEnds() throws Exception {
    int port;
    try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = nobody.getLocalPort();
    }
    try (Client kith = to("127.0.0.1:" + port, way).patience(Duration.ofMillis(300)).open()) {
      expect(refused(() -> listed(kith, "x")).code() == Status.Code.UNAVAILABLE, "it is told in the end");
    }
  }

  private static void aDeadlineHolds() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Client kith = open("127.0.0.1:" + silent.getLocalPort())) {
      KithError error = refused(() -> contacts(kith).withDeadlineAfter(200, TimeUnit.MILLISECONDS)
          .listContacts(ListContactsRequest.getDefaultInstance()));
      expect(error.code() == Status.Code.DEADLINE_EXCEEDED, error.code());
    }
  }

  private static void whoTellsNothingIsToldAgain() throws Exception {
    if (!way.equals("session")) return;
    try (Client kith = to(silence, way).silence(Duration.ofSeconds(1)).open()) {
      // More than a connection takes of which nothing is read.
      Contact.Builder large = Contact.newBuilder().setFirstName("Swallowed").setNotes("n".repeat(15_000));
      List<com.google.common.util.concurrent.ListenableFuture<Contact>> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        calls.add(ContactsServiceGrpc.newFutureStub(kith).createContact(
            CreateContactRequest.newBuilder().setContact(large).build()));
      }
      Set<String> made = new java.util.HashSet<>();
      for (var call : calls) made.add(call.get(60, TimeUnit.SECONDS).getName());
      expect(made.size() == 100, "each is another contact");
    }
  }

  private static void whoTellsNothingIsGivenUp() throws Exception {
    if (!way.equals("session")) return;
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Client kith = to("127.0.0.1:" + silent.getLocalPort(), way)
            .patience(Duration.ofMillis(300)).silence(Duration.ofMillis(200)).open()) {
      KithError error = refused(() -> listed(kith, "x"));
      expect(error.code() == Status.Code.UNAVAILABLE && error.message().contains("told nothing"), error.message());
    }
  }

  public static void main(String[] arguments) {
    address = arguments[0];
    proxy = arguments[1];
    key = arguments[2];
    way = arguments[3];
    silence = arguments[4];
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("what is created is read", JavaClient::whatIsCreatedIsRead);
    checks.put("each call is another request", JavaClient::eachCallIsAnotherRequest);
    checks.put("what was not told takes effect once", JavaClient::whatWasNotToldTakesEffectOnce);
    checks.put("many that were not told take effect once", JavaClient::manyThatWereNotToldTakeEffectOnce);
    checks.put("an outcome is not tried again", JavaClient::anOutcomeIsNotTriedAgain);
    checks.put("an error has its details", JavaClient::anErrorHasItsDetails);
    checks.put("both ways come to the same", JavaClient::bothWaysComeToTheSame);
    checks.put("what caused a change is recorded", JavaClient::whatCausedAChangeIsRecorded);
    checks.put("own changes are read", JavaClient::ownChangesAreRead);
    checks.put("of changes at once no token is kept", JavaClient::ofChangesAtOnceNoTokenIsKept);
    checks.put("a wrong key is refused", JavaClient::aWrongKeyIsRefused);
    checks.put("streams have the key", JavaClient::streamsHaveTheKey);
    checks.put("patience ends", JavaClient::patienceEnds);
    checks.put("a deadline holds", JavaClient::aDeadlineHolds);
    checks.put("who tells nothing is told again", JavaClient::whoTellsNothingIsToldAgain);
    checks.put("who tells nothing is given up", JavaClient::whoTellsNothingIsGivenUp);
    StringBuilder results = new StringBuilder();
    checks.forEach((name, check) -> {
      String result = "ok";
      try {
        check.run();
      } catch (Exception | AssertionError wrong) {
        result = wrong.toString().replaceAll("[\"\\\\\\p{Cntrl}]", "'");
      }
      results.append(results.length() == 0 ? "{" : ", ").append('"' + name + "\": \"" + result + '"');
    });
    System.out.println(results.append("}"));
    System.exit(0);
  }
}
