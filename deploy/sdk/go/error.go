package kith

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is one as the server tells it. The enums …Error in the protos say what each reason means and what to do.
type Error struct {
	Code    codes.Code
	Message string
	// "CONTACT_NOT_FOUND"; empty where the server has told none: of a connection that broke, for one.
	Reason string
	// "kith.contacts.v1": the package that has the reason.
	Domain   string
	Metadata map[string]string
	// Messages of errdetails and of Kith: *errdetails.BadRequest, *errdetails.RetryInfo …
	Details []interface{}
}

// ErrorOf tells what a failed call says of its failure.
func ErrorOf(err error) Error {
	failed := status.Convert(err)
	told := Error{Code: failed.Code(), Message: failed.Message(), Details: failed.Details()}
	for _, detail := range told.Details {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			told.Reason, told.Domain, told.Metadata = info.GetReason(), info.GetDomain(), info.GetMetadata()
		}
	}
	return told
}
