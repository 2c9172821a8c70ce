#include "eventstore/seal/mac_keys.h"

#include "eventstore/base/bytes.h"

namespace kith::eventstore {

const HmacSha256& MacKeys::Of(WorkspaceId workspace, absl::string_view purpose) {
  MutexLock lock(mutex_);
  ByPurpose& keys = keys_[workspace];
  const auto found = keys.find(purpose);
  if (found != keys.end()) return *found->second;

  std::string label = "kith mac";
  AppendFixed32(workspace.value(), &label);
  label.append(purpose.data(), purpose.size());
  const SecretKey key(root_.Of(label));
  return *keys.emplace(purpose, std::make_unique<const HmacSha256>(key.view())).first->second;
}

}  // namespace kith::eventstore
