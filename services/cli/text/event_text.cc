#include "services/cli/text/event_text.h"

#include <google/protobuf/field_mask.pb.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/map_field.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/render.h"

namespace kith::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "pipelines/default/stages/qualified" → "qualified": a line has little room, and the rest seldom
// says anything.
std::string Short(const std::string& text) {
  const std::vector<std::string> segments = absl::StrSplit(text, '/');
  constexpr size_t kPartOfSomething = 4;
  return segments.size() == kPartOfSomething && !absl::StrContains(text, ' ') ? segments.back()
                                                                              : text;
}

void Append(const std::string& title, const std::string& cell, std::string* text) {
  if (!cell.empty()) absl::StrAppend(text, text->empty() ? "" : "  ", title, "=", cell);
}

void Append(const Message& message, const FieldDescriptor* field, const Style& style,
            std::string* text) {
  Append(field->name(), Short(CellOf(message, field, style)), text);
}

// The name in a message, where it is another's than the stream's.
std::string OtherName(const Message& message, absl::string_view stream) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName("name");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "";
  const std::string name = message.GetReflection()->GetString(message, field);
  return absl::StartsWith(name, stream) ? "" : name;
}

bool IsResource(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated() &&
         !field->message_type()->options().GetExtension(options::v1::resource).pattern().empty();
}

// The paths of the event's update mask; empty where it has none.
std::vector<std::string> MaskOf(const Message& event) {
  const FieldDescriptor* field = event.GetDescriptor()->FindFieldByName("update_mask");
  if (field == nullptr) return {};
  const auto* mask = google::protobuf::DynamicCastToGenerated<google::protobuf::FieldMask>(
      &event.GetReflection()->GetMessage(event, field));
  return {mask->paths().begin(), mask->paths().end()};
}

// "custom.tier=gold" for each key that is told: of a new record all, else those that changed.
void AppendEntries(const Message& resource, const FieldDescriptor& map,
                   const std::vector<std::string>& mask, const Style& style, std::string* text) {
  for (const auto& [key, value] : EntriesIn(resource, map)) {
    const std::string path = absl::StrCat(map.name(), ".", key);
    const bool is_told =
        mask.empty() || std::any_of(mask.begin(), mask.end(), [&](const std::string& each) {
          return each == map.name() || each == path;
        });
    if (is_told) Append(path, TextAt(resource, {{&map}, key}, style), text);
  }
}

void AppendResource(const Message& resource, const std::vector<std::string>& mask,
                    const Style& style, std::string* text) {
  std::vector<const FieldDescriptor*> fields;
  resource.GetReflection()->ListFields(resource, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "name") continue;
    if (IsTextMap(*field)) {
      AppendEntries(resource, *field, mask, style, text);
      continue;
    }
    const bool shown = mask.empty()
                           ? RulesOf(*field).column() || RulesOf(*field).personal()
                           : std::find(mask.begin(), mask.end(), field->name()) != mask.end();
    if (shown) Append(resource, field, style, text);
  }
}

}  // namespace

std::string EventText(const google::protobuf::Any& payload, absl::string_view stream,
                      const Style& style) {
  const std::string type = payload.type_url().substr(payload.type_url().rfind('/') + 1);
  const Descriptor* descriptor = DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (descriptor == nullptr) return type;
  const std::unique_ptr<Message> event = NewMessage(*descriptor);
  if (!event->ParseFromString(payload.value())) return absl::StrCat(type, " (unreadable)");
  const std::vector<std::string> mask = MaskOf(*event);
  std::string text;
  Append("name", OtherName(*event, stream), &text);
  std::vector<const FieldDescriptor*> fields;
  event->GetReflection()->ListFields(*event, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "name" || field->name() == "subject" || field->name() == "update_mask") {
      continue;
    }
    if (IsResource(field)) {
      const Message& resource = event->GetReflection()->GetMessage(*event, field);
      Append(field->name(), OtherName(resource, stream), &text);
      AppendResource(resource, mask, style, &text);
    } else if (field->type() != FieldDescriptor::TYPE_BYTES) {
      Append(*event, field, style, &text);
    }
  }
  return text;
}

}  // namespace kith::cli
