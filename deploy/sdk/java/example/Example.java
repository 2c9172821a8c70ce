import io.grpc.StatusRuntimeException;
import kith.Client;
import kith.KithError;
import kith.contacts.v1.Contact;
import kith.contacts.v1.ContactsServiceGrpc;
import kith.contacts.v1.CreateContactRequest;
import kith.contacts.v1.GetContactRequest;
import kith.contacts.v1.ListContactsRequest;

/** Creates a contact, finds it, and meets an error. Its arguments are the address and the key. */
final class Example {
  public static void main(String[] arguments) {
    try (Client kith = Client.of(arguments[0], arguments[1]).session().open()) {
      var contacts = ContactsServiceGrpc.newBlockingStub(kith);
      Contact ada = contacts.createContact(CreateContactRequest.newBuilder()
          .setContact(Contact.newBuilder().setFirstName("Ada").setLastName("Java"))
          .build());
      var listed = contacts.listContacts(
          ListContactsRequest.newBuilder().setFilter("display_name = \"Ada Java\"").build());
      System.out.println(ada.getDisplayName() + " " + listed.getContactsList().contains(ada));
      try {
        contacts.getContact(GetContactRequest.newBuilder().setName("contacts/nobody").build());
      } catch (StatusRuntimeException failure) {
        System.out.println(KithError.of(failure).reason());
      }
    }
  }
}
