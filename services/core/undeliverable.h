// MarkUndeliverable: what mail servers refuse for good is not written to again. Pure; any thread.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "eventstore/base/normalise.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace kith {

// Marks those addresses whose EmailKey `is_gone` tells; false where all of them were marked before.
// Of messages in the shape of kith.contacts.v1.EmailAddress.
template <class Email>
bool MarkUndeliverable(absl::FunctionRef<bool(const std::string& key)> is_gone,
                       google::protobuf::RepeatedPtrField<Email>& emails) {
  bool is_any = false;
  for (Email& email : emails) {
    const auto key = EmailKey(email.address());
    if (email.undeliverable() || !key.has_value() || !is_gone(*key)) continue;
    email.set_undeliverable(true);
    is_any = true;
  }
  return is_any;
}

}  // namespace kith
