// Creates a contact, finds it, and meets an error.
//
// usage: example ADDRESS KEY
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"kith"
	contactsv1 "kith/contacts/v1"
)

func main() {
	client, err := kith.Dial(os.Args[1], kith.Options{Key: os.Args[2], Session: true})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()
	contacts := contactsv1.NewContactsServiceClient(client)
	ada, err := contacts.CreateContact(ctx, &contactsv1.CreateContactRequest{
		Contact: &contactsv1.Contact{FirstName: "Ada", LastName: "Go"},
	})
	if err != nil {
		log.Fatal(err)
	}
	listed, err := contacts.ListContacts(ctx, &contactsv1.ListContactsRequest{Filter: `display_name = "Ada Go"`})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ada.DisplayName, len(listed.Contacts) > 0)
	_, err = contacts.GetContact(ctx, &contactsv1.GetContactRequest{Name: "contacts/nobody"})
	fmt.Println(kith.ErrorOf(err).Reason)
}
