package kith

import (
	"context"
	"sort"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	sessionsv1 "kith/sessions/v1"
)

const (
	callsAMessage = 500
	bytesAMessage = 1 << 20
	// A stream that has told nothing for so long is asked whether it is there.
	quiet = 5 * time.Second
	// How often a look is taken, at most, at whether it tells anything.
	look = time.Second
	// The server ends a stream that the client has ended. Where it does not, the client does, so much later.
	grace = time.Second
)

type pendingCall struct {
	id          uint64
	method      string
	request     []byte
	deadline    time.Time // zero for none
	traceparent string
	cause       string
	onBehalfOf  string
	sent        bool
	told        chan outcome // has room for one
}

type outcome struct {
	*sessionsv1.RunSessionResponse_Outcome
	err error
}

var errSilent = status.Error(codes.Unavailable, "the server has told nothing for too long")

// session carries unary calls together over one stream: kith.sessions.v1. One goroutine reads, and opens the next stream
// while calls are on their way, one writes, and one watches, since a stream may neither tell anything nor take what is
// written.
type session struct {
	open    func() (*grpc.ClientConn, error)
	options Options
	changed chan struct{} // has room for one: there is something to write, or a reason to end
	ended   sync.WaitGroup

	mutex   sync.Mutex
	lastID  uint64
	pending map[uint64]*pendingCall
	unsent  []*pendingCall
	cancels []uint64
	methods map[string]uint32 // the numbers of the stream's methods
	heard   time.Time
	running bool
	closed  bool
}

// Each stream has a connection of its own, so that what stands still goes with it.
func newSession(open func() (*grpc.ClientConn, error), options Options) *session {
	return &session{open: open, options: options, changed: make(chan struct{}, 1), pending: map[uint64]*pendingCall{}}
}

func (s *session) call(ctx context.Context, method string, request proto.Message) (*sessionsv1.RunSessionResponse_Outcome, error) {
	bytes, err := proto.Marshal(request)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	call := &pendingCall{method: method, request: bytes, told: make(chan outcome, 1)}
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	call.traceparent, call.cause = first(outgoing, "traceparent"), first(outgoing, "kith-cause")
	call.onBehalfOf = first(outgoing, "kith-on-behalf-of")
	call.deadline, _ = ctx.Deadline()
	if err := s.begin(call); err != nil {
		return nil, err
	}
	select {
	case told := <-call.told:
		if told.err != nil {
			return nil, told.err
		}
		if told.Status.GetCode() != 0 {
			return nil, status.ErrorProto(told.Status)
		}
		return told.RunSessionResponse_Outcome, nil
	case <-ctx.Done():
		// Nobody waits for it any more. Whether it takes effect is open, as with every call that is cancelled.
		s.forget(call)
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (s *session) begin(call *pendingCall) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return status.Error(codes.Canceled, "the client is closed")
	}
	if len(s.pending) == 0 {
		s.heard = time.Now()
	}
	s.lastID++
	call.id = s.lastID
	s.pending[call.id] = call
	s.unsent = append(s.unsent, call)
	if !s.running {
		s.running = true
		s.ended.Add(1)
		go s.run()
	}
	s.wake()
	return nil
}

func (s *session) forget(call *pendingCall) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, there := s.pending[call.id]; there && call.sent {
		s.cancels = append(s.cancels, call.id)
	}
	delete(s.pending, call.id)
	s.wake()
}

// close waits until all is told; that ends, since a server that tells nothing is given up.
func (s *session) close() {
	s.mutex.Lock()
	s.closed = true
	s.wake()
	s.mutex.Unlock()
	s.ended.Wait()
}

func (s *session) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// run opens streams, one after the other, as long as a call is on its way.
func (s *session) run() {
	defer s.ended.Done()
	wait := retryFirst
	var brokenSince time.Time
	for {
		s.mutex.Lock()
		if len(s.pending) == 0 {
			s.running = false
			s.mutex.Unlock()
			return
		}
		// All that was not told, in its order: request ids see to it that each takes effect once.
		s.methods = map[string]uint32{}
		s.cancels = nil
		s.unsent = nil
		for _, call := range s.pending {
			call.sent = false
			s.unsent = append(s.unsent, call)
		}
		sort.Slice(s.unsent, func(a, b int) bool { return s.unsent[a].id < s.unsent[b].id })
		s.heard = time.Now()
		s.mutex.Unlock()
		err := s.runStream(func(response *sessionsv1.RunSessionResponse) {
			wait = retryFirst
			brokenSince = time.Time{}
			s.tell(response)
		})
		if brokenSince.IsZero() {
			brokenSince = time.Now()
		}
		if isLasting(err) || time.Since(brokenSince) > s.options.Patience {
			s.giveUp(err)
			continue
		}
		time.Sleep(wait)
		if wait *= 2; wait > retryMax {
			wait = retryMax
		}
	}
}

// runStream answers what a stream ended with.
func (s *session) runStream(told func(*sessionsv1.RunSessionResponse)) error {
	conn, err := s.open()
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(withKey(context.Background(), s.options.Key))
	isSilent := false
	var watcher sync.WaitGroup
	watcher.Add(1)
	go func() {
		defer watcher.Done()
		isSilent = s.watch(ctx, cancel)
	}()
	err = s.readStream(ctx, conn, cancel, told)
	cancel()
	watcher.Wait()
	if isSilent {
		return errSilent
	}
	return err
}

// watch ends a stream that tells nothing, and answers whether it did.
func (s *session) watch(ctx context.Context, giveUp func()) bool {
	ticker := time.NewTicker(least(look, s.options.Silence/4))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		s.mutex.Lock()
		silent := len(s.pending) > 0 && time.Since(s.heard) > s.options.Silence
		s.mutex.Unlock()
		if silent {
			giveUp()
			return true
		}
	}
}

func least(one, other time.Duration) time.Duration {
	if one < other {
		return one
	}
	return other
}

func (s *session) readStream(
	ctx context.Context, conn *grpc.ClientConn, cancel func(), told func(*sessionsv1.RunSessionResponse),
) error {
	var writer sync.WaitGroup
	defer writer.Wait() // so that nothing is taken to be written after it
	defer cancel()
	stream, err := sessionsv1.NewSessionsServiceClient(conn).RunSession(ctx)
	if err != nil {
		return err
	}
	writer.Add(1)
	go func() {
		defer writer.Done()
		s.write(ctx, stream, cancel)
	}()
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		told(response)
	}
}

func (s *session) write(ctx context.Context, stream sessionsv1.SessionsService_RunSessionClient, giveUp func()) {
	askAfter := least(quiet, s.options.Silence/2)
	for asks := false; ; {
		for more := true; more; {
			var message *sessionsv1.RunSessionRequest
			if message, more = s.filled(); message == nil {
				break
			}
			asks = false
			if stream.Send(message) != nil {
				return // the reader is told why
			}
		}
		s.mutex.Lock()
		waits := len(s.pending) > 0
		ends := s.closed && !waits
		silence := time.Since(s.heard)
		s.mutex.Unlock()
		switch {
		case ends:
			_ = stream.CloseSend()
			select {
			case <-ctx.Done():
			case <-time.After(grace):
				giveUp()
			}
			return
		case asks && waits && silence >= askAfter:
			if stream.Send(&sessionsv1.RunSessionRequest{}) != nil {
				return
			}
		}
		select {
		case <-s.changed:
			asks = false
		case <-ctx.Done():
			return
		case <-time.After(askAfter):
			asks = true
		}
	}
}

// filled answers the next message, if there is any, and whether there are more.
func (s *session) filled() (*sessionsv1.RunSessionRequest, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	message := &sessionsv1.RunSessionRequest{}
	size := 0
	for len(s.unsent) > 0 && len(message.Calls) < callsAMessage {
		call := s.unsent[0]
		size += len(call.request)
		// One that is long goes alone: the server takes 4 MiB in a message.
		if len(message.Calls) > 0 && size > bytesAMessage {
			break
		}
		s.unsent = s.unsent[1:]
		if _, there := s.pending[call.id]; !there {
			continue
		}
		call.sent = true
		number, known := s.methods[call.method]
		if !known {
			number = uint32(len(s.methods))
			s.methods[call.method] = number
			message.Methods = append(message.Methods, call.method)
		}
		sent := &sessionsv1.RunSessionRequest_Call{
			Id: call.id, Method: number, Request: call.request, Traceparent: call.traceparent, Cause: call.cause,
			OnBehalfOf: call.onBehalfOf,
		}
		if !call.deadline.IsZero() {
			left := time.Until(call.deadline)
			if left < 0 {
				left = 0
			}
			sent.Timeout = durationpb.New(left)
		}
		message.Calls = append(message.Calls, sent)
	}
	if count := len(s.cancels); count > 0 {
		if count > callsAMessage {
			count = callsAMessage
		}
		message.Cancel = s.cancels[:count]
		s.cancels = s.cancels[count:]
	}
	if len(message.Calls) == 0 && len(message.Cancel) == 0 {
		return nil, false
	}
	return message, len(s.unsent) > 0 || len(s.cancels) > 0
}

func (s *session) tell(response *sessionsv1.RunSessionResponse) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.heard = time.Now()
	for _, told := range response.GetOutcomes() {
		if call, there := s.pending[told.GetId()]; there {
			delete(s.pending, told.GetId())
			call.told <- outcome{RunSessionResponse_Outcome: told}
		}
	}
	if s.closed && len(s.pending) == 0 {
		s.wake()
	}
}

func (s *session) giveUp(err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for id, call := range s.pending {
		delete(s.pending, id)
		call.told <- outcome{err: givenUp{err}}
	}
}

func first(of metadata.MD, name string) string {
	if values := of.Get(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// isLasting tells errors of a stream that another stream would meet again.
func isLasting(err error) bool {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented:
		return true
	}
	return false
}
