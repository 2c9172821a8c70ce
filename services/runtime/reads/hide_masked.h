// HideMasked: what takes out of every reply what its caller's roles do not let them read: personal
// data, or amounts of money. Any thread; costs nothing for who reads both.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "projections/tables/field.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::runtime {

// Empties the fields that the protos declare personal, the google.type.Money, and events, which may
// hold either, of the messages in `reply`; for callers without the field groups.
void HideMasked(const Caller& caller, google::protobuf::Message* reply);

// Whether the caller may filter, order and sum by the field: it would tell what it holds.
bool IsMasked(const Caller& caller, const projections::Field& field);

}  // namespace kith::runtime
