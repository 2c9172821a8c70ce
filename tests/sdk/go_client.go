// Checks of the client in Go: what it promises, unary or over a session.
//
// usage: go_client ADDRESS PROXY KEY unary|session SILENCE
//
// Prints what came of each check as JSON, {check: "ok"}, and what was wrong otherwise.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"kith"
	contactsv1 "kith/contacts/v1"
	eventsv1 "kith/events/v1"
	typev1 "kith/type/v1"
	usersv1 "kith/users/v1"
)

var address, proxy, key, way, silence = os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]

// What a check found to be otherwise than it should be.
type otherwise string

func expect(holds bool, what interface{}) {
	if !holds {
		panic(otherwise(fmt.Sprintf("not so: %v", what)))
	}
}

func must(err error) {
	if err != nil {
		panic(otherwise(err.Error()))
	}
}

func open(where string, options kith.Options) (*kith.Client, contactsv1.ContactsServiceClient) {
	if options.Key == "" {
		options.Key = key
	}
	client, err := kith.Dial(where, options)
	must(err)
	return client, contactsv1.NewContactsServiceClient(client)
}

func byWay() kith.Options { return kith.Options{Session: way == "session"} }

func named(name string) *contactsv1.CreateContactRequest {
	return &contactsv1.CreateContactRequest{Contact: &contactsv1.Contact{FirstName: name}}
}

func isThereOnce(contacts contactsv1.ContactsServiceClient, made *contactsv1.Contact, name string) {
	listed, err := contacts.ListContacts(context.Background(),
		&contactsv1.ListContactsRequest{Filter: fmt.Sprintf("display_name = %q", name)})
	must(err)
	expect(len(listed.Contacts) == 1 && listed.Contacts[0].Name == made.Name, name+" is there once")
}

func createOnce(contacts contactsv1.ContactsServiceClient, name string) {
	made, err := contacts.CreateContact(context.Background(), named(name))
	must(err)
	isThereOnce(contacts, made, name)
}

func firstRevision(contacts contactsv1.ContactsServiceClient, of *contactsv1.Contact) *typev1.Revision {
	listed, err := contacts.ListContactRevisions(context.Background(),
		&contactsv1.ListContactRevisionsRequest{Name: of.Name})
	must(err)
	return listed.Revisions[0].Revision
}

var checks = map[string]func(context.Context){
	"what is created is read": func(ctx context.Context) {
		client, contacts := open(address, byWay())
		defer client.Close()
		made, err := contacts.CreateContact(ctx, named("Jürgen "+way))
		must(err)
		got, err := contacts.GetContact(ctx, &contactsv1.GetContactRequest{Name: made.Name})
		must(err)
		expect(proto.Equal(made, got), got)
	},
	"a request is not changed": func(ctx context.Context) {
		client, contacts := open(address, byWay())
		defer client.Close()
		request := named("Same " + way)
		first, err := contacts.CreateContact(ctx, request)
		must(err)
		expect(request.RequestId == "", "the request is as it was")
		second, err := contacts.CreateContact(ctx, request)
		must(err)
		expect(first.Name != second.Name, "each call is another request")
		request.RequestId = "go-" + way
		var header metadata.MD
		first, err = contacts.CreateContact(ctx, request)
		must(err)
		second, err = contacts.CreateContact(ctx, request, grpc.Header(&header))
		must(err)
		expect(first.Name == second.Name && len(header.Get("kith-repeated")) == 1, "an id of the caller's counts")
	},
	"what was not told takes effect once": func(context.Context) {
		client, contacts := open(proxy, byWay())
		defer client.Close()
		for _, what := range []string{"unavailable once", "exhausted once", "exhausted twice"} {
			createOnce(contacts, what+" "+way)
		}
	},
	"many that were not told take effect once": func(context.Context) {
		client, contacts := open(proxy, byWay())
		defer client.Close()
		each(20, func(number int) { createOnce(contacts, fmt.Sprintf("unavailable once %s %d", way, number)) })
	},
	"an outcome is not tried again": func(ctx context.Context) {
		client, contacts := open(proxy, byWay())
		defer client.Close()
		made, err := contacts.CreateContact(ctx, named("Stale "+way))
		must(err)
		made.Etag = "7"
		_, err = contacts.UpdateContact(ctx, &contactsv1.UpdateContactRequest{Contact: made})
		told := kith.ErrorOf(err)
		expect(told.Code == codes.Aborted && told.Reason == "ETAG_MISMATCH" && told.Domain == "kith.type.v1", told)
		expect(told.Metadata["actual"] == "1", told)
	},
	"an error has its details": func(ctx context.Context) {
		client, contacts := open(address, byWay())
		defer client.Close()
		request := named("")
		request.Contact.Emails = []*contactsv1.EmailAddress{{Address: "nowhere"}}
		_, err := contacts.CreateContact(ctx, request)
		var fields []string
		for _, detail := range kith.ErrorOf(err).Details {
			if bad, ok := detail.(*errdetails.BadRequest); ok {
				for _, violation := range bad.FieldViolations {
					fields = append(fields, violation.Field)
				}
			}
		}
		expect(len(fields) == 1 && fields[0] == "contact.emails[0].address", fields)
	},
	"both ways come to the same": func(ctx context.Context) {
		unary, one := open(address, kith.Options{})
		defer unary.Close()
		session, other := open(address, kith.Options{Session: true})
		defer session.Close()
		made, err := one.CreateContact(ctx, named("Both "+way))
		must(err)
		for _, contacts := range []contactsv1.ContactsServiceClient{one, other} {
			got, err := contacts.GetContact(ctx, &contactsv1.GetContactRequest{Name: made.Name})
			must(err)
			expect(proto.Equal(made, got), got)
			_, err = contacts.GetContact(ctx, &contactsv1.GetContactRequest{Name: "contacts/nobody"})
			expect(kith.ErrorOf(err).Reason == "CONTACT_NOT_FOUND", err)
		}
	},
	"what caused a change is recorded": func(ctx context.Context) {
		client, contacts := open(address, byWay())
		defer client.Close()
		var header metadata.MD
		cause, err := contacts.CreateContact(ctx, named("Cause "+way), grpc.Header(&header))
		must(err)
		trace := "4bf92f3577b34da6a3ce929d0e0e4736"
		effect, err := contacts.CreateContact(metadata.AppendToOutgoingContext(ctx, "kith-cause", header.Get("kith-token")[0],
			"traceparent", "00-"+trace+"-00f067aa0ba902b7-01"), named("Effect "+way))
		must(err)
		first, second := firstRevision(contacts, cause), firstRevision(contacts, effect)
		expect(first.Sequence > 0 && second.CausationSequence == first.Sequence, second)
		expect(second.CorrelationId == trace, second)
		_, err = contacts.CreateContact(metadata.AppendToOutgoingContext(ctx, "kith-on-behalf-of", "nobody"), named("Nobody"))
		expect(kith.ErrorOf(err).Reason == "ON_BEHALF_OF_NOBODY", err)
	},
	"own changes are read": func(ctx context.Context) {
		options := byWay()
		options.OwnReads = true
		client, contacts := open(address, options)
		defer client.Close()
		for number := 0; number < 50; number++ {
			createOnce(contacts, fmt.Sprintf("Own %s %d", way, number))
			expect(client.Token() != "", "a change leaves a token")
		}
		client.SetToken("of nobody")
		_, err := contacts.ListContacts(ctx, &contactsv1.ListContactsRequest{})
		expect(kith.ErrorOf(err).Reason == "INVALID_TOKEN", "what is read must be as fresh as the token says")
	},
	"of changes at once all are read": func(ctx context.Context) {
		options := byWay()
		options.OwnReads = true
		client, _ := open(address, options)
		defer client.Close()
		users := usersv1.NewUsersServiceClient(client)
		var made sync.Map
		each(100, func(number int) {
			user, err := users.CreateUser(ctx, &usersv1.CreateUserRequest{User: &usersv1.User{DisplayName: "U"}})
			must(err)
			made.Store(user.Name, true)
		})
		listed, err := users.ListUsers(ctx, &usersv1.ListUsersRequest{PageSize: 1000})
		must(err)
		for _, user := range listed.Users {
			made.Delete(user.Name)
		}
		made.Range(func(name, _ interface{}) bool { panic(otherwise(fmt.Sprint(name, " is not listed"))) })
	},
	"a wrong key is refused": func(ctx context.Context) {
		options := byWay()
		options.Key = "kith_wrong"
		client, contacts := open(address, options)
		defer client.Close()
		_, err := contacts.ListContacts(ctx, &contactsv1.ListContactsRequest{})
		expect(kith.ErrorOf(err).Code == codes.Unauthenticated, err)
	},
	"streams have the key": func(ctx context.Context) {
		client, _ := open(address, byWay())
		defer client.Close()
		stream, err := eventsv1.NewEventsServiceClient(client).ReadEvents(ctx, &eventsv1.ReadEventsRequest{Limit: 3})
		must(err)
		count := 0
		for {
			read, err := stream.Recv()
			if err == io.EOF {
				break
			}
			must(err)
			count += len(read.Events)
		}
		expect(count == 3, count)
	},
	"patience ends": func(ctx context.Context) {
		nobody, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		must(nobody.Close())
		options := byWay()
		options.Patience = 300 * time.Millisecond
		client, contacts := open(nobody.Addr().String(), options)
		defer client.Close()
		_, err = contacts.ListContacts(ctx, &contactsv1.ListContactsRequest{})
		expect(kith.ErrorOf(err).Code == codes.Unavailable, err)
	},
	"who tells nothing is told again": func(ctx context.Context) {
		if way != "session" {
			return
		}
		client, contacts := open(silence, kith.Options{Session: true, Silence: time.Second})
		defer client.Close()
		var made sync.Map
		each(100, func(number int) {
			request := named("Swallowed")
			request.Contact.Notes = strings.Repeat("n", 15000) // more than a connection takes of which nothing is read
			contact, err := contacts.CreateContact(ctx, request)
			must(err)
			_, there := made.LoadOrStore(contact.Name, true)
			expect(!there, "each is another contact")
		})
	},
	"who tells nothing is given up": func(ctx context.Context) {
		if way != "session" {
			return
		}
		silent, err := net.Listen("tcp", "127.0.0.1:0") // which nobody accepts from
		must(err)
		defer silent.Close()
		options := kith.Options{Session: true, Patience: 300 * time.Millisecond, Silence: 200 * time.Millisecond}
		client, contacts := open(silent.Addr().String(), options)
		defer client.Close()
		_, err = contacts.ListContacts(ctx, &contactsv1.ListContactsRequest{})
		told := kith.ErrorOf(err)
		expect(told.Code == codes.Unavailable && strings.Contains(told.Message, "told nothing"), err)
	},
	"a call is given up, and a deadline holds": func(ctx context.Context) {
		silent, err := net.Listen("tcp", "127.0.0.1:0") // which nobody accepts from
		must(err)
		defer silent.Close()
		client, contacts := open(silent.Addr().String(), byWay())
		given, giveUp := context.WithCancel(ctx)
		giveUp()
		_, err = contacts.ListContacts(given, &contactsv1.ListContactsRequest{})
		expect(kith.ErrorOf(err).Code == codes.Canceled, err)
		given, giveUp = context.WithTimeout(ctx, 200*time.Millisecond)
		defer giveUp()
		_, err = contacts.ListContacts(given, &contactsv1.ListContactsRequest{})
		expect(kith.ErrorOf(err).Code == codes.DeadlineExceeded, err)
		must(client.Close()) // though nobody answers
	},
}

// each does it so many times at once, and panics where one of them did.
func each(times int, do func(int)) {
	var all sync.WaitGroup
	failures := make(chan interface{}, times)
	for number := 0; number < times; number++ {
		all.Add(1)
		go func(number int) {
			defer all.Done()
			defer func() {
				if failure := recover(); failure != nil {
					failures <- failure
				}
			}()
			do(number)
		}(number)
	}
	all.Wait()
	close(failures)
	for failure := range failures {
		panic(failure)
	}
}

func outcome(check func(context.Context)) (result string) {
	defer func() {
		if failure := recover(); failure != nil {
			result = fmt.Sprint(failure)
		}
	}()
	check(context.Background())
	return "ok"
}

func main() {
	results := map[string]string{}
	for name, check := range checks {
		results[name] = outcome(check)
	}
	must(json.NewEncoder(os.Stdout).Encode(results))
}
