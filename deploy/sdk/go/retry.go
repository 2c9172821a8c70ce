package kith

import (
	"context"
	"errors"
	"math/rand"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	retryFirst = 50 * time.Millisecond
	retryMax   = 2 * time.Second
)

// givenUp is an error that was tried again already, for as long as the client's patience lasts.
type givenUp struct{ error }

func (g givenUp) GRPCStatus() *status.Status { return status.Convert(g.error) }

// retries are those of one call: until its deadline, and no longer than patience after its first failure.
type retries struct {
	patience time.Duration
	giveUpAt time.Time
	next     time.Duration
}

// waitAfter answers how long to wait, or that the failure is the call's outcome.
func (r *retries) waitAfter(ctx context.Context, err error) (time.Duration, bool) {
	var given givenUp
	told := ErrorOf(err)
	var least time.Duration
	again := told.Code == codes.Unavailable
	for _, detail := range told.Details {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			delay := info.GetRetryDelay()
			least = time.Duration(delay.GetSeconds())*time.Second + time.Duration(delay.GetNanos())
			again = true
		}
	}
	if !again || errors.As(err, &given) {
		return 0, false
	}
	now := time.Now()
	if r.giveUpAt.IsZero() {
		r.giveUpAt = now.Add(r.patience)
		r.next = retryFirst
		if deadline, ok := ctx.Deadline(); ok && deadline.Before(r.giveUpAt) {
			r.giveUpAt = deadline
		}
	}
	// Never sooner than was asked for, and not all at the same moment.
	wait := least + r.next/2 + time.Duration(rand.Int63n(int64(r.next/2)))
	if r.next *= 2; r.next > retryMax {
		r.next = retryMax
	}
	return wait, now.Add(wait).Before(r.giveUpAt)
}
