#include "services/runtime/requests/request_key.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/wire_format_lite.h"

namespace kith::runtime {
namespace {

using google::protobuf::internal::WireFormatLite;

// Appends the serialised message to `out`; every map and field in one order.
void SerializeTo(const google::protobuf::Message& message, std::string* out) {
  google::protobuf::io::StringOutputStream bytes(out);
  google::protobuf::io::CodedOutputStream coded(&bytes);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
}

// Cuts the top-level field `number` out of a serialised message that begins at `begin`. It is a
// string and stands there once at most.
void CutField(int number, size_t begin, std::string* bytes) {
  const auto* const data = reinterpret_cast<const uint8_t*>(bytes->data()) + begin;
  google::protobuf::io::CodedInputStream coded(data, static_cast<int>(bytes->size() - begin));
  while (true) {
    const int start = coded.CurrentPosition();
    const uint32_t tag = coded.ReadTag();
    if (tag == 0 || !WireFormatLite::SkipField(&coded, tag)) return;
    if (WireFormatLite::GetTagFieldNumber(tag) != number) continue;
    const int length = coded.CurrentPosition() - start;
    bytes->erase(begin + static_cast<size_t>(start), static_cast<size_t>(length));
    return;
  }
}

}  // namespace

eventstore::RequestKey MakeRequestKey(const eventstore::KeyStore& keys, WorkspaceId workspace,
                                      absl::string_view method, absl::string_view id,
                                      const google::protobuf::Message& request,
                                      const google::protobuf::FieldDescriptor* request_id) {
  eventstore::RequestKey key{std::string(method), std::string(id), {}};
  if (id.empty()) return key;
  // The method's name holds no zero byte, so that the two cannot run into each other.
  std::string content = absl::StrCat(method, absl::string_view("\0", 1));
  const size_t begin = content.size();
  SerializeTo(request, &content);
  if (request_id != nullptr) CutField(request_id->number(), begin, &content);
  key.digest = keys.Mac(workspace, "request", content);
  return key;
}

}  // namespace kith::runtime
