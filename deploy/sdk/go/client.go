// Package kith is a client of Kith: a connection that every generated client takes.
//
//	client, err := kith.Dial("127.0.0.1:7447", kith.Options{Key: key, Session: true})
//	contact, err := contactsv1.NewContactsServiceClient(client).GetContact(ctx, request)
//
// Calls through it carry the key. One that changes something and has no request id is given one; what was not available,
// or what the server says to try again, is tried again with the same request, so that it takes effect once. With Session
// unary calls share one stream, which carries more of them for who makes many at once, and with no other code. Of a call that failed
// ErrorOf tells the reason.
package kith

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	typev1 "kith/type/v1"
)

// Options of a client.
type Options struct {
	// An API key.
	Key string
	// Unary calls share one stream.
	Session bool
	// A read that says nothing of its moment or freshness waits for this client's own changes, and not for all that
	// anybody was told to have changed.
	OwnReads bool
	// For how long after its first failure a call is tried again: 30 seconds when zero.
	Patience time.Duration
	// How long a session's connection may tell nothing while calls are on their way before it counts as broken: longer than
	// the longest call takes, 60 seconds when zero.
	Silence time.Duration
	// Of the connection; without TLS when there are none.
	Dial []grpc.DialOption
}

// Client is a grpc.ClientConnInterface, safe for use by several goroutines.
type Client struct {
	options Options
	conn    *grpc.ClientConn
	session *session

	mutex       sync.Mutex
	token       string
	changesTold int
}

// Dial makes a client of the server at "host:port", which connects with the first call.
func Dial(address string, options Options) (*Client, error) {
	if options.Patience == 0 {
		options.Patience = 30 * time.Second
	}
	if options.Silence == 0 {
		options.Silence = 60 * time.Second
	}
	dial := options.Dial
	if len(dial) == 0 {
		dial = []grpc.DialOption{grpc.WithInsecure()}
	}
	// A connection that is lost is looked for again soon, and not as rarely as gRPC by itself does.
	backOff := backoff.Config{BaseDelay: retryFirst, Multiplier: 2, Jitter: 0.2, MaxDelay: retryMax}
	dial = append([]grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backOff, MinConnectTimeout: 5 * time.Second}),
	}, dial...)
	open := func() (*grpc.ClientConn, error) { return grpc.Dial(address, dial...) }
	conn, err := open()
	if err != nil {
		return nil, err
	}
	client := &Client{options: options, conn: conn}
	if options.Session {
		client.session = newSession(open, options)
	}
	return client, nil
}

// Close ends a session, when every call is told, and the connection.
func (c *Client) Close() error {
	if c.session != nil {
		c.session.close()
	}
	return c.conn.Close()
}

// Token is, of OwnReads, what a client of another process is given by SetToken, to read what this one has changed. It is
// empty where nothing has changed, or where several changes at once have, and a read waits for everybody's.
//
// Tokens of changes cannot be compared. Where several were on their way at once, it is not known whose is the last, and
// there is none until a change that began after all of them is told.
func (c *Client) Token() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.token
}

// SetToken takes what another client's Token told.
func (c *Client) SetToken(token string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.token = token
}

// Invoke makes a unary call. A session heeds grpc.Header of the options, and of the outgoing metadata traceparent,
// kith-cause and kith-on-behalf-of.
func (c *Client) Invoke(ctx context.Context, method string, args, reply interface{}, options ...grpc.CallOption) error {
	request := args.(proto.Message)
	request, changes := c.prepare(request)
	c.mutex.Lock()
	toldBefore := c.changesTold
	c.mutex.Unlock()
	var header metadata.MD
	retries := retries{patience: c.options.Patience}
	for {
		err := c.invokeOnce(ctx, method, request, reply.(proto.Message), &header, options)
		if err == nil {
			break
		}
		wait, again := retries.waitAfter(ctx, err)
		if !again {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
	for _, option := range options {
		if told, ok := option.(grpc.HeaderCallOption); ok {
			*told.HeaderAddr = header
		}
	}
	if changes {
		c.changed(toldBefore, header)
	}
	return nil
}

// NewStream makes a call that streams, which gets the key and is otherwise gRPC's.
func (c *Client) NewStream(
	ctx context.Context, description *grpc.StreamDesc, method string, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return c.conn.NewStream(withKey(ctx, c.options.Key), description, method, options...)
}

func (c *Client) invokeOnce(
	ctx context.Context, method string, request, reply proto.Message, header *metadata.MD, options []grpc.CallOption,
) error {
	if c.session == nil {
		every := append(append([]grpc.CallOption{}, options...), grpc.Header(header))
		return c.conn.Invoke(withKey(ctx, c.options.Key), method, request, reply, every...)
	}
	outcome, err := c.session.call(ctx, method[1:], request)
	if err != nil {
		return err
	}
	*header = metadata.MD{}
	if outcome.Token != "" {
		header.Set("kith-token", outcome.Token)
	}
	if outcome.Repeated {
		header.Set("kith-repeated", "true")
	}
	return proto.Unmarshal(outcome.Reply, reply)
}

func (c *Client) changed(toldBefore int, header metadata.MD) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.token = ""
	if told := header.Get("kith-token"); len(told) > 0 && toldBefore == c.changesTold {
		c.token = told[0]
	}
	c.changesTold++
}

// prepare answers the request as it is sent each time, and whether it changes something; the caller's stays as it is.
func (c *Client) prepare(request proto.Message) (proto.Message, bool) {
	fields := request.ProtoReflect().Descriptor().Fields()
	if id := fields.ByName("request_id"); id != nil && id.Kind() == protoreflect.StringKind {
		if request.ProtoReflect().Get(id).String() == "" {
			request = proto.Clone(request)
			request.ProtoReflect().Set(id, protoreflect.ValueOfString(newRequestID()))
		}
		return request, true
	}
	read := fields.ByName("read")
	if token := c.Token(); c.options.OwnReads && token != "" && read != nil {
		options, ok := request.ProtoReflect().Get(read).Message().Interface().(*typev1.ReadOptions)
		if ok && options.GetAsOf() == nil && options.GetFreshness() == nil {
			request = proto.Clone(request)
			fresh := &typev1.ReadOptions{Freshness: &typev1.ReadOptions_AtLeast{AtLeast: token}}
			request.ProtoReflect().Set(read, protoreflect.ValueOfMessage(fresh.ProtoReflect()))
		}
	}
	return request, false
}

func withKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
}

// 32 hexadecimal digits that nobody else draws.
func newRequestID() string {
	var bytes [16]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		panic(err) // the system has no randomness
	}
	return hex.EncodeToString(bytes[:])
}
