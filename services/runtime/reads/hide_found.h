// HideFound: what takes out of the reply to a command whom it found a person to be. A service may
// bring what happened and read nothing: it is told that this was taken, and not whether the person
// was known. Names would tell it, too, as those of who is new are of now. Any thread; costs a few
// comparisons of texts for services, and nothing for others.
#pragma once

#include "google/protobuf/message.h"
#include "services/runtime/admission/authorizer.h"

namespace kith::runtime {

// Empties what the caller, where that is a service, may not read of it; whether anything is to be
// hidden from them. Then neither is how much the command appended to be told.
bool HideFound(const Caller& caller, google::protobuf::Message* reply);

}  // namespace kith::runtime
