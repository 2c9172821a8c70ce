// ItemRules: what the messages of a client stream, and the items in them, must be.
#pragma once

#include "google/protobuf/descriptor.h"
#include "services/runtime/requests/occur_time.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {

// Immutable; any thread. The rules of a whole message would hold up every item for the fault of
// one, so a message is checked for the number of its items and for its request id, and each item by
// its own rules.
struct ItemRules {
  const MessageRules* item = nullptr;
  OccurTimeField occur_time;  // of an item
  int items_max = 0;
};

// Of a message with a repeated field `items`. Aborts when it has none.
ItemRules CompileItemRules(const google::protobuf::Descriptor* message);

template <class Request>
const ItemRules& ItemRulesOf() {
  static const ItemRules* const kRules = new ItemRules(CompileItemRules(Request::descriptor()));
  return *kRules;
}

}  // namespace kith::runtime
