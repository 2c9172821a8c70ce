#include "services/runtime/requests/item_rules.h"

#include "eventstore/base/check.h"
#include "kith/options/v1/options.pb.h"

namespace kith::runtime {

ItemRules CompileItemRules(const google::protobuf::Descriptor* message) {
  const google::protobuf::FieldDescriptor* const items = message->FindFieldByName("items");
  KITH_CHECK(items != nullptr && items->is_repeated() && items->message_type() != nullptr);
  const uint32_t max = items->options().GetExtension(options::v1::field).max_items();
  KITH_CHECK(max > 0);
  return {&MessageRules::Of(items->message_type()), OccurTimeField(items->message_type()),
          static_cast<int>(max)};
}

}  // namespace kith::runtime
